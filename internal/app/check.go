package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/geo/mmdb"
	"netflow-monitor/internal/privilege"
)

// verdict of one check.
type verdict string

const (
	passed  verdict = "ok"
	advised verdict = "warning" // the main job runs, something is worth knowing
	failed  verdict = "FAILED"
)

// deps is what the checks know of the run that they are for.
type deps struct {
	cfg config.Config
	who identity
	// missing are the folders that a run would make, and why it could not.
	missing map[string]error
}

// check is one line of CheckDeps.
type check struct {
	name string
	run  func(*deps, context.Context) (verdict, string)
}

// checks are in the order of a run: from the user on all is done as the one whom the
// program becomes, with the capabilities that it keeps.
var checks = []check{
	{"kernel", (*deps).checkKernel},
	{"port", (*deps).checkPort},
	{"capabilities", (*deps).checkCapabilities},
	{"user", (*deps).checkUser},
	{"interface", (*deps).checkInterface},
	{"capture socket", (*deps).checkSocket},
	{"database file", (*deps).checkDatabase},
	{"disk", (*deps).checkDisk},
	{"log file", (*deps).checkLogFile},
	{"geography", (*deps).checkGeography},
}

// CheckDeps tries what a run needs and writes one line for each, with the remedy
// where there is one. It reports whether the main job can run. The process has
// dropped its privileges after it.
func CheckDeps(ctx context.Context, cfg config.Config, w io.Writer) (bool, error) {
	ok := true
	d := &deps{cfg: cfg}
	for _, c := range checks {
		v, detail := c.run(d, ctx)
		ok = ok && v != failed
		if _, err := fmt.Fprintf(w, "%-8s %-15s %s\n", v, c.name, oneLine(detail)); err != nil {
			return false, err
		}
	}
	return ok, nil
}

// oneLine is for errors that are several joined.
func oneLine(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") }

func (*deps) checkKernel(context.Context) (verdict, string) {
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

func (*deps) checkCapabilities(context.Context) (verdict, string) {
	held, err := privilege.Held()
	switch {
	case err != nil:
		return advised, err.Error()
	case !held.Has(privilege.NetRaw):
		return failed, "CAP_NET_RAW is missing; " + afpacket.PermissionRemedy()
	}
	return passed, "CAP_NET_RAW is there"
}

// checkUser drops privileges as a run does.
func (d *deps) checkUser(context.Context) (verdict, string) {
	who, err := identify(d.cfg)
	d.who = who
	if err != nil {
		return failed, err.Error()
	}
	d.tryFolders()
	left, err := who.assume(privilege.NetRaw)
	if err != nil {
		return failed, err.Error()
	}
	return passed, who.String() + "; capabilities after the start: " + left.String()
}

// checkInterface looks at the interfaces that a run would capture on. Of several, one
// that is there is enough to begin with.
func (d *deps) checkInterface(context.Context) (verdict, string) {
	names, err := interfacesOf(d.cfg)
	if err != nil {
		return failed, err.Error()
	}
	list, err := netdev.Links()
	if err != nil {
		return advised, err.Error()
	}
	there := make([]string, len(list))
	for i, link := range list {
		there[i] = link.Name
	}
	details, good := make([]string, len(names)), 0
	for i, name := range names {
		at := slices.Index(there, name)
		switch {
		case name == afpacket.Any:
			details[i] = "all that are up"
			good++
		case at < 0:
			details[i] = "there is no " + name + "; there are " + strings.Join(there, ", ") + ": choose one with -i"
		case !list[at].Up:
			details[i] = name + " is down; sudo ip link set " + name + " up"
		default:
			details[i] = name + " is up"
			good++
		}
	}
	text := strings.Join(details, "; ")
	switch good {
	case len(names):
		return passed, text
	case 0:
		return failed, text
	}
	return advised, text
}

// checkSocket opens the capture as a run does.
func (d *deps) checkSocket(context.Context) (verdict, string) {
	names, err := interfacesOf(d.cfg)
	if err != nil {
		return failed, "no interface to open it on"
	}
	want := captureConfig(d.cfg, names)
	rings, err := afpacket.Open(want)
	if err != nil {
		return failed, err.Error()
	}
	got := rings.Sources[0].RingBytes()
	if err := rings.Close(); err != nil {
		return advised, err.Error()
	}
	text := fmt.Sprintf("packets of %s can be read, through a ring of %d MiB", strings.Join(names, ", "), got>>20)
	if want.Workers > 1 {
		text = fmt.Sprintf("packets of %s can be read, through %d rings of %d MiB", strings.Join(names, ", "), want.Workers, got>>20)
	}
	if got < want.RingBytes {
		return advised, fmt.Sprintf("%s instead of %d; free some memory for it", text, want.RingBytes>>20)
	}
	return passed, text
}

func (d *deps) checkGeography(context.Context) (verdict, string) {
	if !d.cfg.Geolocation.Enabled {
		return advised, "switched off by geolocation.enabled"
	}
	path := d.cfg.Geolocation.DatabasePath
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

func (d *deps) checkPort(ctx context.Context) (verdict, string) {
	l, err := listen(ctx, d.cfg)
	if err != nil {
		return failed, err.Error()
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return advised, err.Error()
	}
	return passed, address + " is free"
}
