package auth

import (
	"crypto/sha256"
	"time"
)

// sessions holds who is signed in, by the hash of the token: a look at the memory
// shows no token, and looking one up takes no time that depends on it. It is not
// safe for concurrent use.
type sessions struct {
	max          int
	idle, maxAge time.Duration
	byToken      map[[sha256.Size]byte]session
}

type session struct {
	created, used time.Time
}

func newSessions(limit int, idle, maxAge time.Duration) *sessions {
	return &sessions{max: limit, idle: idle, maxAge: maxAge, byToken: make(map[[sha256.Size]byte]session)}
}

func (s *sessions) add(token string, now time.Time) {
	if len(s.byToken) >= s.max {
		s.makeRoom(now)
	}
	s.byToken[sha256.Sum256([]byte(token))] = session{created: now, used: now}
}

// use reports whether the token's session lives, and marks it as used.
func (s *sessions) use(token string, now time.Time) bool {
	key := sha256.Sum256([]byte(token))
	found, ok := s.byToken[key]
	if !ok {
		return false
	}
	if s.expired(found, now) {
		delete(s.byToken, key)
		return false
	}
	found.used = now
	s.byToken[key] = found
	return true
}

func (s *sessions) remove(token string) { delete(s.byToken, sha256.Sum256([]byte(token))) }

func (s *sessions) expired(e session, now time.Time) bool {
	return now.Sub(e.used) >= s.idle || now.Sub(e.created) >= s.maxAge
}

// makeRoom removes all expired sessions, or the one idle for longest if there are none.
func (s *sessions) makeRoom(now time.Time) {
	var oldest [sha256.Size]byte
	var when time.Time
	for key, e := range s.byToken {
		if s.expired(e, now) {
			delete(s.byToken, key)
		} else if when.IsZero() || e.used.Before(when) {
			oldest, when = key, e.used
		}
	}
	if len(s.byToken) >= s.max {
		delete(s.byToken, oldest)
	}
}
