package stats

import (
	"cmp"
	"net/netip"
	"slices"

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
	Point    flow.Point     // that saw it; 0 = any
	Tunnel   flow.TunnelSet // any of the encapsulations; TunnelNone selects what came in none; 0 = all
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

// Match reports whether the query selects the session.
func (q *SessionQuery) Match(s *Session) bool {
	switch {
	case q.From != 0 && s.Last < q.From, q.To != 0 && s.Start >= q.To:
		return false
	case q.Protocol != nil && s.Key.Protocol != *q.Protocol:
		return false
	case q.State != nil && s.State != *q.State:
		return false
	case q.Point != 0 && s.Key.Point != q.Point && !s.Also.Has(q.Point):
		return false
	case q.Tunnel != 0 && !cameIn(&s.Tunnel, q.Tunnel):
		return false
	case q.Active != nil && s.Active() != *q.Active:
		return false
	}
	if q.Port != 0 {
		if src, dst := s.Key.Ports(); src != q.Port && dst != q.Port {
			return false
		}
	}
	if !q.Src.IsValid() && !q.Dst.IsValid() && !q.IP.IsValid() {
		return true
	}
	src, dst := s.Key.SrcAddr(), s.Key.DstAddr()
	return within(q.Src, src) && within(q.Dst, dst) && (within(q.IP, src) || within(q.IP, dst))
}

// cameIn reports whether one of the tunnel's encapsulations, or that it has none, is in the set.
func cameIn(t *flow.Tunnel, set flow.TunnelSet) bool {
	if t.IsZero() {
		return set.Has(flow.TunnelNone)
	}
	return slices.ContainsFunc(t.Kinds[:], func(k flow.TunnelKind) bool { return k != flow.TunnelNone && set.Has(k) })
}

// Match reports whether the query selects the IP.
func (q *IPQuery) Match(p *IP) bool {
	return within(q.Network, p.Addr) && (q.Local == nil || *q.Local == p.Local)
}

// within is true for the zero prefix, which selects all.
func within(p netip.Prefix, a netip.Addr) bool { return !p.IsValid() || p.Contains(a) }

// compare is the query's order, with the tie broken.
func (q *SessionQuery) compare() func(a, b *Session) int {
	c, ok := FindColumn(SessionColumns, q.OrderBy)
	if !ok {
		c = SessionColumns[0]
	}
	return ordered(c, q.Descending, func(a, b *Session) int { return cmp.Compare(a.ID, b.ID) })
}

func (q *IPQuery) compare() func(a, b *IP) int { return ipCompare(q.OrderBy, q.Descending) }

func ipCompare(name string, descending bool) func(a, b *IP) int {
	c, ok := FindColumn(IPColumns, name)
	if !ok {
		c = IPColumns[0]
	}
	return ordered(c, descending, func(a, b *IP) int { return a.Addr.Compare(b.Addr) })
}

func ordered[T any](c Column[T], descending bool, tie func(a, b *T) int) func(a, b *T) int {
	if descending {
		return func(a, b *T) int { return cmp.Or(c.Compare(b, a), tie(b, a)) }
	}
	return func(a, b *T) int { return cmp.Or(c.Compare(a, b), tie(a, b)) }
}
