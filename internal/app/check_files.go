package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/privilege"
)

func (d *deps) checkDatabase(context.Context) (verdict, string) {
	path := d.cfg.Database.Path
	const remedy = "or set database.path to another file"
	// SQLite writes the log and its index, the program the lock.
	if v, detail := d.checkWritable(remedy, path, "", "-wal", "-shm", ".lock"); v != passed {
		return v, detail
	}
	info, err := os.Stat(path)
	if err != nil {
		return passed, path + " will be made"
	}
	return passed, fmt.Sprintf("%s is writable, %.1f MB", path, float64(info.Size())/1e6)
}

func (d *deps) checkLogFile(context.Context) (verdict, string) {
	path := d.cfg.Logging.File
	if path == "" {
		return passed, "standard error alone"
	}
	if v, detail := d.checkWritable("or set logging.file to another path or to \"\"", path, ""); v != passed {
		return v, detail
	}
	return passed, path + " can be written"
}

// checkWritable makes and removes a file beside path, and opens what is there of path
// with each of the endings.
func (d *deps) checkWritable(remedy, path string, endings ...string) (verdict, string) {
	refuse := func(err error) (verdict, string) {
		return failed, fmt.Sprintf("%v, for user %s; %s, %s", err, d.who.user, d.who.remedy(path), remedy)
	}
	path = d.who.absolute(path)
	folder := filepath.Dir(path)
	if err, isMissing := d.missing[folder]; isMissing {
		// It would be made by root, but the user must get there as well.
		if _, reached := os.Stat(folder); err == nil && !errors.Is(reached, os.ErrNotExist) {
			err = reached
		}
		if err != nil {
			return refuse(err)
		}
		return passed, ""
	}
	if err := tryFile(existing(folder)); err != nil {
		return refuse(err)
	}
	for _, ending := range endings {
		f, err := os.OpenFile(path+ending, os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return refuse(err)
		}
	}
	return passed, ""
}

func tryFile(dir string) error {
	probe, err := os.CreateTemp(dir, ".write-test-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// tryFolders makes, as the user who started, a folder where a run would make one and
// give it away.
func (d *deps) tryFolders() {
	d.missing = map[string]error{}
	if !d.who.become {
		return // nothing is made ahead
	}
	for _, path := range ownFiles(d.cfg) {
		folder := filepath.Dir(d.who.absolute(path))
		if above := existing(folder); above != folder {
			d.missing[folder] = tryFolder(above, d.who.user)
		}
	}
}

func tryFolder(above string, owner privilege.User) error {
	probe := filepath.Join(above, ".write-test-"+rand.Text())
	if err := privilege.MakeFolder(probe, owner); err != nil {
		return err
	}
	return os.Remove(probe)
}

// existing is the folder itself or the nearest one above it that is there: a check
// leaves nothing behind.
func existing(dir string) string {
	for {
		_, err := os.Stat(dir)
		above := filepath.Dir(dir)
		if !errors.Is(err, os.ErrNotExist) || above == dir {
			return dir
		}
		dir = above
	}
}

func (d *deps) checkDisk(context.Context) (verdict, string) {
	var fs unix.Statfs_t
	dir := existing(filepath.Dir(d.cfg.Database.Path))
	if err := unix.Statfs(dir, &fs); err != nil {
		return advised, "free space of " + dir + " is not known: " + err.Error()
	}
	free := float64(fs.Bavail) * float64(fs.Bsize)
	text := fmt.Sprintf("%.1f GB free for %s", free/1e9, d.cfg.Database.Path)
	switch {
	case free < 64e6:
		return failed, text + "; free some space or set database.path to another disk"
	case free < 1e9:
		return advised, text + ": little for a history"
	}
	return passed, text
}
