// Package auth decides who may come in. Its first form knows one password; whoever
// has it may do everything. Users and roles will be more Principals behind the same
// Check, and more than one hash behind the same SignIn.
package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// Config says what the password is and how long a sign-in lasts.
type Config struct {
	// Password is used if it is not empty, else the first line of PasswordFile.
	Password     string
	PasswordFile string
	// Idle ends a session not used for so long, MaxAge any session.
	Idle, MaxAge time.Duration
	// MaxSessions bounds how many are signed in; the one idle for longest makes room.
	MaxSessions int
}

// Default is 24 hours idle, 7 days in all, 1000 sessions, and no password.
func Default() Config {
	return Config{Idle: 24 * time.Hour, MaxAge: 7 * 24 * time.Hour, MaxSessions: 1000}
}

// Validate reports every value that is out of range.
func (c Config) Validate() error {
	var errs []error
	if c.Password == "" && c.PasswordFile == "" {
		errs = append(errs, errors.New("no password: give password_file or a password"))
	}
	if c.Password != "" {
		errs = append(errs, checkPassword(c.Password))
	}
	if c.Idle < time.Minute || c.MaxAge < c.Idle {
		errs = append(errs, errors.New("idle time must be at least a minute and at most the maximum age"))
	}
	if c.MaxSessions < 1 || c.MaxSessions > 1e6 {
		errs = append(errs, errors.New("maximum of sessions must be from 1 to 1000000"))
	}
	return errors.Join(errs...)
}

// Principal is who is signed in.
type Principal struct {
	Name string
}

// administrator is who knows the one password.
var administrator = Principal{Name: "admin"}

// ErrWrongPassword is returned for a password that is not the one.
var ErrWrongPassword = errors.New("wrong password")

// LimitError is returned when there were too many failed attempts.
type LimitError struct {
	// RetryAfter is when the next attempt is worthwhile.
	RetryAfter time.Duration
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("too many failed attempts: try again in %s", e.RetryAfter.Round(time.Second))
}

// Cost of argon2id, as OWASP advises for small memory: 19 MiB, two passes, one lane.
const (
	argonTime   = 2
	argonMemory = 19 * 1024 // KiB
	argonLanes  = 1
	hashSize    = 32
)

// Auth checks passwords and session tokens. All methods may be called from any goroutine.
type Auth struct {
	salt, hash []byte
	memory     uint32 // of argon2id, in KiB
	// known is a keyed digest of the right password: a client that sends it with
	// every request pays for argon2id only once. It lives in memory only.
	knownKey []byte

	hashing sync.Mutex // one hash at a time, so that its memory is needed once

	mu       sync.Mutex // guards what follows
	known    []byte
	limiter  *limiter
	sessions *sessions
}

// New reads the password and hashes it.
func New(cfg Config) (*Auth, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	password := cfg.Password
	if password == "" {
		var err error
		if password, err = ReadPassword(cfg.PasswordFile); err != nil {
			return nil, err
		}
	}
	a := &Auth{
		salt: random(16), knownKey: random(32), memory: argonMemory,
		limiter:  newLimiter(),
		sessions: newSessions(cfg.MaxSessions, cfg.Idle, cfg.MaxAge),
	}
	a.hash = a.derive(password)
	return a, nil
}

// SignIn returns a session token for the right password. Errors are
// ErrWrongPassword and *LimitError.
func (a *Auth) SignIn(password string, remote netip.Addr) (token string, err error) {
	if err := a.CheckPassword(password, remote); err != nil {
		return "", err
	}
	token = base64.RawURLEncoding.EncodeToString(random(32))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions.add(token, time.Now())
	return token, nil
}

// CheckPassword reports whether the password is right, without a session. Failures
// count against the address and against all addresses together.
func (a *Auth) CheckPassword(password string, remote netip.Addr) error {
	digest := a.digest(password)
	a.mu.Lock()
	if wait := a.limiter.take(remote, time.Now()); wait > 0 {
		a.mu.Unlock()
		return &LimitError{RetryAfter: wait}
	}
	right := a.known != nil && hmac.Equal(a.known, digest)
	a.mu.Unlock()

	if !right {
		right = len(password) <= maxPassword && subtle.ConstantTimeCompare(a.derive(password), a.hash) == 1
	}
	if !right {
		return ErrWrongPassword
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = digest
	a.limiter.giveBack(remote)
	return nil
}

// Check returns who holds the token, and keeps the session from becoming idle.
func (a *Auth) Check(token string) (Principal, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.sessions.use(token, time.Now()) {
		return Principal{}, false
	}
	return administrator, true
}

// Principal is who knows the password that CheckPassword found right.
func (a *Auth) Principal() Principal { return administrator }

// SignOut ends the session of the token, if there is one.
func (a *Auth) SignOut(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions.remove(token)
}

func (a *Auth) derive(password string) []byte {
	a.hashing.Lock()
	defer a.hashing.Unlock()
	return argon2.IDKey([]byte(password), a.salt, argonTime, a.memory, argonLanes, hashSize)
}

func (a *Auth) digest(password string) []byte {
	mac := hmac.New(sha256.New, a.knownKey)
	mac.Write([]byte(password))
	return mac.Sum(nil)
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return b
}
