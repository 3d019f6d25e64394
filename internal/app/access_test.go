package app

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netflow-monitor/internal/config"
)

func TestAccess(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name      string
		web       config.Web
		asks      bool
		generated bool
		err       string
	}{
		{name: "loopback", web: config.Web{Host: "127.0.0.1"}},
		{name: "loopback of IPv6", web: config.Web{Host: "::1"}},
		{name: "name of the loopback", web: config.Web{Host: "localhost"}},
		{name: "everywhere", web: config.Web{Host: "0.0.0.0"}, asks: true, generated: true},
		{name: "no host", web: config.Web{}, asks: true, generated: true},
		{name: "an address", web: config.Web{Host: "192.0.2.1"}, asks: true, generated: true},
		{name: "environment", web: config.Web{Host: "0.0.0.0", Password: "correct horse"}, asks: true},
		{name: "password on the loopback", web: config.Web{Host: "127.0.0.1", Password: "correct horse"}, asks: true},
		{name: "file", web: config.Web{Host: "0.0.0.0", PasswordFile: write("good", "correct horse\n")}, asks: true},
		{name: "empty file", web: config.Web{Host: "0.0.0.0", PasswordFile: write("empty", "\n")}, err: "empty"},
		{name: "missing file", web: config.Web{Host: "0.0.0.0", PasswordFile: filepath.Join(dir, "none")}, err: "web.password_file"},
		{name: "too short in the environment", web: config.Web{Host: "0.0.0.0", Password: "short"}, err: "NETFLOW_WEB_PASSWORD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config.Default()
			cfg.Web = tt.web
			a, err := newAccess(cfg)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (a.auth != nil) != tt.asks || (a.generated != "") != tt.generated {
				t.Errorf("asks %v, generated %q", a.auth != nil, a.generated)
			}
		})
	}
}

func TestPageAddress(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"0.0.0.0": "http://localhost:", "::": "http://localhost:", "": "http://localhost:",
		"127.0.0.1": "http://127.0.0.1:", "::1": "http://[::1]:", "192.0.2.7": "http://192.0.2.7:",
	} {
		cfg := config.Default()
		cfg.Web.Host = host
		if got := pageAddress(cfg, l); got != want+port+"/" {
			t.Errorf("%q: %s", host, got)
		}
	}
}
