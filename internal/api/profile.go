package api

import (
	"net/http"
	"runtime/pprof"
	"strings"
	"time"
)

// cpuProfileTime must be less than writeTimeout.
const cpuProfileTime = 10 * time.Second

// getProfile writes a profile of the program to a client on the loopback: "cpu", or
// one that runtime/pprof knows by name.
func (s *Server) getProfile(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	if !remoteAddr(r).IsLoopback() {
		return nil, forbidden("forbidden_host", "profiles are given on the loopback only")
	}
	name := r.PathValue("profile")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	if name == "cpu" {
		return nil, cpuProfile(w, r)
	}
	if p := pprof.Lookup(name); p != nil {
		return nil, p.WriteTo(w, 0)
	}
	names := []string{"cpu"}
	for _, known := range pprof.Profiles() {
		names = append(names, known.Name())
	}
	return nil, notFound("no such profile; known are: " + strings.Join(names, ", "))
}

func cpuProfile(w http.ResponseWriter, r *http.Request) error {
	if err := pprof.StartCPUProfile(w); err != nil {
		return unavailable("profile_failed", err.Error())
	}
	defer pprof.StopCPUProfile()
	select {
	case <-time.After(cpuProfileTime):
	case <-r.Context().Done():
	}
	return nil
}
