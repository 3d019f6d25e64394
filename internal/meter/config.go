// Package meter is the Metering Process (RFC 7011 section 2): packets in, flow
// records out. One goroutine owns the ring and the flow table, so that a packet costs
// one parse and one table update: no lock, no channel, no allocation.
package meter

import (
	"errors"
	"fmt"
	"time"

	"netflow-monitor/internal/flow"
)

// maxSessionsLimit keeps slot references within 32 bits and the table within 12 GB.
const maxSessionsLimit = 1 << 26

// Config holds the settings of a Meter. A time-out of 0 means never.
type Config struct {
	// IdleTCP ends a TCP session without packets for so long.
	IdleTCP time.Duration
	// IdleClosing ends a TCP session so long after the last packet that followed a
	// FIN from both sides or an RST. With 0, a new SYN on such a session is counted
	// on it; otherwise it begins a new one.
	IdleClosing time.Duration
	// IdleHalfOpen ends a TCP session whose handshake is not complete.
	IdleHalfOpen time.Duration
	// IdleUDP, IdleICMP and IdleOther end sessions of the other protocols.
	IdleUDP, IdleICMP, IdleOther time.Duration
	// Active splits a session that has lasted so long; 0 never splits.
	Active time.Duration
	// MaxSessions bounds the flow table: 1 to 67 108 864. A session costs about 208
	// bytes while it lives, a TCP session with losses 776, and one in a tunnel 40 more.
	// If the table is full, the one idle for longest ends.
	MaxSessions int
	// Decapsulate are the kinds of tunnels of which the inner session is metered.
	Decapsulate flow.TunnelSet
	// Retain is how many flows may stay in the table after their idle time-out, until
	// they have a packet or room is needed. The packets of a file may be far out of
	// order; then a session is still whole, whatever was read in between. 0 ends them
	// as soon as the clock says so.
	Retain int
	// Point is the observation point of packets whose source has only one.
	Point flow.Point
	// Points tells those of the others; nil if there are none.
	Points Points
	// Interim lets records of living sessions leave once an Interval. Without it a
	// session has one record, at its end.
	Interim bool
	// Interval is the source time between two batches, 100 ms to 1 min.
	Interval time.Duration
	// FirstSequence starts the running number in session identifiers, and SequenceStep
	// is what it rises by; 0 is 1. Meters that run at the same time get different numbers
	// of the same step, a power of two.
	FirstSequence, SequenceStep uint32
	// Seed of the table's hash. 0 takes a random one, so that nobody can choose
	// packets that collide. The output never depends on it.
	Seed uint64
}

// Default is the configuration of a live monitor.
func Default() Config {
	return Config{
		IdleTCP:      300 * time.Second,
		IdleClosing:  10 * time.Second,
		IdleHalfOpen: 30 * time.Second,
		IdleUDP:      60 * time.Second,
		IdleICMP:     30 * time.Second,
		IdleOther:    60 * time.Second,
		MaxSessions:  100_000,
		Decapsulate:  flow.AllTunnels,
		Interim:      true,
		Interval:     time.Second,
	}
}

// WithTimeouts is c with one idle time-out for sessions of every kind, and an active
// time-out; with 0 and 0 no session is ever split.
func (c Config) WithTimeouts(idle, active time.Duration) Config {
	c.IdleTCP, c.IdleUDP, c.IdleICMP, c.IdleOther = idle, idle, idle, idle
	c.IdleHalfOpen, c.IdleClosing = idle, idle
	c.Active = active
	return c
}

// Validate names everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"tcp idle time-out", c.IdleTCP},
		{"tcp closing time-out", c.IdleClosing},
		{"tcp half-open time-out", c.IdleHalfOpen},
		{"udp idle time-out", c.IdleUDP},
		{"icmp idle time-out", c.IdleICMP},
		{"idle time-out of other protocols", c.IdleOther},
		{"active time-out", c.Active},
	} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s %v is negative: use 0 for never, or more", d.name, d.value))
		}
	}
	if c.MaxSessions < 1 || c.MaxSessions > maxSessionsLimit {
		errs = append(errs, fmt.Errorf("max sessions %d is out of range: use 1 to %d", c.MaxSessions, maxSessionsLimit))
	}
	if c.Retain < 0 {
		errs = append(errs, fmt.Errorf("retain %d is negative: use 0 for none, or more", c.Retain))
	}
	if c.Interval < 100*time.Millisecond || c.Interval > time.Minute {
		errs = append(errs, fmt.Errorf("interval %v is out of range: use 100ms to 1m", c.Interval))
	}
	return errors.Join(errs...)
}
