package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// webDir is where the page's sources, its browser tests and their library are.
const webDir = "../../web"

// browserTime is what a browser may take on a machine that is busy otherwise; alone it
// needs a small part of it.
const browserTime = 4 * time.Minute

// needPage skips the test where no browser can be driven.
func needPage(t *testing.T) {
	t.Helper()
	needTools(t, "node")
	if _, err := exec.LookPath(chromium()); err != nil {
		netns.Unavailable(t, "no Chromium: install it, or name one with CHROMIUM")
	}
	if _, err := os.Stat(filepath.Join(webDir, "node_modules", "playwright-core")); err != nil {
		netns.Unavailable(t, "playwright-core is missing; run npm ci in web")
	}
	if _, err := os.Stat(filepath.Join(webDir, "dist", "index.html")); err != nil {
		t.Fatal("the page is not built; run make web")
	}
}

func chromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	return "/usr/bin/chromium"
}

// finding is a line of a browser script: a check's result, or something to do for it.
type finding struct{ Check, Detail, Error, Ask string }

// browse runs a browser script and makes each of its checks a subtest. What the script
// asks for is done by the function of that name.
func browse(t *testing.T, script string, args []string, do map[string]func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	defer cancel()
	node := exec.CommandContext(ctx, "node", append([]string{filepath.Join("test", "e2e", script)}, args...)...)
	node.Dir = webDir
	node.Env = append(os.Environ(), "CHROMIUM="+chromium())
	node.Stderr = os.Stderr
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	checks := 0
	for lines := json.NewDecoder(stdout); ; {
		var f finding
		if err := lines.Decode(&f); err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		if f.Ask != "" {
			do[f.Ask]()
			if _, err := fmt.Fprintln(stdin, "done"); err != nil {
				t.Error(err)
			}
			continue
		}
		checks++
		t.Run(f.Check, func(t *testing.T) {
			if f.Error != "" {
				t.Error(f.Error)
			}
			t.Log(f.Detail)
		})
	}
	if err := node.Wait(); err != nil || checks == 0 {
		t.Errorf("%s: %d checks, %v", script, checks, err)
	}
}

// TestPage drives the page in a real browser beside live traffic.
func TestPage(t *testing.T) {
	needTools(t, "ping", "nsenter")
	needPage(t)
	if !enter(t) {
		return
	}
	w := layWire(t)
	dir := t.TempDir()
	m := launch{dir: dir, args: []string{"-i", w.near}, env: []string{fastFlush}}.start(t)
	at, err := url.Parse(m.base)
	if err != nil {
		t.Fatal(err)
	}
	stop := keepTalking(t)
	defer stop()
	eventually(t, 5*time.Second, "traffic is seen", func() (bool, any) {
		got := m.sessions("ip=" + farAddr)
		return got.Total > 2, got.Total
	})
	browse(t, "live.mjs", []string{m.base, farAddr}, map[string]func(){
		"kill": m.kill,
		"restart": func() {
			m = launch{dir: dir, args: []string{"-i", w.near, "-p", at.Port()}, env: []string{fastFlush}}.start(t)
		},
	})
	m.stop()
}

// keepTalking makes HTTP, DNS and ping traffic with the peer, a different amount each
// time, until the returned function is called, and for browserTime at most.
func keepTalking(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	ping := exec.CommandContext(ctx, "ping", "-q", "-i", "0.2", farAddr)
	if err := ping.Start(); err != nil {
		t.Fatal(err)
	}
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(farAddr, "53"))
	}}
	var talking sync.WaitGroup
	talking.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			if err := download(ctx, 20_000*(i%7+1)); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			if _, err := resolver.LookupNetIP(ctx, "ip4", farName); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	return func() {
		cancel()
		talking.Wait()
		_ = ping.Wait() // it was killed
	}
}

// download gets n bytes from the peer, over a connection that is kept.
func download(ctx context.Context, n int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/?n=%d", farAddr, n), http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// TestPageSignIn drives the page of a monitor that others could reach.
func TestPageSignIn(t *testing.T) {
	needPage(t)
	if !enter(t) {
		return
	}
	const password = "correct horse battery staple"
	dir := t.TempDir()
	m := launch{
		dir: dir, args: []string{"-r", demoFile(t, dir), "--host", "0.0.0.0"},
		env: []string{"NETFLOW_WEB_PASSWORD=" + password},
	}.start(t)
	m.base = strings.Replace(m.base, "localhost", "127.0.0.1", 1)

	t.Run("the API asks for the password", func(t *testing.T) {
		for _, path := range []string{"api/status", "api/sessions", "api/ip-stats", "api/events", "api/geo-map", "api/ws"} {
			requireRefusal(t, m.base+path)
		}
	})
	t.Run("the address others use is served", func(t *testing.T) {
		requireRefusal(t, strings.Replace(m.base, "127.0.0.1", "127.0.0.2", 1)+"api/status")
	})
	browse(t, "signin.mjs", []string{m.base, password}, nil)
	if out := m.output.String(); strings.Contains(out, password) {
		t.Error("the program prints the password")
	}
}

// requireRefusal expects 401 as problem details.
func requireRefusal(t *testing.T, address string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var p wire.Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Content-Type") != "application/problem+json" ||
		p.Status != http.StatusUnauthorized || p.Code != "not_signed_in" || p.Detail == "" {
		t.Errorf("%s: %s, %s, %+v", address, res.Status, res.Header.Get("Content-Type"), p)
	}
}
