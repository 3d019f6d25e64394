package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// The tiers of rollups in seconds.
const (
	minute = int64(60)
	hour   = 60 * minute
	day    = 24 * hour
)

var rollupSteps = [...]int64{minute, hour, day}

var (
	rollupKeys    = []string{"dimension", "step", "time", "key"}
	rollupColumns = slices.Concat(rollupKeys, []string{"local"}, stats.RankMeasures[:])
	// rollupConflict adds to a row that is there.
	rollupConflict = conflictSQL(rollupColumns, addedColumns(), rollupKeys...)
	nameColumns    = []string{"dimension", "key", "name", "folded", "used"}
)

func addedColumns() map[string]string {
	how := map[string]string{"local": "max"}
	for _, m := range stats.RankMeasures {
		how[m] = "+"
	}
	return how
}

// group is a set of rows that is trimmed together: one dimension's of one step.
type group struct{ dimension, step, time int64 }

type rollup struct {
	group
	key    string
	local  bool
	values [len(stats.RankMeasures)]uint64
}

// rollupName is the display name of a key and the latest day that it was seen on.
type rollupName struct {
	dimension int64
	key, name string
	used      int64
}

// writeRollups adds deltas to minutes, hours and days, and returns the groups that grew.
func (s *Store) writeRollups(ctx context.Context, tx *sql.Tx, deltas []stats.RankDelta) (map[group]bool, error) {
	if len(deltas) == 0 {
		return nil, nil
	}
	ids, err := dimensionIDs(ctx, tx, deltas)
	if err != nil {
		return nil, err
	}
	rows, names := rollUp(deltas, ids)
	err = s.statements.rollups.exec(ctx, tx, len(rows), func(args []any, i int) []any {
		r := &rows[i]
		args = append(args, r.dimension, r.step, r.time, r.key, r.local)
		for _, v := range r.values {
			args = append(args, int64(v))
		}
		return args
	})
	if err != nil {
		return nil, err
	}
	err = s.statements.names.exec(ctx, tx, len(names), func(args []any, i int) []any {
		n := &names[i]
		return append(args, n.dimension, n.key, n.name, strings.ToLower(n.name), n.used)
	})
	if err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	grown := make(map[group]bool)
	for i := range rows {
		grown[rows[i].group] = true
	}
	return grown, nil
}

// dimensionIDs are the numbers of the dimensions, of new ones too.
func dimensionIDs(ctx context.Context, tx *sql.Tx, deltas []stats.RankDelta) (ids map[string]int64, err error) {
	ids = make(map[string]int64)
	for i := range deltas {
		name := deltas[i].Dimension
		if _, known := ids[name]; known {
			continue
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO dimensions (name) VALUES (?)", name); err != nil {
			return nil, err
		}
		var id int64
		if err := tx.QueryRowContext(ctx, "SELECT id FROM dimensions WHERE name = ?", name).Scan(&id); err != nil {
			return nil, err
		}
		ids[name] = id
	}
	return ids, nil
}

// rollUp adds the deltas up for each tier, in the order of the rows on disk.
func rollUp(deltas []stats.RankDelta, ids map[string]int64) ([]rollup, []rollupName) {
	type place struct {
		group
		key string
	}
	at := make(map[place]int, len(rollupSteps)*len(deltas))
	rows := make([]rollup, 0, len(rollupSteps)*len(deltas))
	names := make(map[place]rollupName)
	for i := range deltas {
		d := &deltas[i]
		values := d.Values()
		for _, step := range rollupSteps {
			p := place{group{ids[d.Dimension], step, store.AlignDown(d.Time, step) / int64(time.Second)}, d.Key}
			n, known := at[p]
			if !known {
				n = len(rows)
				at[p] = n
				rows = append(rows, rollup{group: p.group, key: p.key})
			}
			rows[n].local = rows[n].local || d.Local
			for v := range values {
				rows[n].values[v] += *values[v]
			}
			if step == day && d.Name != "" {
				names[place{group{dimension: p.dimension}, d.Key}] = rollupName{p.dimension, d.Key, d.Name, p.time}
			}
		}
	}
	slices.SortFunc(rows, func(a, b rollup) int { return cmp.Or(a.group.compare(b.group), cmp.Compare(a.key, b.key)) })
	sorted := slices.SortedFunc(maps.Values(names), func(a, b rollupName) int {
		return cmp.Or(cmp.Compare(a.dimension, b.dimension), cmp.Compare(a.key, b.key))
	})
	return rows, sorted
}

func (g group) compare(o group) int {
	return cmp.Or(cmp.Compare(g.dimension, o.dimension), cmp.Compare(g.step, o.step), cmp.Compare(g.time, o.time))
}
