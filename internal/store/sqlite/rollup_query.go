package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// measureSums is the SELECT list of all measures.
var measureSums = "sum(r." + strings.Join(stats.RankMeasures[:], "), sum(r.") + ")"

// Ranks sums a dimension's roll-ups: days for whole days in UTC, hours and minutes at the
// edges. The largest keys are found first, by one measure; then the rest is read of those.
func (s *Store) Ranks(ctx context.Context, q store.RankQuery) (ranks []stats.Rank, err error) {
	measure, err := rankMeasure(q.OrderBy)
	if err != nil {
		return nil, err
	}
	ranks = []stats.Rank{}
	err = s.readRollups(ctx, q.Dimension, func(tx *sql.Tx, x *extent) error {
		parts := x.parts(ceilSeconds(q.From), ceilSeconds(q.To))
		if len(parts) == 0 {
			return nil
		}
		keys := q.Keys
		if keys == nil && q.Limit > 0 {
			if keys, err = largestKeys(ctx, tx, x.dimension, parts, measure, q.Limit); err != nil {
				return err
			}
		}
		ranks, err = sumKeys(ctx, tx, x.dimension, parts, keys, " ORDER BY sum("+measure+") DESC, r.key"+page(q.Limit, 0))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rank by %s: %w", q.Dimension, s.explain(err))
	}
	return ranks, nil
}

// rankMeasure is what a ranking is ordered by, as SQL; all rates are 0.
func rankMeasure(name string) (string, error) {
	column := stats.RankColumns[0]
	if name != "" {
		var ok bool
		if column, ok = stats.FindColumn(stats.RankColumns, name); !ok {
			return "", fmt.Errorf("%w: %q", store.ErrOrder, name)
		}
	}
	if !column.Stored {
		return "0", nil
	}
	return column.Name, nil
}

// readRollups reads a dimension in one transaction; it is not called for one without rows.
func (s *Store) readRollups(ctx context.Context, dimension string, read func(*sql.Tx, *extent) error) (err error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() {
		if e := tx.Rollback(); err == nil {
			err = e
		}
	}()
	x, ok, err := readExtent(ctx, tx, dimension)
	if err != nil || !ok {
		return err
	}
	return read(tx, &x)
}

// largestKeys finds the first limit keys by a measure, ties by key. SQLite would sort all
// rows to group them; it is twice as fast to let it pack each step's into one text.
func largestKeys(ctx context.Context, tx *sql.Tx, dimension int64, parts []part, measure string, limit int) (keys []string, err error) {
	rows, err := tx.QueryContext(ctx, "WITH RECURSIVE "+partsSQL(parts)+", "+timesSQL+` SELECT (
		SELECT group_concat(`+measure+` || ' ' || octet_length(key) || ' ' || key, '') FROM rollups r
		WHERE r.dimension = ? AND r.step = times.step AND r.time = times.time) FROM times`, dimension)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	sums := keySums{at: make(map[string]int)}
	for rows.Next() {
		var packed sql.RawBytes
		if err := rows.Scan(&packed); err != nil {
			return nil, err
		}
		if err := sums.addPacked(packed); err != nil {
			return nil, err
		}
	}
	return sums.largest(limit), rows.Err()
}

// sumKeys sums all measures of some keys, or of all if keys is nil.
func sumKeys(ctx context.Context, tx *sql.Tx, dimension int64, parts []part, keys []string, end string) (ranks []stats.Rank, err error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	from := `part CROSS JOIN rollups r
		ON r.dimension = ?1 AND r.step = part.step AND r.time >= part.first AND r.time < part.last`
	args := []any{dimension}
	if keys != nil {
		from = `times CROSS JOIN json_each(?2) k CROSS JOIN rollups r
			ON r.dimension = ?1 AND r.step = times.step AND r.time = times.time AND r.key = k.value`
		args = append(args, string(list))
	}
	rows, err := tx.QueryContext(ctx, "WITH RECURSIVE "+partsSQL(parts)+", "+timesSQL+`
		SELECT r.key, ifnull((SELECT name FROM rollup_names n WHERE n.dimension = ?1 AND n.key = r.key), ''), `+measureSums+`
		FROM `+from+" GROUP BY r.key"+end, args...)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	ranks = []stats.Rank{}
	for rows.Next() {
		var r stats.Rank
		if err := rows.Scan(append([]any{&r.Key, &r.Name}, pointers(r.Values())...)...); err != nil {
			return nil, err
		}
		ranks = append(ranks, r)
	}
	return ranks, rows.Err()
}

func pointers(values stats.RankValues) []any {
	list := make([]any, len(values))
	for i := range values {
		list[i] = values[i]
	}
	return list
}

// RankHistory returns a series for each key, from the longest tier that divides the step.
func (s *Store) RankHistory(ctx context.Context, q store.RankHistoryQuery) ([][]stats.RankPoint, error) {
	history, err := store.NewRankSeries(q)
	if err != nil || len(q.Keys) == 0 {
		return history, err
	}
	place := make(map[string]int, len(q.Keys))
	for i, key := range q.Keys {
		place[key] = i
	}
	length, points := q.Step*int64(time.Second), history[0]
	from, to := points[0].Time, points[len(points)-1].Time+length
	err = s.readRollups(ctx, q.Dimension, func(tx *sql.Tx, x *extent) error {
		step := tierFor(q.Step)
		p := part{step, max(from/int64(time.Second), alignDown(x.earliest(), step)), min(to/int64(time.Second), x.latest())}
		return eachRollup(ctx, tx, x.dimension, p, q.Keys, func(key string, point stats.RankPoint) {
			sum := &history[place[key]][(point.Time-from)/length]
			to, values := sum.Values(), point.Values()
			for i := range to {
				*to[i] += *values[i]
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", q.Dimension, s.explain(err))
	}
	for i, key := range q.Keys { // a key that was asked for twice is answered twice
		history[i] = history[place[key]]
	}
	return history, nil
}

// eachRollup visits the rows of some keys within a part.
func eachRollup(ctx context.Context, tx *sql.Tx, dimension int64, p part, keys []string, use func(string, stats.RankPoint)) (err error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, "WITH RECURSIVE "+partsSQL([]part{p})+", "+timesSQL+`
		SELECT r.key, r.time, r.`+strings.Join(stats.RankMeasures[:], ", r.")+`
		FROM times CROSS JOIN (SELECT DISTINCT value FROM json_each(?2)) k CROSS JOIN rollups r
		ON r.dimension = ?1 AND r.step = times.step AND r.time = times.time AND r.key = k.value`, dimension, string(list))
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var key string
		var point stats.RankPoint
		if err := rows.Scan(append([]any{&key, &point.Time}, pointers(point.Values())...)...); err != nil {
			return err
		}
		point.Time *= int64(time.Second)
		use(key, point)
	}
	return rows.Err()
}

// FindNames returns keys whose display name contains the text: those that begin with it
// first, then the shortest.
func (s *Store) FindNames(ctx context.Context, dimension, text string, limit int) (keys []string, err error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT key FROM rollup_names
		WHERE dimension = (SELECT id FROM dimensions WHERE name = ?) AND instr(folded, ?2)
		ORDER BY instr(folded, ?2) > 1, length(name), key`+page(limit, 0), dimension, strings.ToLower(text))
	if err != nil {
		return nil, fmt.Errorf("find names: %w", s.explain(err))
	}
	defer closeRows(rows, &err)
	keys = []string{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("find names: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
