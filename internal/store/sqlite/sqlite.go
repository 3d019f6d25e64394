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
	"sync/atomic"
	"syscall"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// readers is how many questions are answered at once.
const readers = 3

// Store is a SQLite database. One connection writes, a few read; a write-ahead
// log lets both go on at the same time.
type Store struct {
	path    string
	version atomic.Int64
	lock    *os.File
	writer  *sql.DB
	reader  *sql.DB

	ips ipIndex
	// indexedFrom is from how many IPs on the index orders them.
	indexedFrom atomic.Int64

	// views are columnar.View, for the next question.
	views sync.Pool

	// recovered counts sessions that a killed run left open.
	recovered int64

	generation generation
	// damaged is one more than the generation that was found to be so.
	damaged   atomic.Uint64
	suspected atomic.Int64 // when, in nanoseconds
	aside     atomic.Pointer[string]
	// misindexed is true from when a question found a block damaged until the next write.
	misindexed atomic.Bool

	// closing ends with the store, and what runs in the background ends with it.
	closing    context.Context //nolint:containedctx // it is the store's own life
	close      context.CancelFunc
	background sync.WaitGroup

	// writing serialises Write and the slices of Prune; the prepared statements
	// and the file belong to its owner.
	writing    sync.Mutex
	statements statements
	file       file

	telling sync.Mutex // guards tell and untold
	tell    func(store.Event)
	untold  []store.Event

	trim trimming

	opened time.Time
	// attached is true where another process may be the one that writes.
	attached bool

	pruning   sync.Mutex // one pruning at a time; guards the fields below
	age       ageClock
	ipsKept   time.Duration
	ipsPruned time.Duration // since opened

	outdated    atomic.Bool // the forecast is
	forecasting sync.Mutex  // guards the field below
	forecast    forecast
}

var _ store.Store = (*Store)(nil)

// Open opens the database, makes or migrates it, and closes the sessions that a
// killed run left open. One of ours that is damaged is set aside, and a new one begun; see
// OnEvent. Errors name the file and the remedy.
func Open(ctx context.Context, cfg Config) (s *Store, err error) {
	if s, err = newStore(cfg); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if err := s.takeLock(); err != nil {
		return s, err
	}
	if err := s.makeFile(); err != nil {
		return s, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.recovered, err = s.load(ctx); isDamage(err) && isOurs(s.path) {
		err = s.setAside(ctx, err)
	}
	if err != nil {
		return s, err
	}
	if s.age.newest, err = s.newestHistory(ctx, s.opened); err != nil {
		return s, fmt.Errorf("open %s: %w", s.path, s.explain(err))
	}
	if err := s.removePartial(); err != nil {
		return s, fmt.Errorf("remove an unfinished copy of %s: %w", s.path, explain(s.path, err))
	}
	s.background.Go(s.warm)
	return s, nil
}

// warm makes the index of IPs before the first question does, if there is to be one.
func (s *Store) warm() {
	if s.hasManyIPs(s.closing) {
		_, _, _ = s.IPs(s.closing, stats.IPQuery{Limit: 1}) // whoever asks next is told why it fails
	}
}

// newStore makes the pools; they open nothing yet.
func newStore(cfg Config) (s *Store, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", cfg.Path, err)
	}
	s = &Store{path: path, opened: time.Now()}
	s.indexedFrom.Store(indexedIPs)
	s.closing, s.close = context.WithCancel(context.Background())
	err = s.connect()
	return s, err
}

// load brings the schema up to date and ends what a killed run left open; it returns how
// many sessions that were. It is done anew for each file that takes the place of another.
func (s *Store) load(ctx context.Context) (interrupted int64, err error) {
	version, err := migrate(ctx, s.writer, s.path)
	if err != nil {
		return 0, err
	}
	s.version.Store(int64(version))
	s.forgetForecast()
	if s.statements == (statements{}) {
		if s.statements, err = prepare(ctx, s.writer); err != nil {
			err = errors.Join(err, s.statements.close())
			s.statements = statements{}
			return 0, fmt.Errorf("open %s: its tables are not those of this version; move it away, or set database.path to another file: %w",
				s.path, s.explain(err))
		}
	}
	if err := s.indexSessions(ctx); err != nil {
		return 0, fmt.Errorf("open %s: %w", s.path, s.explain(err))
	}
	if interrupted, err = s.endInterrupted(ctx); err != nil {
		return 0, fmt.Errorf("open %s: %w", s.path, s.explain(err))
	}
	for id, name := range s.file.points {
		if _, err := s.writer.ExecContext(ctx, addPointSQL, id, name); err != nil {
			return 0, fmt.Errorf("open %s: %w", s.path, s.explain(err))
		}
	}
	s.file.main, err = os.Stat(s.path)
	s.file.ready = err == nil
	return interrupted, err
}

// takeLock keeps a second monitor away; it takes it again if its file is gone.
func (s *Store) takeLock() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return fmt.Errorf("make the database folder: %w", explain(s.path, err))
	}
	lock, err := openFile(s.path + ".lock")
	if err != nil {
		return fmt.Errorf("lock the database: %w", explain(s.path, err))
	}
	if s.lock != nil {
		if isSameFile(lock, s.lock) {
			return lock.Close()
		}
		_ = s.lock.Close() // of a file that nobody can open any more
	}
	s.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("database %s is in use by another monitor; stop that one, or set database.path to another file", s.path)
		}
		return fmt.Errorf("lock the database %s: %w", s.path, err)
	}
	return nil
}

func isSameFile(a, b *os.File) bool {
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// makeFile makes the file if it is not there, so that its mode is ours and not SQLite's.
// It must not be open already: closing it here would end SQLite's locks on it.
func (s *Store) makeFile() error {
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
	s.writer, err = openPool(s.path, url.Values{
		"mode":          {"rw"}, // makeFile makes it
		"_auto_vacuum":  {"INCREMENTAL"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"NORMAL"},
		"_txlock":       {"immediate"},
		"_pragma":       {"cache_size(-8192)", "journal_size_limit(16777216)"},
	}, &s.generation, false)
	if err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	s.reader, err = openPool(s.path, url.Values{
		"mode":        {"ro"},
		"_query_only": {"true"},
		"_pragma":     {"cache_size(-1024)"},
	}, &s.generation, true)
	if err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

// Recovered is how many sessions Open found open, left by a run that was killed,
// and ended.
func (s *Store) Recovered() int64 { return s.recovered }

// Close releases the database; what was written is safe without it.
func (s *Store) Close() error {
	s.close()
	s.background.Wait()
	s.ips.close()
	s.writing.Lock()
	defer s.writing.Unlock()
	var errs []error
	errs = append(errs, s.statements.close())
	if s.attached {
		// If no monitor runs, reading has made a log that only a writing connection removes.
		_, _ = s.writer.ExecContext(context.Background(), "PRAGMA user_version")
	}
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
