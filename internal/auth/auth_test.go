package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const password = "correct horse"

var client = netip.MustParseAddr("192.0.2.1")

func newAuth(tb testing.TB, change ...func(*Config)) *Auth {
	tb.Helper()
	cfg := Default()
	cfg.Password = password
	for _, c := range change {
		c(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	a.memory = 64 // the race detector makes the full cost very slow
	a.hash = a.derive(cfg.Password)
	return a
}

func TestSignInAndOut(t *testing.T) {
	a := newAuth(t)
	token, err := a.SignIn(password, client)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := a.Check(token); !ok || p.Name == "" {
		t.Errorf("fresh token: %v %v", p, ok)
	}
	other, err := a.SignIn(password, client)
	if err != nil || other == token || len(other) < 43 {
		t.Errorf("second token %q, error %v", other, err)
	}
	a.SignOut(token)
	if _, ok := a.Check(token); ok {
		t.Error("token works after sign-out")
	}
	if _, ok := a.Check(other); !ok {
		t.Error("sign-out ended another session")
	}
	for _, bad := range []string{"", "x", token + "x", strings.ToUpper(other)} {
		if _, ok := a.Check(bad); ok {
			t.Errorf("token %q is accepted", bad)
		}
	}
}

func TestWrongPasswords(t *testing.T) {
	a := newAuth(t)
	for i, bad := range []string{"", "correct", password + " ", strings.Repeat("x", 1<<20), "Correct horse"} {
		remote := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		if _, err := a.SignIn(bad, remote); !errors.Is(err, ErrWrongPassword) {
			t.Errorf("password %.20q: %v", bad, err)
		}
	}
	if err := a.CheckPassword(password, client); err != nil {
		t.Error(err)
	}
	if err := a.CheckPassword("wrong again", client); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("after the right one was remembered: %v", err)
	}
}

func TestLimitPerAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t)
		for range addressBurst {
			if _, err := a.SignIn("wrong", client); !errors.Is(err, ErrWrongPassword) {
				t.Fatal(err)
			}
		}
		_, err := a.SignIn(password, client) // even the right one: no oracle
		var limit *LimitError
		if !errors.As(err, &limit) || limit.RetryAfter <= 0 || limit.RetryAfter > addressInterval {
			t.Fatalf("after %d failures: %v", addressBurst, err)
		}
		if _, err := a.SignIn(password, netip.MustParseAddr("192.0.2.2")); err != nil {
			t.Errorf("another address: %v", err)
		}
		time.Sleep(limit.RetryAfter)
		for range 3 * addressBurst { // successes cost nothing
			if _, err := a.SignIn(password, client); err != nil {
				t.Fatalf("after waiting: %v", err)
			}
		}
	})
}

func TestLimitTreatsAnIPv6NetworkAsOne(t *testing.T) {
	a := newAuth(t)
	for i := range addressBurst {
		remote := netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", i+1))
		if _, err := a.SignIn("wrong", remote); !errors.Is(err, ErrWrongPassword) {
			t.Fatal(err)
		}
	}
	var limit *LimitError
	if _, err := a.SignIn(password, netip.MustParseAddr("2001:db8::ffff")); !errors.As(err, &limit) {
		t.Errorf("another address of the same /64: %v", err)
	}
	if _, err := a.SignIn(password, netip.MustParseAddr("2001:db8:0:1::1")); err != nil {
		t.Errorf("another /64: %v", err)
	}
}

func TestLimitOverAllAddresses(t *testing.T) {
	now := time.Now()
	l := newLimiter()
	refused := 0
	for i := range 3 * maxAddresses {
		remote := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		now = now.Add(globalInterval / 2)
		if l.take(remote, now) > 0 {
			refused++
		}
		if len(l.addresses) > maxAddresses {
			t.Fatalf("%d addresses are remembered", len(l.addresses))
		}
	}
	if low, high := 3*maxAddresses/2-2*globalBurst, 3*maxAddresses/2; refused < low || refused > high {
		t.Errorf("%d of %d refused, want %d to %d", refused, 3*maxAddresses, low, high)
	}
}

func TestSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t)
		idle, used := signIn(t, a), signIn(t, a)
		for range 7 {
			if _, ok := a.Check(used); !ok {
				t.Fatal("a session ended that is used every 23 hours")
			}
			time.Sleep(23 * time.Hour)
		}
		if _, ok := a.Check(idle); ok {
			t.Error("an idle session lives on")
		}
		time.Sleep(7 * time.Hour) // 7 x 23 h + 7 h = 7 days
		if _, ok := a.Check(used); ok {
			t.Error("a session lives after 7 days")
		}
	})
}

func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, func(c *Config) { c.MaxSessions = 3 })
		var tokens []string
		for range 3 {
			tokens = append(tokens, signIn(t, a))
			time.Sleep(time.Second)
		}
		a.Check(tokens[0]) // now the second is the one idle for longest
		time.Sleep(time.Second)
		tokens = append(tokens, signIn(t, a))
		for i, want := range []bool{true, false, true, true} {
			if _, ok := a.Check(tokens[i]); ok != want {
				t.Errorf("session %d lives: %v", i, ok)
			}
		}
		time.Sleep(25 * time.Hour)
		signIn(t, a)
		if n := len(a.sessions.byToken); n != 1 {
			t.Errorf("%d sessions are kept, want the expired ones gone", n)
		}
	})
}

func TestPasswordFile(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct{ name, text, want string }{
		{"line", "long enough\n", "long enough"},
		{"no newline", "long enough", "long enough"},
		{"first line only", "long enough\r\nsecond", "long enough"},
		{"spaces belong to it", " long enough ", " long enough "},
		{"empty", "", ""},
		{"short", "short\n", ""},
		{"long", strings.Repeat("x", maxPassword+1), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadPassword(write(tt.text))
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if _, err := ReadPassword(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	cfg := Default()
	cfg.PasswordFile = write("from the file\n")
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn("from the file", client); err != nil {
		t.Error(err)
	}
}

func TestConfigValidate(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no password":    func(c *Config) { c.Password = "" },
		"short password": func(c *Config) { c.Password = "1234567" },
		"no idle time":   func(c *Config) { c.Idle = 0 },
		"age below idle": func(c *Config) { c.MaxAge = time.Hour },
		"no sessions":    func(c *Config) { c.MaxSessions = 0 },
	} {
		cfg := Default()
		cfg.Password = password
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&cfg)
		if cfg.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: New accepts it", name)
		}
	}
}

func TestGeneratePassword(t *testing.T) {
	a, b := GeneratePassword(), GeneratePassword()
	if a == b || len(a) < 20 || checkPassword(a) != nil {
		t.Errorf("generated %q and %q", a, b)
	}
}

func TestConcurrentUse(t *testing.T) {
	a := newAuth(t)
	token := signIn(t, a)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				a.Check(token)
				if err := a.CheckPassword(password, client); err != nil {
					t.Error(err)
				}
			}
			_, _ = a.SignIn("wrong", netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}))
		})
	}
	wg.Wait()
}

func BenchmarkCheck(b *testing.B) {
	a := newAuth(b)
	token := signIn(b, a)
	for b.Loop() {
		a.Check(token)
	}
}

func BenchmarkSignIn(b *testing.B) {
	a, err := New(Config{Password: password, Idle: time.Hour, MaxAge: time.Hour, MaxSessions: 9})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		a.mu.Lock()
		a.known = nil
		a.mu.Unlock()
		signIn(b, a)
	}
}

func signIn(tb testing.TB, a *Auth) string {
	tb.Helper()
	token, err := a.SignIn(password, client)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}
