package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/privilege"
	"netflow-monitor/internal/store"
)

// prepared is what may need root, got before privileges are dropped: the port, the
// password file, the capture file. All other files are the new user's.
type prepared struct {
	listener net.Listener
	access   access
	file     capture.Source // nil for an interface
	who      identity
	left     privilege.Set
}

func prepare(ctx context.Context, cfg config.Config, opts Options) (p prepared, err error) {
	if p.listener, err = listen(ctx, cfg); err != nil {
		return p, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.listener.Close())
		}
	}()
	if p.access, err = newAccess(cfg); err != nil {
		return p, err
	}
	keep := privilege.NetRaw // to attach again to an interface that comes back
	var file pcapfile.File
	if opts.ReadFile != "" {
		keep = 0
		if file, err = pcapfile.OpenFile(opts.ReadFile); err != nil {
			return p, err
		}
	}
	if p.who, err = identify(cfg); err != nil {
		return p, err
	}
	p.who.makeFolders(cfg)
	if p.left, err = p.who.assume(keep); err != nil {
		return p, err
	}
	if opts.ReadFile != "" { // strangers' bytes are not for root to parse
		p.file, err = pcapfile.Read(file, pcapfile.Options{Speed: opts.Speed})
	}
	return p, err
}

// identity is as whom a run goes on.
type identity struct {
	user    privilege.User
	become  bool // it has to be become; otherwise the user is who started it
	asRoot  bool // it was started as root
	because string
	cwd     string // the working folder, of which a user who may not enter it can't ask
}

// identify finds out whom to become, and refuses one who can't be.
func identify(cfg config.Config) (identity, error) {
	uid := os.Geteuid()
	self, err := privilege.ByID(uid)
	if err != nil {
		return identity{}, err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return identity{}, fmt.Errorf("working folder: %w; change to one that is there", err)
	}
	id := identity{user: self, asRoot: uid == 0, because: "it was started as such", cwd: cwd}
	if !id.asRoot {
		return id, nil
	}
	if name := cfg.Monitor.User; name != "" {
		id.because = "monitor.user says so"
		u, err := privilege.Lookup(name)
		switch {
		case errors.Is(err, privilege.ErrUnknownUser):
			return id, fmt.Errorf("monitor.user: %w; make it with `useradd --system %s`, or name another", err, name)
		case err != nil:
			return id, fmt.Errorf("monitor.user: %w; name another", err)
		case u.UID == uid:
			return id, nil
		}
		if err := privilege.Possible(u); err != nil {
			return id, fmt.Errorf("monitor.user: become %s: %w; start with these capabilities, or set monitor.user to \"0\" to stay", u, err)
		}
		id.user, id.become = u, true
		return id, nil
	}
	return id.owner(existing(filepath.Dir(cfg.Database.Path)))
}

// owner becomes the owner of the folder, unless it is root or somebody who means
// nothing in this user namespace.
func (id identity) owner(folder string) (identity, error) {
	folder = id.absolute(folder)
	info, err := os.Stat(folder)
	if err != nil {
		return id, fmt.Errorf("owner of the database folder: %w; set database.path to another file, or monitor.user", err)
	}
	id.because = folder + " belongs to root"
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return id, nil
	}
	u, err := privilege.ByID(int(stat.Uid))
	if err == nil {
		err = privilege.Possible(u)
	}
	if err != nil {
		id.because = fmt.Sprintf("the owner of %s can't be become (%v)", folder, err)
		return id, nil
	}
	id.user, id.become, id.because = u, true, folder+" belongs to that user"
	return id, nil
}

// makeFolders makes what is missing while the process still may.
func (id identity) makeFolders(cfg config.Config) {
	if !id.become {
		return
	}
	for _, path := range ownFiles(cfg) {
		// Where this fails the file can't be opened later, and the reason is said then.
		_ = privilege.MakeFolder(filepath.Dir(path), id.user)
	}
}

// assume drops privileges.
func (id identity) assume(keep privilege.Set) (left privilege.Set, err error) {
	var become *privilege.User
	if id.become {
		become = &id.user
	}
	left, err = privilege.Drop(become, keep)
	if err != nil {
		return left, fmt.Errorf("drop privileges: %w", err)
	}
	return left, nil
}

// ownFiles are what a run writes.
func ownFiles(cfg config.Config) []string {
	paths := []string{cfg.Database.Path}
	if cfg.Logging.File != "" {
		paths = append(paths, cfg.Logging.File)
	}
	return paths
}

// explain adds to an error about a file of the program's own why root could not open it.
func (id identity) explain(err error, path string) error {
	denied := errors.Is(err, fs.ErrPermission) || errors.Is(err, store.ErrReadOnly)
	if !id.asRoot || !denied || errors.Is(err, syscall.EROFS) {
		return err
	}
	as := "after the start as root the program is user " + id.user.String()
	if !id.become {
		as = "root has given up its right to pass over permissions"
	}
	return fmt.Errorf("%w; %s: %s, or choose another user with monitor.user", err, as, id.remedy(path))
}

// remedy says how the user can be given what it needs to write the file. A folder on
// the way that is closed to it, such as /root, is not to be given away.
func (id identity) remedy(path string) string {
	const folder, file = unix.W_OK | unix.X_OK, unix.R_OK | unix.W_OK
	path = id.absolute(path)
	dir := existing(filepath.Dir(path))
	if closed := closedAbove(dir); closed != "" {
		return fmt.Sprintf("it may not enter %s: choose a folder elsewhere", closed)
	}
	var closed []string
	if unix.Access(dir, folder) != nil {
		closed = append(closed, dir)
	}
	beside, _ := filepath.Glob(path + "*") // the log of the database, its lock
	for _, name := range beside {
		if unix.Access(name, file) != nil {
			closed = append(closed, name)
		}
	}
	if closed == nil {
		closed = []string{dir}
	}
	return "run `sudo chown " + id.user.String() + ": " + strings.Join(closed, " ") + "`"
}

// closedAbove is the first folder above dir that this process may not enter.
func closedAbove(dir string) string {
	above := filepath.Dir(dir)
	if above == dir {
		return ""
	}
	if closed := closedAbove(above); closed != "" {
		return closed
	}
	if unix.Access(above, unix.X_OK) != nil {
		return above
	}
	return ""
}

// absolute is the path as SQLite sees it, which goes through all folders from the root.
func (id identity) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(id.cwd, path)
}

// String says it in the words of --check-deps.
func (id identity) String() string {
	verb := "stays "
	if id.become {
		verb = "becomes "
	}
	return verb + id.user.String() + ", because " + id.because
}
