package wire

import "time"

// Status is the answer of GET /api/status and the topic "status".
type Status struct {
	Monitoring bool `json:"monitoring"`
	// Error is why monitoring stopped by itself; empty otherwise.
	Error      string   `json:"error"`
	Interfaces []string `json:"interfaces"`
	Source     Source   `json:"source"`
	// Time is the monitor's clock: the wall clock live, the packets' time for a file.
	Time time.Time `json:"time"`
	// StartedAt is when the program started; MonitoringSince when the capture did, null if it is off.
	StartedAt       time.Time  `json:"started_at"`
	MonitoringSince *time.Time `json:"monitoring_since"`
	Uptime          float64    `json:"uptime"` // seconds the program runs
	Totals          Totals     `json:"totals"`
	Rates           Rates      `json:"rates"`
	ActiveSessions  uint64     `json:"active_sessions"`
	MaxSessions     uint64     `json:"max_sessions"`
	IPs             uint64     `json:"ips"`
	Capture         Capture    `json:"capture"`
	Database        Database   `json:"database"`
	Version         string     `json:"version"`
}

// Source is what is being monitored.
type Source struct {
	Kind     string `json:"kind"` // "interface" or "file"
	Name     string `json:"name"`
	Finished bool   `json:"finished"` // a file was read to its end
}

// Totals counts since the program started.
type Totals struct {
	Bytes        uint64 `json:"bytes"` // wire, metered
	Packets      uint64 `json:"packets"`
	BytesIn      uint64 `json:"bytes_in"`
	BytesOut     uint64 `json:"bytes_out"`
	BytesOther   uint64 `json:"bytes_other"`
	PacketsIn    uint64 `json:"packets_in"`
	PacketsOut   uint64 `json:"packets_out"`
	PacketsOther uint64 `json:"packets_other"`
	Sessions     uint64 `json:"sessions"`
}

// Rates are per second, of the latest full second; byte rates are wire bytes.
type Rates struct {
	BytesIn    float64 `json:"bytes_in"`
	BytesOut   float64 `json:"bytes_out"`
	BytesOther float64 `json:"bytes_other"`
	Packets    float64 `json:"packets"`
}

// Capture accounts for every packet that was offered: packets = metered + refused,
// and dropped ones were never delivered.
type Capture struct {
	Packets         uint64            `json:"packets"`
	Bytes           uint64            `json:"bytes"`
	Metered         uint64            `json:"metered"`
	Refused         uint64            `json:"refused"`
	RefusedByReason map[string]uint64 `json:"refused_by_reason"`
	Dropped         uint64            `json:"dropped"`
	Truncated       uint64            `json:"truncated"`
	// Coverage is the part of offered packets that was metered or refused by reason, 0 to 1.
	Coverage float64 `json:"coverage"`
	// Evicted counts what a bound made the program forget early, by structure.
	Evicted map[string]uint64 `json:"evicted"`
}

// Database is the state of the store.
type Database struct {
	Path     string `json:"path"`
	Bytes    int64  `json:"bytes"`
	Sessions int64  `json:"sessions"`
	IPs      int64  `json:"ips"`
	// Error is why the last write failed; empty if it did not.
	Error string `json:"error"`
	// LastWrite is when the last batch was stored, null before the first.
	LastWrite *time.Time `json:"last_write"`
	// LostSessions counts sessions that could not be kept for a failing store.
	LostSessions uint64 `json:"lost_sessions"`
}

// Problem is an error answer: problem details, RFC 9457. Code is stable.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	// Field names the parameter that is wrong, where one is.
	Field string `json:"field,omitempty"`
}

// MonitoringResult answers start-monitoring and stop-monitoring. Both are
// idempotent; Changed is false if there was nothing to do.
type MonitoringResult struct {
	Monitoring bool `json:"monitoring"`
	Changed    bool `json:"changed"`
}

// SignIn is the body of POST /api/sign-in.
type SignIn struct {
	Password string `json:"password"`
}

// Access answers GET /api/access: whether a password is asked for and given.
type Access struct {
	PasswordRequired bool `json:"password_required"`
	SignedIn         bool `json:"signed_in"`
}

// Health answers GET /healthz.
type Health struct {
	Status string `json:"status"` // "ok"
}
