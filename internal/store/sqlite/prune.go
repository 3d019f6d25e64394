package sqlite

import (
	"context"
	"fmt"
	"time"

	"netflow-monitor/internal/store"
)

// sliceRows is how many rows one deletion takes, so that a write never waits long.
const sliceRows = 2000

// slicePages is how many free pages go back to the file system at once; fewer are
// kept for the rows to come.
const slicePages = 256

// pageSize is SQLite's own choice for a new file.
const pageSize = 4096

// keptRuns is how many starts of the program are remembered for repeated batches.
const keptRuns = 16

// ipsEvery is how often IPs are looked through for old ones: there is no index for it.
const ipsEvery = time.Hour

// historySteps are the tiers of traffic_history in seconds, and how long each is kept.
var historySteps = []struct {
	step int64
	keep func(*store.Retention) time.Duration
}{
	{1, func(r *store.Retention) time.Duration { return r.Seconds }},
	{60, func(r *store.Retention) time.Duration { return r.Minutes }},
	{3600, func(r *store.Retention) time.Duration { return r.Hours }},
	{86400, func(r *store.Retention) time.Duration { return r.Days }},
}

// historyTables have a step and a time; an index or the key begins with these two.
var historyTables = []string{"traffic_history"}

// Prune deletes what is older than the retention, the oldest of the rest while that is too
// large, and gives free pages back to the file system. One pruning runs at a time; between
// its slices others write.
func (s *Store) Prune(ctx context.Context, keep store.Retention) (store.Pruned, error) {
	p, err := s.prune(ctx, keep, time.Now(), time.Since(s.opened))
	if p.Rows > 0 {
		s.forgetForecast()
	}
	if err != nil {
		return p, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
	}
	return p, nil
}

// prune is Prune at a time of the wall clock, and after some time that the clock can't change.
func (s *Store) prune(ctx context.Context, keep store.Retention, now time.Time, up time.Duration) (p store.Pruned, err error) {
	s.pruning.Lock()
	defer s.pruning.Unlock()
	s.ips.forget()
	newest, err := s.newestHistory(ctx, now)
	if err != nil {
		return p, err
	}
	ahead := s.age.ahead(newest, up)
	newest, now = newest.Add(-ahead), now.Add(-ahead)
	if err := s.pruneByAge(ctx, keep, newest, now, up, &p); err != nil {
		return p, err
	}
	if err := s.pruneBySize(ctx, keep.MaxBytes, newest, &p); err != nil {
		return p, err
	}
	if err := s.tidy(ctx, keep.MaxBytes); err != nil || p.Shortened == 0 {
		return p, err
	}
	return p, s.truncateLog(ctx)
}

// ageClock guards against a clock that jumps ahead: all that is stored would be old at
// once, and gone.
type ageClock struct {
	newest   time.Time     // what rows age against
	at       time.Duration // when that was so
	jumped   bool
	jumpedAt time.Duration
}

// ahead is by how much newest is to be put back: a jump is believed once it has lasted for
// a day. A clock that goes back makes nothing old, and is expected to be put right.
func (c *ageClock) ahead(newest time.Time, up time.Duration) time.Duration {
	const slack, trial = time.Hour, 24 * time.Hour
	ahead := newest.Sub(c.newest.Add(up - c.at))
	switch {
	case c.newest.IsZero(), ahead.Abs() <= slack, ahead > 0 && c.jumped && up-c.jumpedAt >= trial:
		*c = ageClock{newest: newest, at: up}
	case ahead < 0:
		c.jumped = false
	case c.jumped:
		return ahead
	default:
		c.jumped, c.jumpedAt = true, up
		return ahead
	}
	return 0
}

// newestHistory is the time of the newest sample, but not later than now. Sessions and
// history age against it, so that a replayed capture of last year is not gone at once.
func (s *Store) newestHistory(ctx context.Context, now time.Time) (time.Time, error) {
	newest, err := s.lastHistory(ctx)
	if newest.IsZero() || newest.After(now) {
		return now, err
	}
	return newest, err
}

// lastHistory is the end of the newest minute of history; zero if there is none.
func (s *Store) lastHistory(ctx context.Context) (end time.Time, err error) {
	var newest int64
	err = s.reader.QueryRowContext(ctx, "SELECT ifnull(max(time), 0) FROM traffic_history WHERE step = 60").Scan(&newest)
	if newest != 0 {
		end = time.Unix(0, newest).Add(time.Minute)
	}
	return end, err
}

func (s *Store) pruneByAge(ctx context.Context, keep store.Retention, newest, now time.Time, up time.Duration, p *store.Pruned) error {
	drop := func(keep time.Duration, now time.Time, drop func(context.Context, int64) (int64, error)) error {
		if keep <= 0 {
			return nil
		}
		rows, err := drop(ctx, now.Add(-keep).UnixNano())
		p.Rows += rows
		return err
	}
	if err := drop(keep.Sessions, newest, s.dropSessions); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	for _, h := range historySteps {
		if err := drop(h.keep(&keep), newest, s.dropHistory(h.step)); err != nil {
			return fmt.Errorf("history in steps of %d s: %w", h.step, err)
		}
	}
	if err := drop(keep.Days, newest, s.dropNames); err != nil {
		return fmt.Errorf("names: %w", err)
	}
	if err := drop(keep.Events, now, s.dropEvents); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	if keep.IPs == s.ipsKept && up-s.ipsPruned < ipsEvery {
		return nil
	}
	if err := drop(keep.IPs, newest, s.dropIPs); err != nil {
		return fmt.Errorf("IPs: %w", err)
	}
	s.ipsKept, s.ipsPruned = keep.IPs, up
	return nil
}

// dropHistory deletes a tier's rows of before a time, those of roll-ups too.
func (s *Store) dropHistory(step int64) func(context.Context, int64) (int64, error) {
	return func(ctx context.Context, before int64) (total int64, err error) {
		for _, table := range historyTables {
			rows, err := s.dropSteps(ctx, table, step, before)
			total += rows
			if err != nil {
				return total, fmt.Errorf("%s: %w", table, err)
			}
		}
		rows, err := s.dropRollups(ctx, step, before)
		return total + rows, err
	}
}

// dropSteps deletes whole steps, as many at once as have about sliceRows rows.
func (s *Store) dropSteps(ctx context.Context, table string, step, before int64) (total int64, err error) {
	for {
		var until int64
		err := s.reader.QueryRowContext(ctx, "SELECT ifnull((SELECT time FROM "+table+
			" WHERE step = ? AND time < ? ORDER BY time LIMIT 1 OFFSET ?), ?)", step, before, sliceRows, before-1).Scan(&until)
		if err != nil {
			return total, err
		}
		rows, err := s.deleteSlice(ctx, "", "DELETE FROM "+table+" WHERE step = ? AND time <= ?", step, until)
		total += rows
		if err != nil || until == before-1 {
			return total, err
		}
	}
}

// dropEvents looks at the oldest only, as their numbers rise with time.
func (s *Store) dropEvents(ctx context.Context, before int64) (int64, error) {
	return s.deleteSlices(ctx, "", `DELETE FROM event_logs WHERE id IN (
		SELECT id FROM (SELECT id, time FROM event_logs ORDER BY id LIMIT ?2) WHERE time < ?1)`, before, sliceRows)
}

// dropIPs looks through all IPs, a part of them at a time.
func (s *Store) dropIPs(ctx context.Context, before int64) (total int64, err error) {
	const part = 10 * sliceRows
	for from := []byte{}; ; {
		var to []byte
		err := s.reader.QueryRowContext(ctx, "SELECT ifnull((SELECT ip_key FROM ip_statistics WHERE ip_key >= ? ORDER BY ip_key LIMIT 1 OFFSET ?), x'ff')",
			from, part).Scan(&to)
		if err != nil {
			return total, err
		}
		rows, err := s.deleteSlice(ctx, countIPs, "DELETE FROM ip_statistics WHERE ip_key >= ? AND ip_key < ? AND last_seen < ?", from, to, before)
		if total += rows; rows > 0 {
			s.ips.drop()
		}
		if err != nil || to[0] == 0xff {
			return total, err
		}
		from = to
	}
}

// deleteSlices repeats a deletion that takes at most sliceRows rows until it takes fewer.
func (s *Store) deleteSlices(ctx context.Context, count, query string, args ...any) (total int64, err error) {
	for {
		rows, err := s.deleteSlice(ctx, count, query, args...)
		total += rows
		if err != nil || rows < sliceRows {
			return total, err
		}
	}
}

// deleteSlice runs one deletion; count is the row count that shrinks, if one does.
func (s *Store) deleteSlice(ctx context.Context, count, query string, args ...any) (rows int64, err error) {
	begin := time.Now()
	defer func() { s.yield(ctx, time.Since(begin)) }()
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer rollback(tx, &err)
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	if rows, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	if count != "" {
		if err := addCounts(ctx, tx, map[string]int64{count: -rows}); err != nil {
			return 0, err
		}
	}
	if count == countIPs && s.attached && rows > 0 {
		if err := tellElsewhere(ctx, tx); err != nil {
			return 0, err
		}
	}
	return rows, tx.Commit()
}

// tidy forgets old runs and shrinks the file, a slice at a time.
func (s *Store) tidy(ctx context.Context, most int64) error {
	err := s.exec(ctx, `DELETE FROM written_batches WHERE run NOT IN (
		SELECT run FROM written_batches ORDER BY time DESC LIMIT ?)`, keptRuns)
	if err != nil {
		return err
	}
	spare := int64(slicePages)
	if most > 0 {
		spare = min(spare, most/pageSize/64)
	}
	return s.shrink(ctx, spare)
}

// shrink gives all but some free pages back, a slice at a time.
func (s *Store) shrink(ctx context.Context, spare int64) error {
	for last := int64(-1); ; {
		var free int64
		if err := s.reader.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free < max(spare, 1) || free == last {
			return err
		}
		last = free
		begin := time.Now()
		if err := s.exec(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", slicePages)); err != nil {
			return err
		}
		s.yield(ctx, time.Since(begin))
	}
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.writer.ExecContext(ctx, query, args...)
	return err
}
