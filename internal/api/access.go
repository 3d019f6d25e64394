package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/auth"
)

const cookieName = "netflow_session"

// checkOrigin refuses what another site made a browser send.
func (s *Server) checkOrigin(r *http.Request) error {
	// Without a password the loopback is the guard, and a name that a stranger's DNS
	// points at it (DNS rebinding) would lead around it.
	if s.deps.Auth == nil && !isLoopbackHost(r.Host) {
		return forbidden("forbidden_host", "without a password the host must be localhost or a loopback address")
	}
	var protection http.CrossOriginProtection
	if err := protection.Check(r); err != nil {
		return forbidden("forbidden_origin", "requests that change something must come from this page itself")
	}
	return nil
}

func isLoopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// identify says who makes the request: by the session cookie, or by the password in
// an Authorization header (Basic with any user name, or Bearer).
func (s *Server) identify(r *http.Request) (auth.Principal, error) {
	a := s.deps.Auth
	if a == nil {
		return auth.Principal{Name: "local"}, nil
	}
	if c, err := r.Cookie(cookieName); err == nil {
		if who, ok := a.Check(c.Value); ok {
			return who, nil
		}
	}
	_, password, given := r.BasicAuth()
	if !given {
		password, given = bearer(r)
	}
	if !given {
		return auth.Principal{}, &problem{
			status: http.StatusUnauthorized, code: "not_signed_in",
			detail: "sign in at /api/sign-in, or send the password: curl -u :PASSWORD …",
		}
	}
	if err := a.CheckPassword(password, remoteAddr(r)); err != nil {
		return auth.Principal{}, err
	}
	return a.Principal(), nil
}

func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer")
}

type principalKey struct{}

func withPrincipal(r *http.Request, who auth.Principal) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), principalKey{}, who))
}

func principalOf(r *http.Request) auth.Principal {
	who, _ := r.Context().Value(principalKey{}).(auth.Principal)
	return who
}

func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func (s *Server) getAccess(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	if s.deps.Auth == nil {
		return wire.Access{SignedIn: true}, nil
	}
	_, err := s.identify(r)
	if _, limited := errors.AsType[*auth.LimitError](err); limited {
		return nil, err
	}
	return wire.Access{PasswordRequired: true, SignedIn: err == nil}, nil
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	var body wire.SignIn
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	if s.deps.Auth == nil {
		return wire.Access{SignedIn: true}, nil
	}
	token, err := s.deps.Auth.SignIn(body.Password, remoteAddr(r))
	if err != nil {
		s.log.Warn("sign-in failed", "remote", remoteAddr(r), "error", err)
		return nil, err
	}
	s.log.Info("signed in", "remote", remoteAddr(r))
	http.SetCookie(w, sessionCookie(r, token))
	return wire.Access{PasswordRequired: true, SignedIn: true}, nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	if s.deps.Auth == nil {
		return wire.Access{SignedIn: true}, nil
	}
	if c, err := r.Cookie(cookieName); err == nil {
		s.deps.Auth.SignOut(c.Value)
	}
	http.SetCookie(w, sessionCookie(r, ""))
	return wire.Access{PasswordRequired: true}, nil
}

// sessionCookie is not readable for scripts and not sent for other sites; without a
// token it removes the cookie. A proxy that speaks TLS says so in X-Forwarded-Proto;
// a client that lies only hurts itself.
func sessionCookie(r *http.Request, token string) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // G124: without TLS a browser would not keep a secure cookie
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}
