// Package sqlite keeps history in one SQLite file, with a driver in pure Go.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
)

// forcedEnd is the end reason of sessions that a killed run left open.
const forcedEnd = int64(flow.EndForced)

// readers is how many questions are answered at once.
const readers = 3

// Store is a SQLite database. One connection writes, a few read; a write-ahead
// log lets both go on at the same time.
type Store struct {
	path    string
	version int
	lock    *os.File
	writer  *sql.DB
	reader  *sql.DB

	// views are columnar.View, for the next question.
	views sync.Pool

	// recovered counts sessions that a killed run left open.
	recovered int64

	// writing serialises Write and the slices of Prune; the prepared statements
	// belong to its owner.
	writing    sync.Mutex
	statements statements

	trim trimming

	opened time.Time

	pruning   sync.Mutex // one pruning at a time; guards the fields below
	age       ageClock
	ipsKept   time.Duration
	ipsPruned time.Duration // since opened

	forecasting sync.Mutex // guards the fields below
	forecast    forecast
}

var _ store.Store = (*Store)(nil)

// Open opens the database, makes or migrates it, and closes the sessions that a
// killed run left open. Errors name the file and the remedy.
func Open(ctx context.Context, cfg Config) (s *Store, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", cfg.Path, err)
	}
	s = &Store{path: path, opened: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if err := s.prepareFile(); err != nil {
		return s, err
	}
	if err := s.connect(); err != nil {
		return s, err
	}
	if s.version, err = migrate(ctx, s.reader, s.writer, path); err != nil {
		return s, err
	}
	if s.statements, err = prepare(ctx, s.writer); err != nil {
		return s, fmt.Errorf("open %s: its tables are not those of this version; move it away, or set database.path to another file: %w",
			path, s.explain(err))
	}
	if err := s.indexSessions(ctx); err != nil {
		return s, fmt.Errorf("open %s: %w", path, s.explain(err))
	}
	if err := s.endInterrupted(ctx); err != nil {
		return s, fmt.Errorf("open %s: %w", path, s.explain(err))
	}
	if s.age.newest, err = s.newestHistory(ctx, s.opened); err != nil {
		return s, fmt.Errorf("open %s: %w", path, s.explain(err))
	}
	return s, nil
}

// prepareFile makes the folder and the file, so that their modes are ours and not
// SQLite's, and takes the lock that keeps a second monitor away.
func (s *Store) prepareFile() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return fmt.Errorf("make the database folder: %w", explain(s.path, err))
	}
	lock, err := openFile(s.path + ".lock")
	if err != nil {
		return fmt.Errorf("lock the database: %w", explain(s.path, err))
	}
	s.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("database %s is in use by another monitor; stop that one, or set database.path to another file", s.path)
		}
		return fmt.Errorf("lock the database %s: %w", s.path, err)
	}
	file, err := openFile(s.path)
	if err != nil {
		return fmt.Errorf("open the database: %w", explain(s.path, err))
	}
	return file.Close()
}

func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640) //nolint:gosec // the group may read what the monitor saw
}

// connect opens the pools; the caches are small because the operating system has one too.
func (s *Store) connect() (err error) {
	s.writer, err = sql.Open("sqlite", dsn(s.path, url.Values{
		"_auto_vacuum":  {"INCREMENTAL"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"NORMAL"},
		"_txlock":       {"immediate"},
		"_pragma":       {"cache_size(-8192)", "journal_size_limit(16777216)"},
	}))
	if err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	s.reader, err = sql.Open("sqlite", dsn(s.path, url.Values{
		"mode":        {"ro"},
		"_query_only": {"true"},
		"_pragma":     {"cache_size(-1024)"},
	}))
	if err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

func dsn(path string, options url.Values) string {
	options.Set("_busy_timeout", "5000")
	options.Set("_foreign_keys", "true")
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	return u.String()
}

// Recovered is how many sessions Open found open, left by a run that was killed,
// and ended.
func (s *Store) Recovered() int64 { return s.recovered }

// Close releases the database; what was written is safe without it.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var errs []error
	errs = append(errs, s.statements.close())
	// The writer goes last: the last connection removes the write-ahead log.
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
