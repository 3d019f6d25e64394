package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/e2e/netns"
)

// Exit codes of the program.
const (
	exitFailure = 1
	exitUsage   = 2
)

// ordinary runs a command without any capability, as an ordinary user would.
var ordinary = []string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}

// fails runs the program to its end and requires the exit code and all parts of the
// message: what is wrong and what can be done. It returns the standard output.
func (l launch) fails(t *testing.T, code int, parts ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := l.command(t)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hanging := time.AfterFunc(15*time.Second, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !hanging.Stop() {
		t.Fatalf("%v goes on instead of failing\n%s", cmd.Args, stderr.String())
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("%v: %v, want exit code %d\n%s%s", cmd.Args, err, code, stdout.String(), stderr.String())
	}
	text := stderr.String()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%v does not say %q:\n%s", cmd.Args, part, text)
		}
	}
	if strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		t.Errorf("%v ends with a stack trace:\n%s", cmd.Args, text)
	}
	return stdout.String()
}

// TestWrongUse is about mistakes that no run survives, found before anything starts.
func TestWrongUse(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		config string
		env    string
		args   []string
		code   int
		parts  []string
	}{
		"unknown flag":    {args: []string{"--ifc", "lo"}, code: exitUsage, parts: []string{"unknown flag: --ifc", "netflow-monitor --help"}},
		"unknown command": {args: []string{"raed"}, code: exitUsage, parts: []string{`unknown command "raed"`, "did you mean read"}},
		"wrong value":     {args: []string{"-p", "http"}, code: exitUsage, parts: []string{"web.port", "from 0 to 65535"}},
		"unknown key": {
			config: "web:\n  port: 0\n  prot: 81\nmonitor: {max_sesions: 7}\n", code: exitFailure,
			parts: []string{"config.yaml:3", "web.prot", "port", "config.yaml:4", "max_sessions"},
		},
		"wrong type":       {config: "web: {port: [80]}\n", code: exitFailure, parts: []string{"config.yaml:1", "web.port", "from 0 to 65535"}},
		"unknown variable": {env: "NETFLOW_WEB_PROT=81", code: exitFailure, parts: []string{"NETFLOW_WEB_PROT", "NETFLOW_WEB_PORT"}},
		"no such file":     {args: []string{"-c", "none.yaml"}, code: exitFailure, parts: []string{"none.yaml", "--config"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := launch{dir: dir, args: c.args}
			if c.config != "" {
				l.args = append(l.args, "-c", write(t, dir, "config.yaml", c.config))
			}
			if c.env != "" {
				l.env = []string{c.env}
			}
			l.fails(t, c.code, c.parts...)
			if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
				t.Error("a run that is refused left something behind")
			}
		})
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPortInUse(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	run := launch{dir: dir, args: []string{"-r", demoFile(t, dir), "--host", "127.0.0.1", "-p", port}}
	run.fails(t, exitFailure, "port "+port, "in use", "-p")
	if _, err := os.Stat(filepath.Join(dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the database was touched")
	}
}

// TestCaptureFileFaults reads what is no whole capture file.
func TestCaptureFileFaults(t *testing.T) {
	needTools(t, "setpriv")
	dir := t.TempDir()
	path := demoFile(t, dir)
	whole := contents(t, path)
	text := write(t, dir, "notes.txt", strings.Repeat("this is no capture\n", 10))
	cut := write(t, dir, "cut.pcap", string(whole[:len(whole)/2]))
	secret := write(t, dir, "secret.pcap", string(whole))
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path  string
		parts []string
	}{
		"missing":       {filepath.Join(dir, "none.pcap"), []string{"none.pcap", "no such file"}},
		"not a capture": {text, []string{"notes.txt", "pcap"}},
		"directory":     {dir, []string{"directory"}},
		"unreadable":    {secret, []string{"secret.pcap", "permission denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := launch{dir: t.TempDir(), under: ordinary, args: []string{"-r", c.path, "--host", "127.0.0.1", "-p", "0"}}
			l.fails(t, exitFailure, c.parts...)
			l.args = []string{"read", c.path}
			if out := l.fails(t, exitFailure, c.parts...); out != "" {
				t.Errorf("it printed %q", out)
			}
		})
	}
	t.Run("truncated", func(t *testing.T) {
		l := launch{dir: t.TempDir(), args: []string{"read", "--json", cut}}
		out := l.fails(t, exitFailure, "cut.pcap", "truncated", "repaired copy")
		read := strings.Count(out, "\n")
		if read == 0 {
			t.Error("what was read until there is not shown")
		}
		m := launch{dir: l.dir, args: []string{"-r", cut}, env: []string{fastFlush}}.start(t)
		m.awaitEnd()
		s := m.status()
		if !strings.Contains(s.Error, "truncated") || s.Totals.Sessions != uint64(read) {
			t.Errorf("%d sessions and error %q, read shows %d", s.Totals.Sessions, s.Error, read)
		}
		if kinds := m.events(); !slices.Contains(kinds, "capture_failed") {
			t.Errorf("no event: %v", kinds)
		}
		m.stop()
		if got := sqlite(t, filepath.Join(l.dir, "data", "netflow.db"), "SELECT count(*) FROM sessions"); got != strconv.Itoa(read) {
			t.Errorf("%s sessions stored, read shows %d", got, read)
		}
	})
}

// TestDatabaseFaults starts on databases that can't be used, and requires that they
// stay as they are.
func TestDatabaseFaults(t *testing.T) {
	needTools(t, "setpriv", "sqlite3")
	dir := t.TempDir()
	path := demoFile(t, dir)
	logs := filepath.Join(dir, "netflow.log")
	run := func(dir string) launch {
		return launch{
			dir: dir, under: ordinary, env: []string{"NETFLOW_LOGGING_FILE=" + logs},
			args: []string{"-r", path, "--host", "127.0.0.1", "-p", "0"},
		}
	}
	// filled is a folder with a database of ours.
	filled := func(t *testing.T) (dir, db string) {
		t.Helper()
		dir = t.TempDir()
		m := startMonitor(t, dir, "-r", path)
		m.awaitEnd()
		m.stop()
		return dir, filepath.Join(dir, "data", "netflow.db")
	}
	t.Run("newer version", func(t *testing.T) {
		dir, db := filled(t)
		sqlite(t, db, "PRAGMA user_version=999")
		unchanged := fingerprint(t, db)
		run(dir).fails(t, exitFailure, db, "999", "newer", "database.path")
		unchanged()
	})
	t.Run("not a database", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o750); err != nil {
			t.Fatal(err)
		}
		db := write(t, dir, "data/netflow.db", strings.Repeat("dear diary, ", 1000))
		unchanged := fingerprint(t, db)
		run(dir).fails(t, exitFailure, db, "not a SQLite database", "database.path")
		unchanged()
	})
	t.Run("another program's", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o750); err != nil {
			t.Fatal(err)
		}
		db := filepath.Join(dir, "data", "netflow.db")
		sqlite(t, db, "CREATE TABLE sessions(id)")
		unchanged := fingerprint(t, db)
		run(dir).fails(t, exitFailure, db, "another program", "database.path")
		unchanged()
	})
	t.Run("read-only", func(t *testing.T) {
		dir, db := filled(t)
		unchanged := fingerprint(t, db)
		chmod(t, db, 0o440)
		chmod(t, filepath.Dir(db), 0o550)
		run(dir).fails(t, exitFailure, db, "write access", "database.path")
		chmod(t, filepath.Dir(db), 0o750)
		unchanged()
	})
	t.Run("read-only folder", func(t *testing.T) {
		dir := t.TempDir()
		chmod(t, dir, 0o550)
		run(dir).fails(t, exitFailure, filepath.Join(dir, "data"), "write access", "database.path")
		l := run(dir)
		l.env = nil
		l.fails(t, exitFailure, "log file", "permission denied", "logging.file")
	})
	t.Run("second monitor", func(t *testing.T) {
		dir := t.TempDir()
		first := startMonitor(t, dir, "-r", path, "--speed", "1x")
		run(dir).fails(t, exitFailure, "netflow.db", "another monitor", "database.path")
		if s := first.status(); !s.Monitoring || s.Database.Error != "" {
			t.Errorf("the first one suffers: %+v", s)
		}
		first.stop()
		run(dir).start(t).stop() // the place is free again
	})
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(path, before.Mode()) })
}

// fingerprint returns a function that requires the file to be what it is now.
func fingerprint(t *testing.T, path string) (unchanged func()) {
	t.Helper()
	before := sha256.Sum256(contents(t, path))
	return func() {
		t.Helper()
		if after := sha256.Sum256(contents(t, path)); after != before {
			t.Errorf("%s was changed", path)
		}
	}
}

// TestInterfaceFaults is about interfaces that are not there, not allowed, or leave.
func TestInterfaceFaults(t *testing.T) {
	needTools(t, "ping", "nsenter", "setpriv")
	if !enter(t) {
		return
	}
	w := layWire(t)
	web := []string{"--host", "127.0.0.1", "-p", "0"}
	t.Run("unknown", func(t *testing.T) {
		l := launch{dir: t.TempDir(), args: append(web, "-i", "eth99")}
		l.fails(t, exitFailure, "eth99", "there are", w.near, "lo", "-i")
	})
	t.Run("none is the default", func(t *testing.T) {
		launch{dir: t.TempDir(), args: web}.fails(t, exitFailure, "default route", "-i")
	})
	t.Run("no permission", func(t *testing.T) {
		l := launch{dir: t.TempDir(), under: ordinary, args: append(web, "-i", w.near)}
		l.fails(t, exitFailure, "no permission", "setcap cap_net_raw", binary(t), "AmbientCapabilities=CAP_NET_RAW")
		l.args = append(l.args, "--check-deps")
		checks := l.fails(t, exitFailure, "marked FAILED")
		if !strings.Contains(checks, "setcap cap_net_raw") || !strings.Contains(checks, "AmbientCapabilities=CAP_NET_RAW") {
			t.Errorf("the checks give no remedy:\n%s", checks)
		}
	})
	t.Run("vanishes", func(t *testing.T) { checkVanishing(t, w) })
}

func checkVanishing(t *testing.T, w *testWire) {
	m := launch{dir: t.TempDir(), args: []string{"-i", w.near}, env: []string{fastFlush}}.start(t)
	exchange(t)
	eventually(t, 5*time.Second, "traffic is seen", func() (bool, any) {
		got := m.sessions("protocol=icmp")
		return got.Total == 1 && got.Items[0].PacketsReceived == pings, got
	})
	before := m.sums()
	netns.Run(t, "ip", "link", "del", w.near)
	eventually(t, 5*time.Second, "the status says that the interface is gone", func() (bool, any) {
		got := m.status()
		return got.Monitoring && strings.Contains(got.Error, w.near), got
	})
	if after := m.sums(); after.packets < before.packets || m.sessions("protocol=icmp").Total != 1 {
		t.Errorf("%+v, before it vanished %+v", after, before)
	}
	w.plug()
	eventually(t, 5*time.Second, "monitoring goes on", func() (bool, any) {
		got := m.status()
		return got.Monitoring && got.Error == "", got
	})
	counted, offered := m.sums().packets, w.counters().packets
	exchange(t)
	eventually(t, 5*time.Second, "packets of the new interface are counted", func() (bool, any) {
		got, want := m.sums().packets-counted, w.counters().packets-offered
		return got >= want-2 && got > 0, []any{got, want} // what is not IP does not count
	})
	kinds := m.events()
	if !slices.Contains(kinds, "interface_gone") || !slices.Contains(kinds, "interface_back") {
		t.Errorf("events: %v", kinds)
	}
	if page := m.sessions("protocol=icmp"); page.Total != 2 {
		t.Errorf("%d pings, one before and one after it was gone", page.Total)
	}
	m.stop()
}
