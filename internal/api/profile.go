package api

import (
	"net/http"
	"runtime/pprof"
	"strings"
	"time"
)

// profileParams are those that `go tool pprof` sends. The longest profile must be over
// before writeTimeout.
func profileParams() []param {
	return []param{
		{name: "seconds", kind: kindNumber, doc: "length of a CPU profile", fallback: "10", min: 1, max: 50},
		{name: "debug", kind: kindNumber, doc: "1 or 2: as text, but for a CPU profile", fallback: "0", min: 0, max: 2},
	}
}

const cpuProfileName = "profile"

// getProfile writes a profile of the program to a client on the loopback: "profile" is
// that of the CPU, the others runtime/pprof knows by name.
func (s *Server) getProfile(w http.ResponseWriter, r *http.Request, q *query) (any, error) {
	if !remoteAddr(r).IsLoopback() {
		return nil, forbidden("forbidden_host", "profiles are given on the loopback only")
	}
	name := r.PathValue("profile")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	if name == cpuProfileName {
		return nil, cpuProfile(w, r, time.Duration(q.number("seconds"))*time.Second)
	}
	if p := pprof.Lookup(name); p != nil {
		return nil, p.WriteTo(w, int(q.number("debug")))
	}
	names := []string{cpuProfileName}
	for _, known := range pprof.Profiles() {
		names = append(names, known.Name())
	}
	return nil, notFound("no such profile; known are: " + strings.Join(names, ", "))
}

func cpuProfile(w http.ResponseWriter, r *http.Request, length time.Duration) error {
	if err := pprof.StartCPUProfile(w); err != nil {
		return unavailable("profile_failed", err.Error())
	}
	defer pprof.StopCPUProfile()
	select {
	case <-time.After(length):
	case <-r.Context().Done():
	}
	return nil
}
