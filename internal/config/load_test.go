package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ignoreOrigins = cmpopts.IgnoreUnexported(Config{})

// contract is the file that must work as it stands.
const contract = `
network:     {interface: "eth0", promiscuous_mode: true}
database:    {path: "data/netflow.db"}
web:         {host: "0.0.0.0", port: 8080, debug: false}
monitor:     {capture_timeout: 60, session_timeout: 300, max_sessions: 10000}
geolocation: {enabled: true, database_path: "data/GeoLite2-City.mmdb", update_interval: 86400}
logging:     {level: "INFO", file: "logs/netflow.log", max_size: 10485760, backup_count: 5}
`

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadContract(t *testing.T) {
	got, err := Load(writeFile(t, contract), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Network.Interfaces = []string{"eth0"}
	want.Monitor.MaxSessions = 10000
	if diff := cmp.Diff(want, got, ignoreOrigins); diff != "" {
		t.Error(diff)
	}
}

func TestLoadGood(t *testing.T) {
	home := 22.5
	away := -0.25
	tests := []struct {
		name, text string
		change     func(*Config)
	}{
		{"empty", "", func(*Config) {}},
		{"comment only", "# nothing\n", func(*Config) {}},
		{"empty document", "---\n", func(*Config) {}},
		{"empty section", "web:\n", func(*Config) {}},
		{"empty key", "web:\n  port:\n", func(*Config) {}},
		{"byte order mark", "\ufeffweb: {port: 81}\n", func(c *Config) { c.Web.Port = 81 }},
		{"windows line ends", "web:\r\n  port: 81\r\n", func(c *Config) { c.Web.Port = 81 }},
		{"list", "network:\n  interface: [eth0, wg0, eth0]\n", func(c *Config) { c.Network.Interfaces = []string{"eth0", "wg0"} }},
		{"comma", "network: {interface: 'eth0, wg0'}\n", func(c *Config) { c.Network.Interfaces = []string{"eth0", "wg0"} }},
		{"any", "network: {interface: any}\n", func(c *Config) { c.Network.Interfaces = []string{"any"} }},
		{"units", "monitor: {capture_timeout: 1h30m, session_timeout: 1d}\nlogging: {max_size: 10MB}\n", func(c *Config) {
			c.Monitor.CaptureTimeout, c.Monitor.SessionTimeout = 90*time.Minute, 24*time.Hour
			c.Logging.MaxSize = 10_000_000
		}},
		{"for ever", "database: {max_size: 0, keep_sessions: 0, keep_hours: 2y, keep_days: '0'}\n", func(c *Config) {
			c.Database.MaxSize, c.Database.KeepSessions, c.Database.KeepDays = 0, 0, 0
			c.Database.KeepHours = 730 * 24 * time.Hour
		}},
		{"level", "logging: {level: warning}\n", func(c *Config) { c.Logging.Level = slog.LevelWarn }},
		{"anchor", "monitor:\n  capture_timeout: &t 90\n  session_timeout: *t\n", func(c *Config) {
			c.Monitor.CaptureTimeout, c.Monitor.SessionTimeout = 90*time.Second, 90*time.Second
		}},
		{"home", "geolocation: {home_latitude: 22.5, home_longitude: -0.25}\n", func(c *Config) {
			c.Geolocation.HomeLatitude, c.Geolocation.HomeLongitude = &home, &away
		}},
		{"no log file", "logging: {file: ''}\n", func(c *Config) { c.Logging.File = "" }},
		{"ipv6 host", "web: {host: '::1'}\n", func(c *Config) { c.Web.Host = "::1" }},
		{"user", "monitor: {user: netflow}\n", func(c *Config) { c.Monitor.User = "netflow" }},
		{"user's number", "monitor: {user: 12345}\n", func(c *Config) { c.Monitor.User = "12345" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Load(writeFile(t, test.text), true, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			test.change(&want)
			if diff := cmp.Diff(want, got, ignoreOrigins); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadBad(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // each in a line of its own, after the path
	}{
		{"unknown section", "wbe: {port: 1}\n", []string{
			":1: unknown key wbe; did you mean web? (allowed: network, database, web, monitor, geolocation, logging)",
		}},
		{"unknown key", "web:\n  prot: 1\n", []string{
			":2: unknown key web.prot; did you mean port? (allowed: host, port, debug, password_file)",
		}},
		{"password", "web: {password: x}\n", []string{":1: unknown key web.password; a password is not kept here"}},
		{"range", "web: {port: 99999}\n", []string{`:1: web.port must be a whole number from 0 to 65535, not "99999"`}},
		{"text for number", "web: {port: '80'}\n", []string{`:1: web.port must be a whole number from 0 to 65535, not the text "80"`}},
		{"number for text", "logging: {file: 1}\n", []string{":1: logging.file must be a path, or empty, not the number 1"}},
		{"text for bool", "web: {debug: yes}\n", []string{`:1: web.debug must be true or false, not the text "yes"`}},
		{"bool for text", "logging: {level: true}\n", []string{":1: logging.level must be DEBUG, INFO, WARN or ERROR, not true (put text in quotes)"}},
		{"fraction", "monitor: {capture_timeout: 1.5}\n", []string{":1: monitor.capture_timeout must be a duration from 1s to 1d"}},
		{"negative", "monitor: {capture_timeout: -60}\n", []string{":1: monitor.capture_timeout must be"}},
		{"overflow", "logging: {max_size: 99999999999999999999}\n", []string{":1: logging.max_size must be a size from 1MiB to 1TiB"}},
		{"too little to keep", "database: {max_size: 1MB, keep_sessions: 30}\n", []string{
			":1: database.max_size must be 0 (no bound), or a size from 16MB", ":1: database.keep_sessions must be 0 (for ever), or a duration from 1m",
		}},
		{"list", "web: {port: [1]}\n", []string{":1: web.port must be a whole number from 0 to 65535, not this list"}},
		{"mapping", "web: {port: {a: 1}}\n", []string{":1: web.port must be a whole number from 0 to 65535, not a mapping"}},
		{"section is a number", "web: 8080\n", []string{":1: web must be a mapping with the keys host, port"}},
		{"file is a list", "- web\n", []string{":1: the file must be a mapping with the keys network, database"}},
		{"key twice", "web:\n  port: 1\n  port: 2\n", []string{":3: web.port is given twice; it is in line 2 already"}},
		{"section twice", "web: {port: 1}\nweb: {debug: true}\n", []string{":2: web is given twice; it is in line 1 already"}},
		{"two documents", "web: {port: 1}\n---\nweb: {port: 2}\n", []string{":3: a second document"}},
		{"tab", "web:\n\tport: 1\n", []string{":2: not valid YAML: found character that cannot start any token; indent with spaces"}},
		{"not YAML", "web: {port: 1\n", []string{"not valid YAML: "}},
		{"bad UTF-8", "web: {host: \xff}\n", []string{"not valid YAML: "}},
		{"merge key", "web: {<<: {port: 1}}\n", []string{":1: unknown key web.<<"}},
		{"any and others", "network: {interface: [any, eth0]}\n", []string{`"any" is every interface already`}},
		{"days shorter than hours", "database: {keep_days: 60d}\n", []string{"database.keep_days ("}},
		{"hours shorter than minutes", "database: {keep_hours: 1d}\n", []string{"is shorter than database.keep_minutes"}},
		{"minutes for ever", "database: {keep_minutes: 0}\n", []string{"database.keep_hours ("}},
		{"half a home", "geolocation: {home_latitude: 1}\n", []string{"go together: give both or neither"}},
		{"wrong half of a home", "geolocation: {home_latitude: 91, home_longitude: 1}\n", []string{"must be a number from -90 to 90"}},
		{"interface name", "network: {interface: ../etc}\n", []string{":1: network.interface must be an interface name"}},
		{"host with port", "web: {host: '1.2.3.4:80'}\n", []string{":1: web.host must be an IP address or a host name, without port"}},
		{"two users", "monitor: {user: 'netflow:netflow'}\n", []string{":1: monitor.user must be a user's name or number, or empty"}},
		{"empty path", "database: {path: ''}\n", []string{":1: database.path must be a path, not"}},
		{"all at once", "web:\n  port: -1\n  hots: x\nmonitor:\n  max_sessions: many\n", []string{
			":2: web.port must be", ":3: unknown key web.hots", ":5: monitor.max_sessions must be",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := writeFile(t, test.text)
			_, err := Load(path, true, nil)
			checkProblems(t, err, test.want)
			for _, line := range strings.Split(err.Error(), "\n  ")[1:] {
				if !strings.HasPrefix(line, path) {
					t.Errorf("%q does not begin with the file's name", line)
				}
			}
		})
	}
}

func checkProblems(t *testing.T, err error, want []string) {
	t.Helper()
	problems, ok := errors.AsType[LoadErrors](err)
	if !ok {
		t.Fatalf("error is %T (%v), want LoadErrors", err, err)
	}
	if len(problems) != len(want) {
		t.Fatalf("%d problems, want %d:\n%v", len(problems), len(want), err)
	}
	for i, w := range want {
		if !strings.Contains(problems[i].Error(), w) {
			t.Errorf("problem %d is\n\t%s\nand does not contain\n\t%s", i, problems[i], w)
		}
	}
}

func TestLoadFileItself(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "none.yaml")
	if _, err := Load(missing, false, nil); err != nil {
		t.Errorf("a default file that is not there: %v", err)
	}
	_, err := Load(missing, true, nil)
	checkProblems(t, err, []string{"file does not exist: give another with --config"})
	_, err = Load(folder, false, nil)
	checkProblems(t, err, []string{"is a folder"})
	_, err = Load(writeFile(t, strings.Repeat("#", maxFileSize+1)), true, nil)
	checkProblems(t, err, []string{"larger than 1MiB"})
}

func TestPrecedence(t *testing.T) {
	path := writeFile(t, "web: {port: 1001, host: 127.0.0.1, debug: true}\n")
	env := []string{"NETFLOW_WEB_PORT=1002", "NETFLOW_WEB_HOST=", "NETFLOW_NETWORK_INTERFACE=eth0,eth1", "PATH=/bin"}
	cfg, err := Load(path, true, env, Override{"web.port", "1003", "--port"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Network.Interfaces = []string{"eth0", "eth1"}
	want.Web = Web{Host: "127.0.0.1", Port: 1003, Debug: true}
	if diff := cmp.Diff(want, cfg, ignoreOrigins); diff != "" {
		t.Error(diff)
	}
	for key, origin := range map[string]string{
		"web.port":          "--port",
		"web.host":          path + ":1",
		"network.interface": "NETFLOW_NETWORK_INTERFACE",
		"logging.level":     "default",
	} {
		if got := cfg.Origin(key); got != origin {
			t.Errorf("origin of %s is %s, want %s", key, got, origin)
		}
	}
}

func TestEnvironment(t *testing.T) {
	cfg, err := Load("", false, []string{
		"NETFLOW_WEB_PASSWORD=geheim", "NETFLOW_CORPORA=/c", "NETFLOW_BENCH_PCAP=x", "NETFLOW_SERVICE_HOST=10.0.0.1",
		"NETFLOW_PORT=tcp://10.0.0.1:80", "NETFLOW_PORT_80_TCP_ADDR=10.0.0.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Web.Password != "geheim" {
		t.Errorf("password is %q", string(cfg.Web.Password))
	}
	if text := string(cfg.YAML()); strings.Contains(text, "geheim") || !strings.Contains(text, "NETFLOW_WEB_PASSWORD") {
		t.Errorf("printed configuration shows the password, or not that there is one:\n%s", text)
	}
	_, err = Load("", false, []string{"NETFLOW_WEB_PROT=1", "NETFLOW_WEB_PORT=none", "NETFLOW_QUITE_OTHER_THING=1"})
	checkProblems(t, err, []string{
		"unknown environment variable NETFLOW_QUITE_OTHER_THING; allowed are NETFLOW_<SECTION>_<KEY>",
		`environment variable NETFLOW_WEB_PORT: web.port must be a whole number from 0 to 65535, not "none"`,
		"unknown environment variable NETFLOW_WEB_PROT; did you mean NETFLOW_WEB_PORT?",
	})
}

func TestSetLeavesCopiesAlone(t *testing.T) {
	a := Default()
	b := a
	if err := b.Set("web.port", "81", "--port"); err != nil {
		t.Fatal(err)
	}
	c := b
	if err := c.Set("network.interface", "eth0", "--interface"); err != nil {
		t.Fatal(err)
	}
	if a.Web.Port != 8080 || a.Origin("web.port") != "default" || b.Origin("network.interface") != "default" {
		t.Error("Set changed another copy")
	}
	if diff := cmp.Diff([]string{"network.interface", "web.port"}, a.Changed(c)); diff != "" {
		t.Error(diff)
	}
	if err := c.Set("web.prot", "1", "--port"); err == nil {
		t.Error("unknown key was set")
	}
}

func FuzzReadYAML(f *testing.F) {
	f.Add([]byte(contract))
	f.Add(Example())
	f.Add([]byte("a: &a [*a]\n? {b: c}\n: d\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, again := Default(), Default()
		if errs := cfg.readYAML("f", data); len(errs) > 0 {
			return
		}
		if errs := again.readYAML("again", cfg.YAML()); len(errs) > 0 {
			t.Fatalf("what was printed is refused: %v\n%s", errs, cfg.YAML())
		}
		if diff := cmp.Diff(cfg, again, ignoreOrigins); diff != "" {
			t.Fatal(diff)
		}
	})
}
