package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"netflow-monitor/internal/stats"
)

// keptKeys is how many keys of a group stay when it is over, for each of rollupSteps. While
// it goes on there may be twice as many. Of days few enough stay that three full rankings of
// a month take a tenth of a second.
var keptKeys = [...]int64{200, 1000, 2000}

// trimSlice is how many keys go in one transaction.
const trimSlice = 500

// trimming knows which groups may have too many rows.
type trimming struct {
	mu     sync.Mutex // guards all fields
	groups map[group]bool
	// clock is the latest minute of the last batch; looked is true once the groups that an
	// earlier run left were looked for.
	clock  int64
	looked bool
}

func (t *trimming) add(groups map[group]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.groups == nil {
		t.groups = make(map[group]bool)
	}
	for g := range groups {
		t.groups[g] = true
	}
}

// written adds the groups of a batch. Its latest minute is the clock, also where an earlier
// batch had a later one: a clock may have been put right.
func (t *trimming) written(groups map[group]bool) {
	t.add(groups)
	if latest := latestMinute(groups); latest != 0 {
		t.mu.Lock()
		t.clock = latest
		t.mu.Unlock()
	}
}

// latestMinute is 0 if there is none.
func latestMinute(groups map[group]bool) (latest int64) {
	for g := range groups {
		if g.step == minute {
			latest = max(latest, g.time)
		}
	}
	return latest
}

// Trim moves the smallest keys of each group that is over into its row "other", so that
// no more than keptKeys are left; addresses at home stay longest. It returns how many went.
func (s *Store) Trim(ctx context.Context) (int64, error) {
	total, err := s.trimGroups(ctx)
	if err != nil {
		return total, fmt.Errorf("trim roll-ups in %s: %w", s.path, s.explain(err))
	}
	return total, nil
}

func (s *Store) trimGroups(ctx context.Context) (total int64, err error) {
	t := &s.trim
	t.mu.Lock()
	looked := t.looked
	t.mu.Unlock()
	if !looked {
		left, err := s.latestGroups(ctx)
		if err != nil {
			return 0, err
		}
		t.add(left)
	}
	t.mu.Lock()
	t.looked = true
	if t.clock == 0 {
		t.clock = latestMinute(t.groups)
	}
	clock, groups := t.clock, slices.SortedFunc(maps.Keys(t.groups), group.compare)
	t.mu.Unlock()
	for _, g := range groups {
		over := clock < g.time || clock >= g.time+g.step
		if over {
			// Forgotten first: a late delta makes it known again.
			t.mu.Lock()
			delete(t.groups, g)
			t.mu.Unlock()
		}
		n, err := s.trimGroup(ctx, g, over)
		total += n
		if err != nil {
			if over {
				t.add(map[group]bool{g: true})
			}
			return total, err
		}
	}
	return total, nil
}

// latestGroups are those that an earlier run may have left as they were.
func (s *Store) latestGroups(ctx context.Context) (groups map[group]bool, err error) {
	const latest = 120 // a run that trims each minute leaves far fewer
	rows, err := s.reader.QueryContext(ctx, `SELECT DISTINCT r.dimension, r.step, r.time
		FROM dimensions d CROSS JOIN json_each(?) s CROSS JOIN rollups r ON r.dimension = d.id AND r.step = s.value AND r.time >
		(SELECT max(time) FROM rollups m WHERE m.dimension = d.id AND m.step = s.value) - s.value * min(?, 86400 / s.value + 1)`,
		fmt.Sprintf("[%d,%d,%d]", minute, hour, day), latest)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	groups = make(map[group]bool)
	for rows.Next() {
		var g group
		if err := rows.Scan(&g.dimension, &g.step, &g.time); err != nil {
			return nil, err
		}
		groups[g] = true
	}
	return groups, rows.Err()
}

func (s *Store) trimGroup(ctx context.Context, g group, over bool) (total int64, err error) {
	keep := keptKeys[slices.Index(rollupSteps[:], g.step)]
	most := keep
	if !over {
		most = 2 * keep
	}
	keys, err := s.keysBeyond(ctx, g, keep, most)
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(keys, trimSlice) {
		if err := s.moveToOther(ctx, g, part); err != nil {
			return total, err
		}
		total += int64(len(part))
	}
	return total, nil
}

// keysBeyond are all but the first keep keys of a group, if it has more than most.
func (s *Store) keysBeyond(ctx context.Context, g group, keep, most int64) (keys []string, err error) {
	const where = " FROM rollups WHERE dimension = ? AND step = ? AND time = ? AND key <> '" + stats.RankOther + "'"
	var n int64
	if err := s.reader.QueryRowContext(ctx, "SELECT count(*)"+where, g.dimension, g.step, g.time).Scan(&n); err != nil || n <= most {
		return nil, err
	}
	rows, err := s.reader.QueryContext(ctx, "SELECT key"+where+" ORDER BY local DESC, total_bytes DESC, key LIMIT -1 OFFSET ?",
		g.dimension, g.step, g.time, keep)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// moveToOther adds the keys' rows to that of the rest, in one transaction.
func (s *Store) moveToOther(ctx context.Context, g group, keys []string) (err error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	const where = " WHERE dimension = ?1 AND step = ?2 AND time = ?3 AND key IN (SELECT value FROM json_each(?4))"
	measures := stats.RankMeasures[:]
	insert := "INSERT INTO rollups (" + strings.Join(rollupColumns, ", ") + ") SELECT ?1, ?2, ?3, '" + stats.RankOther + "', 0, sum(" +
		strings.Join(measures, "), sum(") + ") FROM rollups" + where + " HAVING count(*) > 0 " + rollupConflict
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer rollback(tx, &err)
	for _, query := range []string{insert, "DELETE FROM rollups" + where} {
		if _, err := tx.ExecContext(ctx, query, g.dimension, g.step, g.time, string(list)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// dropRollups deletes a tier's rows of before a time, in nanoseconds since the Unix epoch.
// Minutes go by whole hours and hours by whole days, so that a question knows from when on
// a tier is complete.
func (s *Store) dropRollups(ctx context.Context, step, before int64) (int64, error) {
	i := slices.Index(rollupSteps[:], step)
	if i < 0 {
		return 0, nil
	}
	whole := rollupSteps[min(i+1, len(rollupSteps)-1)]
	return s.deleteSlices(ctx, "", `DELETE FROM rollups WHERE (dimension, step, time, key) IN (
		SELECT r.dimension, r.step, r.time, r.key FROM dimensions d CROSS JOIN rollups r
		ON r.dimension = d.id AND r.step = ?1 AND r.time < ?2 LIMIT ?3)`, step, alignDown(before/int64(time.Second), whole), sliceRows)
}

// dropNames deletes the names that no roll-up has used since a time.
func (s *Store) dropNames(ctx context.Context, before int64) (int64, error) {
	return s.deleteSlices(ctx, "", `DELETE FROM rollup_names WHERE (dimension, key) IN (
		SELECT dimension, key FROM rollup_names WHERE used < ? LIMIT ?)`, alignDown(before/int64(time.Second), day), sliceRows)
}
