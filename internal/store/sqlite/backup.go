package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/store"
)

// copyPages is how many pages are copied between two looks at the context.
const copyPages = 128

// partialMark is in the names of files that are not ready.
const partialMark = ".partial-"

// removePartial removes copies beside the database that a killed program left half done.
func (s *Store) removePartial() error {
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(s.path)+partialMark) && e.Type().IsRegular() {
			err = errors.Join(err, os.Remove(filepath.Join(filepath.Dir(s.path), e.Name())))
		}
	}
	return err
}

// Stages of a backup.
const (
	StageCopy  = "copy"
	StageCheck = "check"
)

// Backup copies the database as it is at one moment to a new file, while others read and
// write, checks the copy, and gives it its name only then. The copy is one file, without a
// log. It goes page by page, which is several times faster than to write all rows anew as
// VACUUM INTO does, can tell how far it is, and leaves the log to grow for less long.
// progress gets bytes done of a total; it must not block.
func (s *Store) Backup(ctx context.Context, target string, progress func(stage string, done, total int64)) (err error) {
	target, err = filepath.Abs(target)
	if err != nil {
		return fmt.Errorf("find %s: %w", target, err)
	}
	if err := s.refuseTarget(target); err != nil {
		return err
	}
	u, err := s.measure(ctx)
	if err != nil {
		return fmt.Errorf("back up %s: %w", s.path, s.explain(err))
	}
	if err := needSpace(target, u.used+u.free); err != nil {
		return err
	}
	partial := target + partialMark + strings.ToLower(rand.Text()[:8])
	file, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // as the database itself
	if err != nil {
		return fmt.Errorf("make the backup: %w", explainTarget(partial, err))
	}
	defer func() {
		for _, ending := range []string{"", "-journal", "-wal", "-shm"} {
			if e := os.Remove(partial + ending); e != nil && !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}()
	if err := file.Close(); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	if err := s.copyTo(ctx, partial, progress); err != nil {
		return fmt.Errorf("back up %s to %s: %w", s.path, target, s.explain(err))
	}
	progress(StageCheck, 0, u.used+u.free)
	if err := finishCopy(ctx, partial); err != nil {
		return fmt.Errorf("check the backup %s: %w", target, err)
	}
	progress(StageCheck, u.used+u.free, u.used+u.free)
	if err := publish(partial, target); err != nil {
		return fmt.Errorf("name the backup %s: %w", target, err)
	}
	return nil
}

func (s *Store) refuseTarget(target string) error {
	for _, ending := range []string{"", "-wal", "-shm", ".lock"} {
		if target == s.path+ending {
			return fmt.Errorf("%s belongs to the database itself; give the backup another name", target)
		}
	}
	switch info, err := os.Lstat(target); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder; give the name of a file in it", target)
	case err == nil:
		return fmt.Errorf("%s is there already and is not overwritten; give another name, or remove it", target)
	}
	return nil
}

// copyTo copies within one read transaction, so that what is written meanwhile neither
// enters the copy nor makes it begin again.
func (s *Store) copyTo(ctx context.Context, partial string, progress func(stage string, done, total int64)) (err error) {
	c, err := s.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	tx, err := c.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it read, and there is nothing to undo
	var tables, size int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*), (SELECT page_size FROM pragma_page_size) FROM sqlite_master").Scan(&tables, &size); err != nil {
		return err
	}
	return c.Raw(func(raw any) (err error) {
		uri := url.URL{Scheme: "file", OmitHost: true, Path: partial, RawQuery: "mode=rw&_synchronous=OFF"}
		from, ok := raw.(*conn)
		if !ok {
			return errOtherDriver
		}
		b, err := from.NewBackup(uri.String())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.Finish()) }()
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				return err
			}
			if more, err = b.Step(copyPages); err != nil {
				return err
			}
			total := int64(b.PageCount())
			progress(StageCopy, (total-int64(b.Remaining()))*size, total*size)
		}
		return nil
	})
}

// finishCopy makes the copy a single file, looks for faults in it, and makes it last.
func finishCopy(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"rw"}, "_journal_mode": {"DELETE"}}))
	if err != nil {
		return err
	}
	problems, err := readCheck(ctx, db, "PRAGMA integrity_check(3)")
	if err = errors.Join(err, db.Close()); err != nil {
		return explain(path, err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("it is damaged, and so may be the database: %s; see netflow-monitor db check", strings.Join(problems, "; "))
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// publish gives a file its name, but not that of another one.
func publish(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // not every file system can do it
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			return fs.ErrExist
		}
		err = os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// needSpace refuses to begin what would fill the disk of a path.
func needSpace(path string, bytes int64) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &stat); err != nil {
		return nil //nolint:nilerr // the job itself will say what is wrong
	}
	free := int64(stat.Bavail) * stat.Bsize
	if free < bytes {
		return fmt.Errorf("%w: %s needs %d MB and has %d MB free; free some space, or name a file on another disk",
			store.ErrFull, filepath.Dir(path), bytes/1_000_000+1, free/1_000_000)
	}
	return nil
}

func explainTarget(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s; make it, or name another one", filepath.Dir(path))
	}
	if isPermission(err) {
		return fmt.Errorf("%w; give user %d write access to %s, or name a file elsewhere", err, os.Geteuid(), filepath.Dir(path))
	}
	return err
}
