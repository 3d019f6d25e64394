package mmdb

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"netflow-monitor/internal/geo"
)

var google = netip.MustParseAddr("8.8.8.8")

func locator(t *testing.T, config geo.Config) (*Locator, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	l, err := New(config, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return l, &log
}

func withCity(path string) geo.Config {
	config := geo.Default()
	config.DatabasePath = path
	return config
}

// replace puts a new file in place of the old one, as an update does.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutCityFile(t *testing.T) {
	t.Chdir(t.TempDir())
	l, _ := locator(t, geo.Default())
	if got := l.Locate(google); got.CountryCode != "US" || !got.HasPosition || got.Scope != geo.ScopePublic {
		t.Errorf("8.8.8.8 is at %+v", got)
	}
	if got := l.Locate(netip.MustParseAddr("192.168.1.1")); got != (geo.Location{Scope: geo.ScopePrivate}) {
		t.Errorf("192.168.1.1 is at %+v", got)
	}
	info := l.Info()
	if info.Source != "embedded" || info.Problem != nil || info.Type == "" || info.Built.Year() < 2026 {
		t.Errorf("info %+v", info)
	}
}

func TestCityFileFirst(t *testing.T) {
	path := write(t, city(nested))
	l, _ := locator(t, withCity(path))
	if got := l.Locate(google); got.City != "Berlin" || got.Scope != geo.ScopePublic {
		t.Errorf("the city file was not asked: %+v", got)
	}
	if got := l.Locate(netip.MustParseAddr("212.27.48.10")); got.CountryCode != "FR" {
		t.Errorf("what it does not know was not asked of the embedded one: %+v", got)
	}
	if info := l.Info(); info.Source != path || info.Type != "Test-City" || info.Problem != nil {
		t.Errorf("info %+v", info)
	}
}

func TestCityFileNotUsable(t *testing.T) {
	tests := map[string]string{
		"absent":      filepath.Join(t.TempDir(), "absent.mmdb"),
		"damaged":     write(t, []byte("not a database")),
		"a directory": t.TempDir(),
	}
	for name, path := range tests {
		l, _ := locator(t, withCity(path))
		info := l.Info()
		if info.Source != "embedded" || info.Problem == nil || !strings.Contains(info.Problem.Error(), path) ||
			!strings.Contains(info.Problem.Error(), "geolocation.database_path") {
			t.Errorf("%s: info %+v", name, info)
		}
		if got := l.Locate(google).CountryCode; got != "US" {
			t.Errorf("%s: 8.8.8.8 is in %q", name, got)
		}
	}
}

func TestDisabled(t *testing.T) {
	config := geo.Default()
	config.Enabled = false
	l, _ := locator(t, config)
	if got := l.Locate(google); got != (geo.Location{Scope: geo.ScopePublic}) {
		t.Errorf("looked up though disabled: %+v", got)
	}
	if got := l.Locate(netip.MustParseAddr("10.0.0.1")).Scope; got != geo.ScopePrivate {
		t.Errorf("10.0.0.1 is %v", got)
	}
	l.Reload()
	if info := l.Info(); info != (Info{}) {
		t.Errorf("info %+v", info)
	}
}

func TestInvalidConfig(t *testing.T) {
	if _, err := New(geo.Config{Enabled: true}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an interval of nothing was accepted")
	}
}

func TestReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "city.mmdb")
	l, log := locator(t, withCity(path))

	replace(t, path, city(nested))
	l.Reload()
	if got := l.Locate(google).City; got != "Berlin" {
		t.Fatalf("a new file was not taken: %q in %q", google, got)
	}

	log.Reset()
	l.Reload()
	if log.Len() != 0 {
		t.Errorf("an unchanged file was reported: %s", log)
	}

	replace(t, path, []byte("damaged"))
	l.Reload()
	if got := l.Locate(google).City; got != "Berlin" || l.Info().Problem == nil || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("after a damaged update: %q, info %+v, log %s", got, l.Info(), log)
	}

	munich := map[string]any{"country_code": "DE", "city": "Munich"}
	replace(t, path, city(munich))
	l.Reload()
	if got := l.Locate(google).City; got != "Munich" || l.Info().Problem != nil {
		t.Errorf("after a good update: %q, info %+v", got, l.Info())
	}
}

func TestCityFileCutShort(t *testing.T) {
	path := write(t, city(nested))
	l, _ := locator(t, withCity(path))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if got := l.Locate(google).CountryCode; got != "US" {
		t.Errorf("the embedded database does not step in: %q", got)
	}
	if info := l.Info(); info.Source != "embedded" || info.Problem == nil {
		t.Errorf("info %+v", info)
	}
	l.Reload()
	replace(t, path, city(nested))
	l.Reload()
	if got := l.Locate(google).City; got != "Berlin" || l.Info().Problem != nil {
		t.Errorf("the repaired file is not used: %q, %+v", got, l.Info())
	}
}

func TestRunTakesNewFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "city.mmdb")
		l, _ := locator(t, withCity(path))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		replace(t, path, city(flat))
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if got := l.Locate(google).City; got != "Berlin" {
			t.Errorf("8.8.8.8 is in %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
