package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/columnar"
)

// Kinds of the events that this package tells.
const (
	KindSetAside = "store_set_aside"
	KindReplaced = "store_replaced"
)

// suspicionEvery is how often a database that a reader found damaged is checked at most.
const suspicionEvery = 10 * time.Minute

// file is what is known of the file that is open. Its fields belong to the owner of
// Store.writing.
type file struct {
	// ready is false from when a file was given up until another one can be written to.
	ready     bool
	main, log os.FileInfo // nil: not known
	points    map[flow.Point]string
}

// OnEvent makes the store tell of what befalls its file, also of what it found at Open.
func (s *Store) OnEvent(tell func(store.Event)) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.tell = tell
	for _, e := range s.untold {
		tell(e)
	}
	s.untold = nil
}

func (s *Store) event(e store.Event) {
	s.telling.Lock()
	defer s.telling.Unlock()
	if s.tell == nil {
		s.untold = append(s.untold, e)
		return
	}
	s.tell(e)
}

// onFile does something to the file, and again if it was damaged: then on a new one. The
// caller owns s.writing.
func (s *Store) onFile(ctx context.Context, do func() error) error {
	err := s.ensureFile(ctx)
	if err == nil && s.misindexed.Swap(false) {
		err = columnar.ErrDamaged
	} else if err == nil {
		err = do()
	}
	if isDamage(err) {
		if err = s.setAside(ctx, err); err == nil {
			err = do()
		}
	}
	if errors.Is(err, columnar.ErrDamaged) {
		// The rows have it all.
		// It takes longer than a write may.
		if err = s.transact(context.WithoutCancel(ctx), func(tx *sql.Tx) error { return rebuildBlocks(context.WithoutCancel(ctx), tx) }); err == nil {
			err = do()
		}
	}
	if err != nil && wantsReconnect(err) {
		s.generation.number.Add(1)
	}
	return err
}

// ensureFile makes sure that the open file is the one at the path, and good.
func (s *Store) ensureFile(ctx context.Context) error {
	switch {
	case s.damaged.Load() == s.generation.number.Load()+1:
		return s.setAside(ctx, errors.New("a check found it damaged"))
	case !s.file.ready:
		return s.restart(ctx)
	}
	main, err := os.Stat(s.path)
	if err == nil && (s.file.main == nil || os.SameFile(main, s.file.main)) {
		s.file.main = main
		if log, err := os.Stat(s.path + "-wal"); err == nil {
			s.file.log = log
		}
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return s.replaced(ctx, err != nil)
}

// replaced goes on with another file, where somebody took the open one away.
func (s *Store) replaced(ctx context.Context, deleted bool) error {
	what := "was replaced"
	if deleted {
		what = "was deleted"
	}
	s.event(store.Event{
		Level: store.LevelWarning, Kind: KindReplaced,
		Message: "The database file " + s.path + " " + what + " while the monitor ran. History goes on in the file that is there now; " +
			"stop the monitor before you move its database.",
		Params: map[string]string{"path": s.path},
	})
	s.file.ready = false
	// What is in the log belongs to the old file, which may be somewhere else now.
	var blocked, logged, moved int
	err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&blocked, &logged, &moved)
	complete := err == nil && blocked == 0 && logged == moved
	s.generation.gate.Lock()
	defer s.generation.gate.Unlock()
	s.generation.number.Add(1)
	// The log would be taken for the new file's.
	if log, err := os.Stat(s.path + "-wal"); err == nil && s.file.log != nil && os.SameFile(log, s.file.log) {
		if err := s.leaveLog(complete); err != nil {
			return err
		}
	}
	return s.begin(ctx)
}

// leaveLog takes the log of a file that is gone out of the way, or keeps it if it has what
// is not in that file.
func (s *Store) leaveLog(complete bool) error {
	if complete {
		return errors.Join(os.Remove(s.path+"-wal"), os.Remove(s.path+"-shm"))
	}
	to := s.freeName(".left")
	return errors.Join(moveFile(s.path+"-wal", to+"-wal"), moveFile(s.path+"-shm", to+"-shm"))
}

// setAside moves a damaged database away, with its log, and begins a new one.
func (s *Store) setAside(ctx context.Context, cause error) error {
	s.file.ready = false
	s.generation.gate.Lock()
	defer s.generation.gate.Unlock()
	s.generation.number.Add(1)
	to := s.freeName(".corrupt")
	var err error
	for _, ending := range []string{"-wal", "-shm", ""} {
		err = errors.Join(err, moveFile(s.path+ending, to+ending))
	}
	if err != nil {
		return fmt.Errorf("set the damaged database aside: %w", err)
	}
	s.aside.Store(&to)
	if e, ok := errors.AsType[*driver.Error](cause); ok {
		cause = e // without what was being done
	}
	s.event(store.Event{
		Level: store.LevelError, Kind: KindSetAside,
		Message: fmt.Sprintf("The database was damaged (%v). It is kept as %s, and history begins anew; rescue what is left in it with: "+
			"sqlite3 %s .recover | sqlite3 rescued.db", cause, to, to),
		Params: map[string]string{"path": to, "error": cause.Error()},
	})
	return s.begin(ctx)
}

// restart is begin, while nobody begins to read.
func (s *Store) restart(ctx context.Context) error {
	s.generation.gate.Lock()
	defer s.generation.gate.Unlock()
	return s.begin(ctx)
}

// begin opens what is at the path, or makes it.
func (s *Store) begin(ctx context.Context) error {
	if _, err := os.Stat(s.path); errors.Is(err, os.ErrNotExist) {
		if err := errors.Join(s.takeLock(), s.makeFile()); err != nil {
			return err
		}
	}
	_, err := s.load(ctx)
	return err
}

// freeName is a name beside the database, with the time in it, that nothing has.
func (s *Store) freeName(what string) string {
	base := s.path + what + "-" + time.Now().UTC().Format("20060102-150405")
	for name, n := base, 2; ; name, n = fmt.Sprintf("%s-%d", base, n), n+1 {
		taken := false
		for _, ending := range []string{"", "-wal", "-shm"} {
			_, err := os.Lstat(name + ending)
			taken = taken || !errors.Is(err, os.ErrNotExist)
		}
		if !taken {
			return name
		}
	}
}

func moveFile(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// isDamage reports what SQLite says of a file that is no sound database.
func isDamage(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && (e.Code()&0xff == lib.SQLITE_CORRUPT || e.Code()&0xff == lib.SQLITE_NOTADB)
}

// wantsReconnect reports errors that a connection may keep although their cause has gone.
func wantsReconnect(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_IOERR, lib.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// isOurs looks for our mark in the header of a file that SQLite can't read, so that no
// other program's is moved.
func isOurs(path string) bool {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	const at = 68 // of the application ID, see the file format
	header := make([]byte, at+4)
	if n, _ := f.Read(header); n < len(header) {
		return false
	}
	return bytes.Equal(header[at:], binary.BigEndian.AppendUint32(nil, applicationID))
}

// suspect has the database checked after a reader found damage in it; whether it is of
// this file or of one before, only a check can tell. The next write acts on it.
func (s *Store) suspect() {
	now := time.Now().UnixNano()
	last := s.suspected.Load()
	if last != 0 && now-last < int64(suspicionEvery) || !s.suspected.CompareAndSwap(last, now) {
		return
	}
	s.background.Go(func() {
		number := s.generation.number.Load()
		problems, err := s.quickCheck(s.closing)
		if isDamage(err) || err == nil && len(problems) > 0 {
			s.damaged.Store(number + 1)
		}
	})
}

// quickCheck lists what is wrong with the structure of the file, at most one thing.
func (s *Store) quickCheck(ctx context.Context) ([]string, error) {
	return readCheck(ctx, s.reader, "PRAGMA quick_check(1)")
}
