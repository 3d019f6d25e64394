package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"netflow-monitor/internal/store"
)

// sliceRows is how many rows one deletion takes, so that a write never waits long.
const sliceRows = 2000

// slicePages is how many free pages go back to the file system at once; fewer are
// kept for the rows to come.
const slicePages = 256

// keptRuns is how many starts of the program are remembered for repeated batches.
const keptRuns = 16

// Prune deletes what is older than the retention, gives free pages back to the file
// system, and returns how many rows went. Sessions and history age against the newest
// history, so that a replayed capture of last year is not gone at once.
func (s *Store) Prune(ctx context.Context, keep store.Retention) (int64, error) {
	now := time.Now()
	newest, err := s.newestHistory(ctx, now)
	if err != nil {
		return 0, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
	}
	var total int64
	if keep.Sessions > 0 {
		if total, err = s.dropSessions(ctx, newest.Add(-keep.Sessions).UnixNano()); err != nil {
			return total, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
		}
	}
	for _, p := range []struct {
		keep  time.Duration
		now   time.Time
		query string
		count string // the row count that shrinks, if one does
	}{
		{keep.IPs, newest, `DELETE FROM ip_statistics WHERE ip_key IN (
			SELECT ip_key FROM ip_statistics WHERE last_seen < ? LIMIT ?)`, countIPs},
		{keep.Seconds, newest, pruneHistory(1), ""},
		{keep.Minutes, newest, pruneHistory(60), ""},
		{keep.Hours, newest, pruneHistory(3600), ""},
		{keep.Days, newest, pruneHistory(86400), ""},
		{keep.Events, now, `DELETE FROM event_logs WHERE id IN (SELECT id FROM event_logs WHERE time < ? LIMIT ?)`, ""},
	} {
		if p.keep <= 0 {
			continue
		}
		rows, err := s.deleteSlices(ctx, p.query, p.now.Add(-p.keep).UnixNano(), p.count)
		total += rows
		if err != nil {
			return total, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
		}
	}
	rows, err := s.pruneRollups(ctx, keep, newest)
	total += rows
	if err != nil {
		return total, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
	}
	if err := s.tidy(ctx); err != nil {
		return total, fmt.Errorf("prune %s: %w", s.path, s.explain(err))
	}
	return total, nil
}

func pruneHistory(step int64) string {
	return fmt.Sprintf(`DELETE FROM traffic_history WHERE step = %d AND (time, point) IN (
		SELECT time, point FROM traffic_history WHERE step = %d AND time < ? LIMIT ?)`, step, step)
}

// newestHistory is the time of the newest sample, but not later than now.
func (s *Store) newestHistory(ctx context.Context, now time.Time) (time.Time, error) {
	var newest int64
	err := s.reader.QueryRowContext(ctx, "SELECT ifnull(max(time), 0) FROM traffic_history WHERE step = 60").Scan(&newest)
	if newest == 0 {
		return now, err
	}
	return time.Unix(0, min(newest+int64(time.Minute), now.UnixNano())), err
}

func (s *Store) deleteSlices(ctx context.Context, query string, before int64, count string) (total int64, err error) {
	for {
		rows, err := s.deleteSlice(ctx, query, before, count)
		total += rows
		if err != nil || rows < sliceRows {
			return total, err
		}
	}
}

func (s *Store) deleteSlice(ctx context.Context, query string, before int64, count string) (rows int64, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer rollback(tx, &err)
	result, err := tx.ExecContext(ctx, query, before, sliceRows)
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
	return rows, tx.Commit()
}

// tidy forgets old runs and shrinks the file, a slice at a time.
func (s *Store) tidy(ctx context.Context) error {
	err := s.exec(ctx, `DELETE FROM written_batches WHERE run NOT IN (
		SELECT run FROM written_batches ORDER BY time DESC LIMIT ?)`, keptRuns)
	if err != nil {
		return err
	}
	for {
		var free int64
		if err := s.reader.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil || free < slicePages {
			return err
		}
		if err := s.exec(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", slicePages)); err != nil {
			return err
		}
	}
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.writer.ExecContext(ctx, query, args...)
	return err
}

// Info describes the database; it reads only the counts.
func (s *Store) Info(ctx context.Context) (store.Info, error) {
	info := store.Info{Name: "sqlite", Path: s.path, SchemaVersion: s.version}
	err := s.reader.QueryRowContext(ctx, "SELECT ("+countSQL(countEnded)+") + ("+countSQL(countLiving)+"), ("+countSQL(countIPs)+")").
		Scan(&info.Sessions, &info.IPs)
	if err != nil {
		return store.Info{}, fmt.Errorf("count rows: %w", s.explain(err))
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		file, err := os.Stat(s.path + suffix)
		switch {
		case err == nil:
			info.Bytes += file.Size()
		case !errors.Is(err, os.ErrNotExist):
			return store.Info{}, fmt.Errorf("measure the database: %w", err)
		}
	}
	return info, nil
}
