package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"netflow-monitor/internal/store"
)

// ErrOldSchema is returned by what needs the newest schema.
var ErrOldSchema = errors.New("database is of an older version of netflow-monitor")

// Attach opens a database for the commands that look after it, also while a monitor runs
// on it: it makes, migrates and ends nothing. It refuses to Write; AddPoint must not be used.
func Attach(ctx context.Context, cfg Config) (s *Store, err error) {
	if s, err = newStore(cfg); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	s.attached = true
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("there is no database %s; name the configuration of the monitor with -c, or set database.path", s.path)
	}
	version, err := lookAt(ctx, s.path)
	if err != nil {
		return s, err
	}
	if version == 0 {
		return s, fmt.Errorf("%s has no history in it yet", s.path)
	}
	s.version.Store(int64(version))
	if version != newestVersion() {
		return s, nil
	}
	if s.age.newest, err = s.newestHistory(ctx, s.opened); err != nil {
		return s, fmt.Errorf("open %s: %w", s.path, s.explain(err))
	}
	return s, nil
}

// NeedCurrent is an error unless the schema is the newest, which a monitor makes it.
func (s *Store) NeedCurrent() error {
	if have, want := int(s.version.Load()), newestVersion(); have != want {
		return fmt.Errorf("%w: %s has schema %d, this program works on %d; start the monitor once, it brings the database up to date",
			ErrOldSchema, s.path, have, want)
	}
	return nil
}

// yield lets the monitor write between two slices of a command's work: SQLite's lock has no
// queue, and who waits for it looks ten times a second.
func (s *Store) yield(ctx context.Context, slice time.Duration) {
	if !s.attached {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(max(slice, 10*time.Millisecond)):
	}
}

// Cleanup deletes all that is older than an age, of every kind.
func (s *Store) Cleanup(ctx context.Context, age time.Duration) (store.Pruned, error) {
	if age < time.Hour {
		return store.Pruned{}, fmt.Errorf("clean up: %v is too short; keep at least an hour", age)
	}
	return s.Prune(ctx, store.Retention{}.Within(age))
}

// Vacuum gives all free pages back to the file system, a slice at a time, and returns how
// many bytes these are. It works beside others.
func (s *Store) Vacuum(ctx context.Context) (int64, error) {
	before, err := s.measure(ctx)
	if err == nil {
		err = s.shrink(ctx, 0)
	}
	if err == nil {
		err = s.truncateLog(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("vacuum %s: %w", s.path, s.explain(err))
	}
	after, err := s.measure(ctx)
	return max(0, before.free-after.free), err
}

// Rebuild writes the file anew, so that it is as small as can be, and returns how many
// bytes smaller it is. No monitor may run.
func (s *Store) Rebuild(ctx context.Context) (int64, error) {
	if s.lock == nil {
		if err := s.takeLock(); err != nil {
			return 0, err
		}
	}
	before, err := s.measure(ctx)
	if err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", s.path, s.explain(err))
	}
	// The new file is made beside the old one and then goes through the log.
	if err := needSpace(s.path, 2*before.used); err != nil {
		return 0, err
	}
	if err := s.exec(ctx, "VACUUM"); err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", s.path, s.explain(err))
	}
	if err := s.truncateLog(ctx); err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", s.path, s.explain(err))
	}
	after, err := s.measure(ctx)
	return before.used + before.free - after.used - after.free, err
}
