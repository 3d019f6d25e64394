package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"netflow-monitor/internal/store"
)

// explain turns what SQLite or the file system says into the errors of package
// store and adds the remedy. It returns nil for nil.
func (s *Store) explain(err error) error {
	if isDamage(err) {
		s.suspect()
	}
	return explain(s.path, err)
}

func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	code := -1
	if e, ok := errors.AsType[*driver.Error](err); ok {
		code = e.Code()
	}
	switch primary := code & 0xff; {
	case primary == lib.SQLITE_FULL || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT),
		code > 0 && primary == lib.SQLITE_IOERR && noSpace(path):
		return fmt.Errorf("%w: %s (%w); free some space, or set database.path to another disk", store.ErrFull, path, err)
	case code > 0 && primary == lib.SQLITE_READONLY, code > 0 && primary == lib.SQLITE_PERM, isPermission(err):
		return notWritable(path, err)
	case code > 0 && primary == lib.SQLITE_CANTOPEN:
		return notWritable(path, err)
	case primary == lib.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a SQLite database (%w); move it away, or set database.path to another file", path, err)
	case primary == lib.SQLITE_CORRUPT:
		return fmt.Errorf("database %s is damaged (%w); stop the monitor and rescue what is left with: sqlite3 %s .recover | sqlite3 rescued.db",
			path, err, path)
	case primary == lib.SQLITE_BUSY:
		return fmt.Errorf("database %s is locked by another program (%w); close it there", path, err)
	}
	return err
}

func notWritable(path string, err error) error {
	return fmt.Errorf("%w: %s (%w); give user %d write access to %s and what is in it, or set database.path",
		store.ErrReadOnly, path, err, os.Geteuid(), filepath.Dir(path))
}

func isPermission(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// noSpace asks the file system, because SQLite reports a full disk as a plain
// input/output error where it happens outside of a write.
func noSpace(path string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil {
		return false
	}
	return fs.Bavail == 0
}
