package e2e

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"netflow-monitor/internal/e2e/netns"
	"netflow-monitor/internal/privilege"
)

// lines of --check-deps, in their order.
var lines = []string{
	"kernel", "port", "capabilities", "user", "interface", "capture socket", "database file", "disk", "log file", "geography",
}

// report is what --check-deps said: verdict and detail of each line.
type report map[string][2]string

func parseReport(t *testing.T, text string) report {
	t.Helper()
	const verdictWidth, nameWidth = 9, 16
	r := report{}
	var order []string
	for line := range strings.Lines(text) {
		if len(line) < verdictWidth+nameWidth {
			t.Fatalf("a line of another shape: %q", line)
		}
		name := strings.TrimSpace(line[verdictWidth:][:nameWidth])
		order = append(order, name)
		r[name] = [2]string{strings.TrimSpace(line[:verdictWidth]), strings.TrimSpace(line[verdictWidth+nameWidth:])}
	}
	if !slices.Equal(order, lines) {
		t.Fatalf("the lines are %q, want %q\n%s", order, lines, text)
	}
	return r
}

// require checks the verdicts: those given, and "ok" for all others.
func (r report) require(t *testing.T, verdicts map[string]string) {
	t.Helper()
	for _, name := range lines {
		want, given := verdicts[name]
		if !given {
			want = "ok"
		}
		if got := r[name][0]; got != want {
			t.Errorf("%s: %s %s, want %s", name, got, r[name][1], want)
		}
	}
}

// TestCheckDeps makes each of the lines fail, for real, and wants the remedy in it.
func TestCheckDeps(t *testing.T) {
	needTools(t, "setpriv", "mount")
	if !enter(t, syscall.CLONE_NEWNS) {
		return
	}
	netns.Pair(t, "near0", "far0")
	netns.Run(t, "ip", "link", "add", "down0", "type", "veth", "peer", "name", "down1")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, takenPort, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const failed, warning = "FAILED", "warning"
	for name, c := range map[string]struct {
		prepare  func(t *testing.T, dir string)
		args     []string
		env      []string
		under    []string
		verdicts map[string]string
		remedies map[string]string
	}{
		"all well": {remedies: map[string]string{
			"port": "127.0.0.1:", "user": "capabilities after the start: cap_net_raw", "capture socket": "ring of 64 MiB",
			"database file": "will be made", "log file": "logs/netflow.log can be written",
		}},
		"files there": {
			prepare: func(t *testing.T, dir string) {
				makeDir(t, dir, "data")
				makeDir(t, dir, "logs")
				write(t, dir, "data/netflow.db", "0123456789")
				write(t, dir, "logs/netflow.log", "")
			},
			remedies: map[string]string{"database file": "data/netflow.db is writable"},
		},
		"no log file": {
			env: []string{"NETFLOW_LOGGING_LEVEL=INFO"}, args: []string{"-c", "nolog.yaml"},
			prepare:  func(t *testing.T, dir string) { write(t, dir, "nolog.yaml", "logging: {file: \"\"}\n") },
			remedies: map[string]string{"log file": "standard error alone"},
		},
		"port": {
			args: []string{"-p", takenPort}, verdicts: map[string]string{"port": failed},
			remedies: map[string]string{"port": "choose another port with -p"},
		},
		"host": {
			args: []string{"--host", "192.0.2.77"}, verdicts: map[string]string{"port": failed},
			remedies: map[string]string{"port": "choose one of its own with --host"},
		},
		"capabilities": {
			under: ordinary, verdicts: map[string]string{"capabilities": failed, "capture socket": failed},
			remedies: map[string]string{"capabilities": "sudo setcap cap_net_raw+ep", "capture socket": "AmbientCapabilities=CAP_NET_RAW"},
		},
		"user": {
			env: []string{"NETFLOW_MONITOR_USER=no-such-user"}, verdicts: map[string]string{"user": failed},
			remedies: map[string]string{"user": "useradd --system no-such-user"},
		},
		"no interface": {
			args: []string{"-i", "eth99"}, verdicts: map[string]string{"interface": failed, "capture socket": failed},
			remedies: map[string]string{"interface": "choose one with -i", "capture socket": "choose one with -i"},
		},
		"interface down": {
			args: []string{"-i", "down0"}, verdicts: map[string]string{"interface": failed, "capture socket": failed},
			remedies: map[string]string{"interface": "sudo ip link set down0 up", "capture socket": "sudo ip link set down0 up"},
		},
		"database folder": {
			prepare:  func(t *testing.T, dir string) { chmod(t, makeDir(t, dir, "data"), 0o550) },
			verdicts: map[string]string{"database file": failed},
			remedies: map[string]string{"database file": "database.path"},
		},
		"database file": {
			prepare: func(t *testing.T, dir string) {
				makeDir(t, dir, "data")
				chmod(t, write(t, dir, "data/netflow.db", ""), 0o440)
			},
			verdicts: map[string]string{"database file": failed},
			remedies: map[string]string{"database file": "data/netflow.db`"},
		},
		"database lock": {
			prepare: func(t *testing.T, dir string) {
				makeDir(t, dir, "data")
				chmod(t, write(t, dir, "data/netflow.db.lock", ""), 0o440)
			},
			verdicts: map[string]string{"database file": failed},
			remedies: map[string]string{"database file": "data/netflow.db.lock`"},
		},
		"log folder": {
			prepare:  func(t *testing.T, dir string) { chmod(t, makeDir(t, dir, "logs"), 0o550) },
			verdicts: map[string]string{"log file": failed},
			remedies: map[string]string{"log file": "logging.file"},
		},
		"disk": {
			prepare: func(t *testing.T, dir string) {
				disk := makeDir(t, dir, "data")
				netns.Run(t, "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)
				t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
			},
			verdicts: map[string]string{"disk": failed},
			remedies: map[string]string{"disk": "free some space or set database.path"},
		},
		"little disk": {
			prepare: func(t *testing.T, dir string) {
				disk := makeDir(t, dir, "data")
				netns.Run(t, "mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", disk)
				t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
			},
			verdicts: map[string]string{"disk": warning},
		},
		"geography": {
			prepare: func(t *testing.T, dir string) {
				makeDir(t, dir, "data")
				write(t, dir, "data/GeoLite2-City.mmdb", "no database")
			},
			verdicts: map[string]string{"geography": warning},
			remedies: map[string]string{"geography": "the embedded country database is used"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			before := tree(t, dir)
			l := launch{dir: dir, under: c.under, env: c.env}
			l.args = slices.Concat([]string{"--check-deps", "--host", "127.0.0.1", "-p", "0"}, c.args)
			if !slices.Contains(c.args, "-i") {
				l.args = append(l.args, "-i", "near0")
			}
			r := parseReport(t, l.checks(t, c.verdicts))
			r.require(t, c.verdicts)
			for line, part := range c.remedies {
				if !strings.Contains(r[line][1], part) {
					t.Errorf("%s does not say %q: %s", line, part, r[line][1])
				}
			}
			if after := tree(t, dir); !slices.Equal(before, after) {
				t.Errorf("left behind: %q, before %q", after, before)
			}
		})
	}
}

// checks runs --check-deps and requires the exit code that the verdicts call for.
func (l launch) checks(t *testing.T, verdicts map[string]string) string {
	t.Helper()
	for _, v := range verdicts {
		if v == "FAILED" {
			return l.fails(t, exitFailure, "marked FAILED")
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := l.command(t)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %v\n%s%s", cmd.Args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestCheckDepsAsRoot is about whom the program becomes, and what is true of that user.
func TestCheckDepsAsRoot(t *testing.T) {
	if !enterAsRoot(t) {
		return
	}
	check := func(dir string, user string, verdicts map[string]string, parts ...string) {
		t.Helper()
		l := launch{dir: dir, args: []string{"--check-deps", "-i", "lo", "--host", "127.0.0.1", "-p", "81"}}
		if user != "" {
			l.env = []string{"NETFLOW_MONITOR_USER=" + user}
		}
		before := tree(t, dir)
		text := l.checks(t, verdicts)
		r := parseReport(t, text)
		r.require(t, verdicts)
		for _, part := range parts {
			if !strings.Contains(text, strings.ReplaceAll(part, "DIR", dir)) {
				t.Errorf("it does not say %q:\n%s", part, text)
			}
		}
		if after := tree(t, dir); !slices.Equal(before, after) {
			t.Errorf("left behind: %q, before %q", after, before)
		}
	}
	unwritable := map[string]string{"database file": "FAILED", "log file": "FAILED"}
	check(openDir(t, 0, 0o755), "", nil, "stays root, because DIR belongs to root")
	check(openDir(t, nobodyElse, 0o700), "", nil, "becomes 12345, because DIR belongs to that user")
	check(openDir(t, 0, 0o755), "12345", nil, "becomes 12345, because monitor.user says so", "data/netflow.db will be made")
	check(openDir(t, nobodyElse, 0o755), "0", unwritable, "stays root, because monitor.user", "run `sudo chown root: DIR`")
	closed := map[string]string{"database file": "FAILED", "log file": "FAILED", "geography": "warning", "disk": "warning"}
	check(openDir(t, 0, 0o700), "12345", closed, "may not enter DIR", "database.path", "logging.file")
	there := openDir(t, 0, 0o755)
	makeDir(t, there, "data")
	makeDir(t, there, "logs")
	check(there, "12345", unwritable, "run `sudo chown 12345: DIR/data`", "run `sudo chown 12345: DIR/logs`")
	if known, err := privilege.Lookup("65534"); err == nil && known.Name != "" {
		check(openDir(t, 0, 0o755), known.Name, nil, "becomes "+known.Name)
	}
}
