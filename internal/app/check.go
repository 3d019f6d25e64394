package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/geo/mmdb"
)

// verdict of one check.
type verdict string

const (
	passed  verdict = "ok"
	advised verdict = "warning" // the main job runs, something is worth knowing
	failed  verdict = "FAILED"
)

// check is one line of CheckDeps.
type check struct {
	name string
	run  func(context.Context, config.Config) (verdict, string)
}

var checks = []check{
	{"kernel", checkKernel},
	{"capabilities", checkCapabilities},
	{"interface", checkInterface},
	{"capture socket", checkSocket},
	{"database file", checkDatabase},
	{"disk", checkDisk},
	{"geography", checkGeography},
	{"port", checkPort},
}

// CheckDeps tries what a run needs and writes one line for each, with the remedy
// where there is one. It reports whether the main job can run.
func CheckDeps(ctx context.Context, cfg config.Config, w io.Writer) (bool, error) {
	ok := true
	for _, c := range checks {
		v, detail := c.run(ctx, cfg)
		ok = ok && v != failed
		if _, err := fmt.Fprintf(w, "%-8s %-15s %s\n", v, c.name, detail); err != nil {
			return false, err
		}
	}
	return ok, nil
}

func checkKernel(context.Context, config.Config) (verdict, string) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return advised, err.Error()
	}
	release := unix.ByteSliceToString(u.Release[:])
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return advised, "version not understood: " + release
	}
	if major < 4 || major == 4 && minor < 20 {
		return failed, release + " is too old; 4.20 or newer is needed"
	}
	return passed, "Linux " + release + " on " + runtime.GOARCH
}

func checkCapabilities(context.Context, config.Config) (verdict, string) {
	const netRaw = 13 // CAP_NET_RAW, include/uapi/linux/capability.h
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return advised, err.Error()
	}
	for line := range strings.Lines(string(status)) {
		text, found := strings.CutPrefix(line, "CapEff:")
		if !found {
			continue
		}
		caps, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
		if err == nil && caps&(1<<netRaw) != 0 {
			return passed, "CAP_NET_RAW is there"
		}
	}
	return failed, "CAP_NET_RAW is missing; " + afpacket.PermissionRemedy()
}

func checkInterface(_ context.Context, cfg config.Config) (verdict, string) {
	names, err := interfacesOf(cfg)
	name := names[0]
	if err != nil {
		return failed, err.Error()
	}
	list, err := netdev.List()
	if err != nil {
		return advised, err.Error()
	}
	names = make([]string, 0, len(list))
	for _, dev := range list {
		names = append(names, dev.Name)
		switch {
		case dev.Name != name:
		case !dev.Up:
			return failed, name + " is down; sudo ip link set " + name + " up"
		default:
			return passed, name + " is up"
		}
	}
	return failed, "there is no " + name + "; there are " + strings.Join(names, ", ") + ": choose one with -i"
}

func checkSocket(_ context.Context, cfg config.Config) (verdict, string) {
	names, err := interfacesOf(cfg)
	name := names[0]
	if err != nil {
		return failed, "no interface to open it on"
	}
	src, err := afpacket.Open(captureConfig(cfg, names))
	if err != nil {
		return failed, err.Error()
	}
	if err := src.Close(); err != nil {
		return advised, err.Error()
	}
	return passed, "packets of " + name + " can be read"
}

func checkDatabase(_ context.Context, cfg config.Config) (verdict, string) {
	path := cfg.Database.Path
	remedy := "; make it writable for " + userName() + ", or set database.path to another file"
	probe, err := os.CreateTemp(existing(filepath.Dir(path)), ".write-test-*")
	if err != nil {
		return failed, err.Error() + remedy
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return failed, err.Error() + remedy
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return passed, path + " will be made"
	case err != nil:
		return failed, err.Error() + remedy
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return failed, err.Error() + remedy
	}
	return passed, fmt.Sprintf("%s is writable, %.1f MB", path, float64(info.Size())/1e6)
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

func checkDisk(_ context.Context, cfg config.Config) (verdict, string) {
	var fs unix.Statfs_t
	dir := existing(filepath.Dir(cfg.Database.Path))
	if err := unix.Statfs(dir, &fs); err != nil {
		return advised, "free space of " + dir + " is not known: " + err.Error()
	}
	free := float64(fs.Bavail) * float64(fs.Bsize)
	text := fmt.Sprintf("%.1f GB free for %s", free/1e9, cfg.Database.Path)
	switch {
	case free < 64e6:
		return failed, text + "; free some space or set database.path to another disk"
	case free < 1e9:
		return advised, text + ": little for a history"
	}
	return passed, text
}

func checkGeography(_ context.Context, cfg config.Config) (verdict, string) {
	if !cfg.Geolocation.Enabled {
		return advised, "switched off by geolocation.enabled"
	}
	path := cfg.Geolocation.DatabasePath
	_, err := os.Stat(path)
	if path == "" || errors.Is(err, os.ErrNotExist) {
		return passed, "embedded country database; for cities put an .mmdb file at geolocation.database_path"
	}
	db, err := mmdb.Open(path)
	if err != nil {
		return advised, err.Error() + "; the embedded country database is used"
	}
	built := db.Built()
	const day = 24 * time.Hour
	age := time.Since(built) / day
	text := fmt.Sprintf("%s, %s, %d days old", path, db.Type(), age)
	if age > 90 {
		return advised, text + ": newer data would be more accurate"
	}
	return passed, text
}

func checkPort(ctx context.Context, cfg config.Config) (verdict, string) {
	l, err := listen(ctx, cfg)
	if err != nil {
		return failed, err.Error()
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return advised, err.Error()
	}
	return passed, address + " is free"
}

func userName() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return "user " + strconv.Itoa(os.Geteuid())
}
