package stats

import (
	"net/netip"

	"netflow-monitor/internal/flow"
)

// SessionQuery selects, orders and pages sessions; the same one is answered by the
// engine for what lives and by a store for what has ended. Zero values select all.
type SessionQuery struct {
	Src, Dst netip.Prefix // initiator's, responder's address or network
	IP       netip.Prefix // either end
	Protocol *uint8
	Port     uint16 // either end's; 0 = any
	State    *flow.State
	Active   *bool
	From, To int64 // overlap with [From, To) in nanoseconds since the Unix epoch; 0 = open
	// OrderBy is a name from SessionColumns; ties are broken by ID in the same direction.
	OrderBy    string
	Descending bool
	Offset     int
	Limit      int
}

// IPQuery selects, orders and pages IP statistics.
type IPQuery struct {
	Network    netip.Prefix
	Local      *bool
	OrderBy    string // a name from IPColumns; ties are broken by address
	Descending bool
	Offset     int
	Limit      int
}
