package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/e2e/netns"
	"netflow-monitor/internal/privilege"
)

// somebody is a user that every system has, and nobodyElse one that none has.
const (
	somebody   = 65534
	nobodyElse = 12345
)

// What /proc says of capabilities.
const (
	noCaps  = "0000000000000000"
	rawOnly = "0000000000002000"
)

// enterAsRoot is enter for what only root of the machine can do: become others. The
// namespace is one of the network alone.
func enterAsRoot(t *testing.T) bool {
	t.Helper()
	if netns.Inside(t) {
		netns.Run(t, "ip", "link", "set", "lo", "up")
		return true
	}
	for _, uid := range []int{somebody, nobodyElse} {
		if err := privilege.Possible(privilege.User{UID: uid, GID: uid}); err != nil {
			t.Skipf("only root can become another user: %v", err)
		}
	}
	t.Setenv("NETFLOW_BINARY", binary(t))
	if output, err := netns.Again(t, syscall.CLONE_NEWNET); err != nil {
		t.Errorf("in a network namespace: %v\n%s", err, output)
	} else if testing.Verbose() {
		t.Logf("in a network namespace:\n%s", output)
	}
	return false
}

// openDir is a temporary folder that everyone can get to, and that belongs to uid.
func openDir(t *testing.T, uid int, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	chmod(t, filepath.Dir(dir), 0o755)
	chmod(t, dir, mode)
	chown(t, dir, uid)
	return dir
}

func chown(t *testing.T, path string, uid int) {
	t.Helper()
	if err := os.Chown(path, uid, uid); err != nil {
		t.Fatal(err)
	}
}

func makeDir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// rights are lines of /proc/PID/status.
type rights map[string]string

// dropped is what must be left of a start as root.
func dropped(uid int, caps string) rights {
	four := strings.Join(slices.Repeat([]string{strconv.Itoa(uid)}, 4), "\t")
	return rights{
		"Uid": four, "Gid": four, "Groups": "", "NoNewPrivs": "1",
		"CapPrm": caps, "CapEff": caps, "CapInh": noCaps, "CapBnd": noCaps, "CapAmb": noCaps,
	}
}

// requireRights looks at every thread of the monitor.
func (m *monitor) requireRights(want rights) {
	m.t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", m.cmd.Process.Pid))
	if err != nil || len(threads) < 3 {
		m.t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, path := range threads {
		got := rights{}
		for line := range strings.Lines(string(contents(m.t, path))) {
			key, value, _ := strings.Cut(line, ":")
			if _, asked := want[key]; asked {
				got[key] = strings.TrimSpace(value)
			}
		}
		if !maps.Equal(got, want) {
			m.t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

// requireOwner looks at every file of the monitor in dir: database, log, lock.
func requireOwner(t *testing.T, dir string, uid int) {
	t.Helper()
	seen := map[string]bool{}
	for _, folder := range []string{"data", "logs"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			seen[entry.Name()] = true
			if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != uid || int(owner.Gid) != uid {
				t.Errorf("%s belongs to %d:%d, want %d", path, owner.Uid, owner.Gid, uid)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"data", "netflow.db", "netflow.db-wal", "netflow.db.lock", "logs", "netflow.log"} {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// requireCapture makes traffic and waits for it.
func (m *monitor) requireCapture() {
	m.t.Helper()
	exchange(m.t)
	eventually(m.t, 10*time.Second, "traffic is seen", func() (bool, any) {
		got := m.sessions("protocol=icmp")
		return got.Total >= 1 && got.Items[0].PacketsReceived == pings, got
	})
}

// TestPrivilegeOfUser starts as root with everything root has, on a port that only
// root may open, and follows what is left of it through all that happens to a capture.
func TestPrivilegeOfUser(t *testing.T) {
	needTools(t, "ping", "nsenter", "setpriv")
	if !enterAsRoot(t) {
		return
	}
	w := layWire(t)
	dir := openDir(t, 0, 0o755)
	config := write(t, dir, "config.yaml", fmt.Sprintf("monitor: {user: %d}\n", somebody)) // which that user can't read
	m := launch{
		dir: dir, under: []string{"setpriv", "--groups=4,27", "--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw"},
		args: []string{"-c", config, "-i", w.near, "-p", "81"}, env: []string{fastFlush},
	}.start(t)
	want := dropped(somebody, rawOnly)
	m.requireRights(want)
	m.requireCapture()
	requireOwner(t, dir, somebody)
	checkStopStart(t, m, w)
	m.requireRights(want)

	netns.Run(t, "ip", "link", "del", w.near)
	eventually(t, 5*time.Second, "the interface is missed", func() (bool, any) {
		got := m.status()
		return strings.Contains(got.Error, w.near), got
	})
	w.plug()
	eventually(t, 5*time.Second, "it is captured on again", func() (bool, any) {
		got := m.status()
		return got.Monitoring && got.Error == "", got
	})
	m.requireCapture()
	m.requireRights(want)
	m.stop()
	if log := m.output.String(); !strings.Contains(log, "privileges dropped") || !strings.Contains(log, "capabilities=cap_net_raw") {
		t.Errorf("the log does not say what was dropped:\n%s", log)
	}
}

// TestPrivilegeOfFolder starts as root without a configured user.
func TestPrivilegeOfFolder(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enterAsRoot(t) {
		return
	}
	w := layWire(t)
	for name, c := range map[string]struct {
		owner int
		mode  os.FileMode
		data  bool // the folder of the database is there, and is the one that counts
	}{
		"a user's private folder": {owner: nobodyElse, mode: 0o700},
		"the database's folder":   {owner: somebody, mode: 0o755, data: true},
		"root's":                  {owner: 0, mode: 0o755},
	} {
		t.Run(name, func(t *testing.T) {
			dir := openDir(t, c.owner, c.mode)
			if c.data {
				chown(t, dir, 0)
				chown(t, makeDir(t, dir, "data"), c.owner)
			}
			m := launch{dir: dir, args: []string{"-i", w.near}, env: []string{fastFlush}}.start(t)
			want := dropped(c.owner, rawOnly)
			if c.owner == 0 {
				delete(want, "Groups") // nobody else is become, so they stay
			}
			m.requireRights(want)
			m.requireCapture()
			requireOwner(t, dir, c.owner)
			m.stop()
		})
	}
}

// TestPrivilegeInNamespace is root of a user namespace, where nobody else can be become.
func TestPrivilegeInNamespace(t *testing.T) {
	needTools(t, "ping", "nsenter", "setpriv")
	if !enter(t) {
		return
	}
	w := layWire(t)
	dir := t.TempDir()
	m := launch{dir: dir, args: []string{"-i", w.near}, env: []string{fastFlush}}.start(t)
	want := dropped(0, rawOnly)
	delete(want, "Groups") // which can't be given up there
	m.requireRights(want)
	m.requireCapture()
	m.stop()

	path := demoFile(t, dir)
	refused := func(user string, under []string, parts ...string) {
		t.Helper()
		l := launch{dir: t.TempDir(), under: under, env: []string{"NETFLOW_MONITOR_USER=" + user}}
		l.args = []string{"-r", path, "--host", "127.0.0.1", "-p", "0"}
		l.fails(t, exitFailure, append(parts, "monitor.user")...)
	}
	refused("no-such-user", nil, "no-such-user", "useradd")
	refused("1:2", nil, "a user's name or number")
	refused("12345", []string{"setpriv", "--bounding-set=-setuid", "--inh-caps=-all"}, "become 12345", "cap_setuid")
	if privilege.Possible(privilege.User{UID: nobodyElse, GID: nobodyElse}) != nil {
		refused("12345", nil, "become 12345", "user namespace")
	}
}

// TestPrivilegeOfOrdinaryUser captures without root, by capabilities of the file or
// handed down by who starts it.
func TestPrivilegeOfOrdinaryUser(t *testing.T) {
	needTools(t, "ping", "nsenter", "setpriv", "setcap")
	if !enterAsRoot(t) {
		return
	}
	w := layWire(t)
	capable := filepath.Join(openDir(t, 0, 0o755), "netflow-monitor")
	if err := os.WriteFile(capable, contents(t, binary(t)), 0o755); err != nil {
		t.Fatal(err)
	}
	plain := capable + "-plain"
	if err := os.WriteFile(plain, contents(t, binary(t)), 0o755); err != nil {
		t.Fatal(err)
	}
	netns.Run(t, "setcap", "cap_net_raw,cap_net_admin+ep", capable)
	as := []string{"setpriv", fmt.Sprintf("--reuid=%d", somebody), fmt.Sprintf("--regid=%d", somebody), "--clear-groups"}
	handed := append(slices.Clone(as), "--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw,+net_admin")
	for name, c := range map[string]struct {
		binary string
		under  []string
	}{"of the file": {capable, as}, "handed down": {plain, handed}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NETFLOW_BINARY", c.binary)
			dir := openDir(t, somebody, 0o700)
			m := launch{
				dir: dir, under: c.under, args: []string{"-i", w.near},
				env: []string{fastFlush, "NETFLOW_MONITOR_USER=no-such-user"}, // which is for root
			}.start(t)
			want := dropped(somebody, rawOnly)
			delete(want, "CapBnd") // which only CAP_SETPCAP can empty
			m.requireRights(want)
			m.requireCapture()
			requireOwner(t, dir, somebody)
			m.stop()
		})
	}
}

// TestPrivilegeOfFileReader reads a capture and a password that are root's alone, and
// keeps nothing at all.
func TestPrivilegeOfFileReader(t *testing.T) {
	if !enterAsRoot(t) {
		return
	}
	path := demoFile(t, t.TempDir()) // in a folder that is closed to others
	chmod(t, path, 0o600)
	l := launch{
		dir: openDir(t, nobodyElse, 0o700), args: []string{"-r", path},
		env: []string{fastFlush, "NETFLOW_MONITOR_USER=" + strconv.Itoa(nobodyElse)},
	}
	m := l.start(t)
	m.requireRights(dropped(nobodyElse, noCaps))
	m.awaitEnd()
	if got := m.status(); got.Totals.Sessions == 0 || got.Error != "" {
		t.Errorf("%+v", got)
	}
	m.stop()

	l.dir = openDir(t, nobodyElse, 0o700)
	l.env = append(l.env, "NETFLOW_WEB_PASSWORD_FILE="+write(t, t.TempDir(), "password", "correct horse battery\n"))
	m = l.start(t)
	m.requireRights(dropped(nobodyElse, noCaps))
	m.stop()
}

// TestPrivilegeFaults is about folders and files that the new user can't write.
func TestPrivilegeFaults(t *testing.T) {
	if !enterAsRoot(t) {
		return
	}
	path := demoFile(t, t.TempDir())
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		parts   []string
	}{
		"database folder": {
			func(t *testing.T, dir string) { makeDir(t, dir, "data") },
			[]string{"database.path", "run `sudo chown 12345: DIR/data`"},
		},
		"database file": {
			func(t *testing.T, dir string) {
				chown(t, makeDir(t, dir, "data"), nobodyElse)
				write(t, dir, "data/netflow.db", "")
			},
			[]string{"database.path", "run `sudo chown 12345: DIR/data/netflow.db`"},
		},
		"log folder": {
			func(t *testing.T, dir string) { makeDir(t, dir, "logs") },
			[]string{"logging.file", "run `sudo chown 12345: DIR/logs`"},
		},
		"log file": {
			func(t *testing.T, dir string) {
				chown(t, makeDir(t, dir, "logs"), nobodyElse)
				write(t, dir, "logs/netflow.log", "")
			},
			[]string{"logging.file", "run `sudo chown 12345: DIR/logs/netflow.log`"},
		},
		"closed above": {
			func(t *testing.T, dir string) { chmod(t, dir, 0o700) },
			[]string{"may not enter DIR"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := openDir(t, 0, 0o755)
			c.prepare(t, dir)
			parts := []string{"as root", "12345", "monitor.user"}
			for _, part := range c.parts {
				parts = append(parts, strings.ReplaceAll(part, "DIR", dir))
			}
			l := launch{dir: dir, env: []string{"NETFLOW_MONITOR_USER=12345"}, args: []string{"-r", path, "--host", "127.0.0.1", "-p", "0"}}
			l.fails(t, exitFailure, parts...)
		})
	}
}
