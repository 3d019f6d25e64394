package api

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"netflow-monitor/internal/api/wire"
)

// TestEveryRouteIsGuarded goes through the table: what is not open answers nobody
// without the password.
func TestEveryRouteIsGuarded(t *testing.T) {
	f := newFixture(t, withAuth(t), func(c *Config, _ *Deps) { c.Debug = true })
	open := map[string]bool{
		"/api/access": true, "/api/sign-in": true, "/api/sign-out": true, "/healthz": true, pagePattern: true,
	}
	paths := strings.NewReplacer("{id}", "1", "{ip}", "192.0.2.1", "{path...}", "", "{profile}", "heap")
	for _, r := range f.routes() {
		if r.access == 0 {
			t.Errorf("%s %s: nobody decided who may use it", r.method, r.pattern)
		}
		if (r.access == accessOpen) != open[r.pattern] {
			t.Errorf("%s %s: access is %d, which this test does not expect", r.method, r.pattern, r.access)
		}
		if (r.access == accessChange) != (r.method != http.MethodGet && !open[r.pattern] || strings.HasPrefix(r.pattern, "/debug/")) {
			t.Errorf("%s %s: access is %d", r.method, r.pattern, r.access)
		}
		w := f.do(t, r.method, paths.Replace(r.pattern), `{"password":"`+testPassword+`"}`)
		if refused := w.Code == http.StatusUnauthorized; refused == open[r.pattern] {
			t.Errorf("%s %s: %d without a password", r.method, r.pattern, w.Code)
		}
		if w.Code == http.StatusUnauthorized {
			if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
				t.Errorf("%s: WWW-Authenticate is %q", r.pattern, got)
			}
		}
	}
	if !f.monitor.Status().Monitoring {
		t.Error("the capture was stopped without a password")
	}
}

func TestRouteWithoutDecisionIsRefused(t *testing.T) {
	if _, err := describe([]route{{method: "GET", pattern: "/api/new"}}, ""); err == nil {
		t.Error("a route without access is accepted")
	}
}

func TestSignInAndOut(t *testing.T) {
	f := newFixture(t, withAuth(t))
	if a := decode[wire.Access](t, f.get(t, "/api/access"), 200); !a.PasswordRequired || a.SignedIn {
		t.Errorf("before: %+v", a)
	}
	if p := decode[wire.Problem](t, f.do(t, "POST", "/api/sign-in", `{"password":"wrong"}`), 401); p.Code != "wrong_password" {
		t.Errorf("wrong password: %+v", p)
	}
	w := f.do(t, "POST", "/api/sign-in", `{"password":"`+testPassword+`"}`)
	decode[wire.Access](t, w, 200)
	cookie := cookieOf(t, w)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.Path != "/" || len(cookie.Value) < 43 {
		t.Errorf("cookie %+v", cookie)
	}
	with := func(r *http.Request) { r.AddCookie(cookie) }
	decode[wire.Status](t, f.do(t, "GET", "/api/status", "", with), 200)
	if a := decode[wire.Access](t, f.do(t, "GET", "/api/access", "", with), 200); !a.SignedIn {
		t.Errorf("after: %+v", a)
	}
	if gone := cookieOf(t, f.do(t, "POST", "/api/sign-out", "", with)); gone.MaxAge >= 0 {
		t.Errorf("cookie after sign-out %+v", gone)
	}
	if p := decode[wire.Problem](t, f.do(t, "GET", "/api/status", "", with), 401); p.Code != "not_signed_in" {
		t.Errorf("after sign-out: %+v", p)
	}
	tls := func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }
	if c := cookieOf(t, f.do(t, "POST", "/api/sign-in", `{"password":"`+testPassword+`"}`, tls)); !c.Secure {
		t.Errorf("cookie over TLS %+v", c)
	}
}

func TestPasswordInHeader(t *testing.T) {
	f := newFixture(t, withAuth(t))
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+testPassword))
	for _, tt := range []struct {
		header string
		status int
	}{
		{basic, 200}, {"Bearer " + testPassword, 200}, {"bearer " + testPassword, 200},
		{"Bearer wrong", 401}, {"Bearer", 401}, {"Digest " + testPassword, 401}, {"", 401}, {"Basic !!!", 401},
	} {
		w := f.do(t, "GET", "/api/status", "", func(r *http.Request) { r.Header.Set("Authorization", tt.header) })
		if w.Code != tt.status {
			t.Errorf("%.12q: %d, want %d", tt.header, w.Code, tt.status)
		}
	}
}

func TestSignInIsRateLimited(t *testing.T) {
	f := newFixture(t, withAuth(t))
	var w *httptest.ResponseRecorder
	for i := range 10 {
		// Both doors count together.
		if i%2 == 0 {
			w = f.do(t, "POST", "/api/sign-in", `{"password":"wrong"}`)
		} else {
			w = f.do(t, "GET", "/api/status", "", func(r *http.Request) { r.SetBasicAuth("x", "wrong") })
		}
	}
	p := decode[wire.Problem](t, w, http.StatusTooManyRequests)
	if p.Code != "too_many_attempts" || w.Header().Get("Retry-After") == "" || w.Header().Get("Retry-After") == "0" {
		t.Errorf("%+v, Retry-After %q", p, w.Header().Get("Retry-After"))
	}
	right := `{"password":"` + testPassword + `"}`
	if w := f.do(t, "POST", "/api/sign-in", right); w.Code != http.StatusTooManyRequests {
		t.Errorf("the right password from the same address: %d", w.Code)
	}
	other := func(r *http.Request) { r.RemoteAddr = "192.0.2.77:1" }
	if w := f.do(t, "POST", "/api/sign-in", right, other); w.Code != 200 {
		t.Errorf("the right password from another address: %d", w.Code)
	}
}

func TestHostWithoutPassword(t *testing.T) {
	f := newFixture(t)
	for host, allowed := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST:1": true, "x.localhost:8080": true, "127.0.0.1:8080": true,
		"127.9.9.9": true, "[::1]:8080": true, "[::1]": true, "localhost.": true, "[::ffff:127.0.0.1]:80": true,
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "192.0.2.1": false, "": false,
		"127.0.0.1.nip.io": false, "0.0.0.0": false,
	} {
		for _, p := range []string{"/api/status", "/", "/healthz"} {
			w := f.do(t, "GET", p, "", func(r *http.Request) { r.Host = host })
			if (w.Code == http.StatusOK) != allowed || !allowed && w.Code != http.StatusForbidden {
				t.Errorf("%s of host %q: %d", p, host, w.Code)
			}
		}
	}
	g := newFixture(t, withAuth(t))
	if w := g.do(t, "GET", "/healthz", "", func(r *http.Request) { r.Host = "monitor.example" }); w.Code != 200 {
		t.Errorf("with a password any host is fine, but: %d", w.Code)
	}
}

func TestOtherSitesCannotChangeAnything(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		name, header, value string
		status              int
	}{
		{"no browser", "", "", 200},
		{"our page", "Origin", "http://localhost:8080", 200},
		{"our page", "Sec-Fetch-Site", "same-origin", 200},
		{"another site", "Origin", "https://evil.example", 403},
		{"another port", "Origin", "http://localhost:9999", 403},
		{"sandboxed frame", "Origin", "null", 403},
		{"another site", "Sec-Fetch-Site", "cross-site", 403},
		{"a subdomain", "Sec-Fetch-Site", "same-site", 403},
	} {
		for _, p := range []string{"/api/stop-monitoring", "/api/start-monitoring", "/api/sign-in", "/api/sign-out"} {
			body := ""
			if p == "/api/sign-in" {
				body = "{}"
			}
			w := f.do(t, "POST", p, body, func(r *http.Request) {
				if tt.header != "" {
					r.Header.Set(tt.header, tt.value)
				}
			})
			if w.Code != tt.status {
				t.Errorf("%s (%s: %s) %s: %d, want %d", tt.name, tt.header, tt.value, p, w.Code, tt.status)
			}
		}
	}
}

func TestSecureHeaders(t *testing.T) {
	f := newFixture(t)
	for _, p := range []string{"/", "/api/status", "/api/nothing", "/assets/app-1a2b.js"} {
		h := f.get(t, p).Header()
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "script-src 'self' 'unsafe") {
			t.Errorf("%s: %q", p, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", p, h)
		}
		if strings.HasPrefix(p, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", p, h.Get("Cache-Control"))
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by other sites", p)
		}
	}
}

func TestRunRefusesTheWorldWithoutPassword(t *testing.T) {
	f := newFixture(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := f.Run(t.Context(), l); err == nil || !strings.Contains(err.Error(), "without a password") {
		t.Errorf("error %v", err)
	}
}

func TestProfilesAreForTheLoopback(t *testing.T) {
	f := newFixture(t, withAuth(t), func(c *Config, _ *Deps) { c.Debug = true })
	signedIn := func(r *http.Request) { r.SetBasicAuth("", testPassword) }
	if w := f.do(t, "GET", "/debug/pprof/goroutine", "", signedIn); w.Code != 200 || w.Body.Len() == 0 {
		t.Errorf("on the loopback: %d", w.Code)
	}
	if w := f.do(t, "GET", "/debug/pprof/profile?seconds=1", "", signedIn); w.Code != 200 || w.Body.Len() == 0 {
		t.Errorf("profile of the CPU: %d %s", w.Code, w.Body)
	}
	if w := f.do(t, "GET", "/debug/pprof/nothing", "", signedIn); w.Code != 404 || !strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("unknown profile: %d %s", w.Code, w.Body)
	}
	remote := func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }
	if w := f.do(t, "GET", "/debug/pprof/goroutine", "", signedIn, remote); w.Code != 403 {
		t.Errorf("from afar: %d", w.Code)
	}
}

func TestConfigValidate(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	for host, want := range map[string]bool{"": true, "0.0.0.0": true, "::": true, "localhost": true, "box.example": true, "a b": false, "http://x": false, "1.2.3.4:80": false} {
		if err := (Config{Host: host, Port: 1, MaxClients: 1}).Validate(); (err == nil) != want {
			t.Errorf("host %q: %v", host, err)
		}
	}
	for _, c := range []Config{{Port: -1, MaxClients: 1}, {Port: 65536, MaxClients: 1}, {MaxClients: 0}, {MaxClients: 10001}} {
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	for host, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "127.1.2.3": true, "0.0.0.0": false, "": false, "192.0.2.1": false, "box": false} {
		if got := (Config{Host: host}).LoopbackOnly(); got != want {
			t.Errorf("host %q on the loopback only: %v", host, got)
		}
	}
	if _, err := New(Default(), Deps{}); err == nil {
		t.Error("New without dependencies: no error")
	}
}

func cookieOf(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	r := w.Result()
	defer func() { _ = r.Body.Close() }()
	for _, c := range r.Cookies() {
		if c.Name == cookieName {
			return c
		}
	}
	t.Fatalf("no cookie: %d %s", w.Code, w.Body)
	return nil
}
