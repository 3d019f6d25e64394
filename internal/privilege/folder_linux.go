package privilege

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// MakeFolder makes a folder and those above it that are missing, and gives them to
// the user. What was there stays as it is. It is meant for root in a folder of
// somebody else, so it never follows what was put in the place of a folder it made.
func MakeFolder(path string, owner User) error {
	var missing []string
	for {
		_, err := os.Stat(path)
		if err == nil {
			break
		}
		if above := filepath.Dir(path); errors.Is(err, os.ErrNotExist) && above != path {
			missing = append(missing, filepath.Base(path))
			path = above
			continue
		}
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	parent, err := unix.Open(path, flags, 0)
	if err != nil {
		return fmt.Errorf("open folder %s: %w", path, err)
	}
	defer func() { _ = unix.Close(parent) }() // a folder has nothing to flush
	for _, name := range slices.Backward(missing) {
		path = filepath.Join(path, name)
		child, err := makeIn(parent, name, flags|unix.O_NOFOLLOW, owner)
		if err != nil {
			return fmt.Errorf("make folder %s: %w", path, err)
		}
		_ = unix.Close(parent)
		parent = child
	}
	return nil
}

func makeIn(parent int, name string, flags int, owner User) (child int, err error) {
	if err := unix.Mkdirat(parent, name, 0o750); err != nil {
		return -1, err
	}
	if child, err = unix.Openat(parent, name, flags, 0); err != nil {
		return -1, err
	}
	var info unix.Stat_t
	if err = unix.Fstat(child, &info); err == nil && int(info.Uid) != os.Geteuid() {
		err = errors.New("it is not the folder that was made")
	}
	if err == nil {
		err = unix.Fchown(child, owner.UID, owner.GID)
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(child))
	}
	return child, nil
}
