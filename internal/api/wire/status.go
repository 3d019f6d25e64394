package wire

import "time"

// Status is the answer of GET /api/status and the topic "status".
type Status struct {
	Monitoring bool `json:"monitoring"`
	// Error is why monitoring stopped by itself; empty otherwise.
	Error string `json:"error"`
	// Interfaces are the names of those that packets are captured on now; Points tells how
	// each fares, and those that were named and are not there.
	Interfaces []string           `json:"interfaces"`
	Points     []ObservationPoint `json:"points"`
	Source     Source             `json:"source"`
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
	// Span is the second, minute, hour or day that the answer is of, where at= was asked for.
	// Totals count from the start of the program before it, at StartedAt. Points are those
	// that captured then. IPs, Evicted and RefusedByReason are not kept: 0 and empty;
	// Source, MaxSessions, Database and Version are those of now.
	Span *Span `json:"span,omitempty"`
}

// Source is what is being monitored.
type Source struct {
	Kind     string `json:"kind"`     // "interface" or "file"
	Name     string `json:"name"`     // of several interfaces with commas between; "any"
	Finished bool   `json:"finished"` // a file was read to its end
	// Filter is the capture filter, empty if every packet is taken.
	Filter string `json:"filter"`
}

// ObservationPoint is an interface, or the file: what was captured there, beside what
// the kernel counted at it in the same time.
type ObservationPoint struct {
	Name string `json:"name"`
	// Type is what kind of interface it is: ethernet, bridge, wireguard, …; file.
	Type string `json:"type"`
	// State is "capturing", "off", "down", "gone", or "unsupported" for a link type that
	// can't be decoded.
	State string `json:"state"`
	// What was captured, and its wire bytes; refused and duplicates are among it. A
	// duplicate counts at another point. Offloaded estimates how many more packets were on
	// the wire, where the card joined segments.
	Packets    uint64 `json:"packets"`
	Bytes      uint64 `json:"bytes"`
	Refused    uint64 `json:"refused"`
	Truncated  uint64 `json:"truncated"`
	Duplicates uint64 `json:"duplicates"`
	Offloaded  uint64 `json:"offloaded"`
	// Dropped is what the ring lost; null if it shares its ring with others.
	Dropped *uint64 `json:"dropped"`
	// What the interface counted itself, both ways; null where it does not, or where a
	// filter leaves packets out. Missed packets were lost by the card, dropped ones
	// discarded by the kernel.
	KernelPackets *uint64 `json:"kernel_packets"`
	KernelBytes   *uint64 `json:"kernel_bytes"`
	KernelMissed  *uint64 `json:"kernel_missed"`
	KernelDropped *uint64 `json:"kernel_dropped"`
	// Coverage is the part of what there was that was captured, 0 to 1, in all and within
	// the last minute.
	Coverage       float64 `json:"coverage"`
	CoverageMinute float64 `json:"coverage_minute"`
	// Rate is wire bytes per second captured there, duplicates included.
	Rate float64 `json:"rate"`
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
// and dropped ones were never delivered. Of the metered ones, duplicates count at another
// observation point.
type Capture struct {
	Packets         uint64            `json:"packets"`
	Bytes           uint64            `json:"bytes"`
	Metered         uint64            `json:"metered"`
	Duplicates      uint64            `json:"duplicates"`
	DuplicateBytes  uint64            `json:"duplicate_bytes"`
	Offloaded       uint64            `json:"offloaded"`
	Refused         uint64            `json:"refused"`
	RefusedByReason map[string]uint64 `json:"refused_by_reason"`
	Dropped         uint64            `json:"dropped"`
	Truncated       uint64            `json:"truncated"`
	// What the interfaces counted themselves in the same time, all 0 if they don't or if a
	// filter leaves packets out.
	KernelPackets uint64 `json:"kernel_packets"`
	KernelBytes   uint64 `json:"kernel_bytes"`
	KernelMissed  uint64 `json:"kernel_missed"`
	KernelDropped uint64 `json:"kernel_dropped"`
	// Coverage is the part of what there was that was captured, 0 to 1, in all and within
	// the last minute.
	Coverage       float64 `json:"coverage"`
	CoverageMinute float64 `json:"coverage_minute"`
	// Workers is how many rings and flow tables share the packets, RingBytes the size of
	// each ring; 0 for a file.
	Workers   int `json:"workers"`
	RingBytes int `json:"ring_bytes"`
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
	// LostSessions counts sessions that could not be kept for a failing store, LostEvents
	// events.
	LostSessions uint64 `json:"lost_sessions"`
	LostEvents   uint64 `json:"lost_events"`
	// MaxBytes is what the files together may take; 0 is no bound. FreeBytes of them are room
	// for rows to come.
	MaxBytes  int64 `json:"max_bytes"`
	FreeBytes int64 `json:"free_bytes"`
	// GrowthPerDay is how many bytes a day would take that was as the last 24 hours were, or
	// what there is of them; FitsDays is how many such days fit. Null while there is less than
	// an hour, or too few sessions; FitsDays also without a bound.
	GrowthPerDay *float64 `json:"growth_per_day"`
	FitsDays     *float64 `json:"fits_days"`
	// The oldest of each kind there is; null if there is none.
	OldestSession *time.Time `json:"oldest_session"`
	OldestMinute  *time.Time `json:"oldest_minute"`
	OldestHour    *time.Time `json:"oldest_hour"`
	OldestDay     *time.Time `json:"oldest_day"`
	// ShortenedRows counts rows that went before their time because of MaxBytes.
	ShortenedRows int64 `json:"shortened_rows"`
	// SetAside is where a file was moved last that could not be used; empty if none was.
	SetAside string `json:"set_aside"`
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
