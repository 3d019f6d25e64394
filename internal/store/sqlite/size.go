package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"netflow-monitor/internal/store"
)

// usage is what the database takes on disk, in bytes.
type usage struct {
	used, free int64 // pages of the file with rows in them, and without
	log        int64
}

// measure asks the database rather than the file, whose end may still be in the log.
func (s *Store) measure(ctx context.Context) (u usage, err error) {
	var pages, free, size int64
	err = s.reader.QueryRowContext(ctx, "SELECT * FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&pages, &free, &size)
	if err != nil {
		return u, err
	}
	u.used, u.free = (pages-free)*size, free*size
	u.log, err = fileSize(s.path + "-wal")
	return u, err
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil:
		return info.Size(), nil
	case errors.Is(err, os.ErrNotExist):
		return 0, nil
	}
	return 0, fmt.Errorf("measure the database: %w", err)
}

// evictable is a kind of row that goes, oldest first, when there is no room.
type evictable struct {
	oldest func(context.Context) (int64, error) // 0: none is left
	drop   func(context.Context, int64) (int64, error)
	length int64 // of the time that a row stands for, which begins at its own, in nanoseconds
}

// evictables go in this order.
func (s *Store) evictables() []evictable {
	first := func(query string) func(context.Context) (int64, error) {
		return func(ctx context.Context) (t int64, err error) {
			err = s.reader.QueryRowContext(ctx, query).Scan(&t)
			return t, err
		}
	}
	tier := func(step int64) evictable {
		return evictable{s.oldestStep(step), s.dropHistory(step), step * int64(time.Second)}
	}
	return []evictable{
		{oldest: s.oldestSession, drop: s.dropSessions},
		tier(60), tier(3600),
		{oldest: first("SELECT ifnull(min(last_seen), 0) FROM ip_statistics"), drop: s.dropIPs},
		tier(86400),
		{oldest: first("SELECT ifnull((SELECT time FROM event_logs ORDER BY id LIMIT 1), 0)"), drop: s.dropEvents},
	}
}

// oldestStep is the time of a tier's first row in any of the tables that have it.
func (s *Store) oldestStep(step int64) func(context.Context) (int64, error) {
	return func(ctx context.Context) (oldest int64, err error) {
		for _, table := range historyTables {
			var t int64
			err := s.reader.QueryRowContext(ctx, "SELECT ifnull(min(time), 0) FROM "+table+" WHERE step = ?", step).Scan(&t)
			if err != nil {
				return 0, err
			}
			if t != 0 && (oldest == 0 || t < oldest) {
				oldest = t
			}
		}
		return oldest, nil
	}
}

// pruneBySize deletes the oldest until what is left, with some room for more, is within
// most bytes; but nothing of the newest hour. A log that can't be emptied, because somebody
// reads from it, doesn't count: each deletion makes it longer.
func (s *Store) pruneBySize(ctx context.Context, most int64, newest time.Time, p *store.Pruned) error {
	if most <= 0 {
		return nil
	}
	u, err := s.measure(ctx)
	if err != nil || u.used+u.log <= most {
		return err
	}
	if err := s.truncateLog(ctx); err != nil {
		return err
	}
	if u, err = s.measure(ctx); err != nil || u.used <= most {
		return err
	}
	enough := most / 20 * 19
	floor := newest.Add(-time.Hour).UnixNano()
	for _, e := range s.evictables() {
		for u.used > enough {
			rows, done, err := e.evict(ctx, floor)
			p.Rows, p.Shortened = p.Rows+rows, p.Shortened+rows
			if err != nil {
				return err
			}
			if done {
				break
			}
			if err := s.truncateLog(ctx); err != nil {
				return err
			}
			if u, err = s.measure(ctx); err != nil {
				return err
			}
		}
	}
	p.Over = max(0, u.used-most)
	p.Oldest, err = s.oldestSession(ctx)
	return err
}

// evict drops the oldest fiftieth of the time there is before floor, or more if that
// takes no row. A row that is partly of the time after it stays.
func (e evictable) evict(ctx context.Context, floor int64) (rows int64, done bool, err error) {
	if e.length > 0 {
		floor += 1 - e.length
	}
	oldest, err := e.oldest(ctx)
	if err != nil || oldest == 0 || oldest >= floor {
		return 0, true, err
	}
	stride := max((floor-oldest)/50, int64(time.Minute))
	for before := oldest; rows == 0 && before < floor; {
		before = min(before+stride, floor)
		if rows, err = e.drop(ctx, before); err != nil {
			return rows, true, err
		}
	}
	return rows, rows == 0, nil
}

// truncateLog moves the log into the file, unless somebody reads from it for long.
func (s *Store) truncateLog(ctx context.Context) error {
	patient, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if err := s.exec(patient, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil && patient.Err() == nil {
		return err
	}
	return ctx.Err()
}
