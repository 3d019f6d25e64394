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
	// Direction, Country (ISO code) and ASN; the last two are of either end.
	Direction *Direction
	Country   string
	ASN       uint32
	// Terms are the readings of a search text: one of them must match. Nil = any session,
	// empty = none.
	Terms []Term
	// The bounds are inclusive; 0 = open. Bytes are wire bytes both ways, durations nanoseconds.
	MinBytes, MaxBytes       uint64
	MinDuration, MaxDuration int64
	From, To                 int64 // overlap with [From, To) in nanoseconds since the Unix epoch; 0 = open
	// OrderBy is a name from SessionColumns; ties are broken by ID in the same direction.
	OrderBy    string
	Descending bool
	// Uncounted says that nobody asks how many match.
	Uncounted bool
	// After selects what comes behind a place in the order; nil = from the beginning.
	After  *Cursor
	Offset int
	Limit  int
}

// Cursor is a place in an ordered list of sessions: that of the session with this key and ID.
type Cursor struct {
	Key SortKey
	ID  uint64
}

// Term is one reading of a search text. Exactly one of its fields is set.
type Term struct {
	Network  netip.Prefix // of either end
	Port     uint16       // of either end
	Protocol *uint8
	Country  string // ISO code, of either end
	ASN      uint32 // of either end
	State    *flow.State
	Point    flow.Point // that saw it
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
	case q.Direction != nil && s.Direction != *q.Direction:
		return false
	case q.Country != "" && !s.from(q.Country):
		return false
	case q.ASN != 0 && s.SrcOrigin.ASN != q.ASN && s.DstOrigin.ASN != q.ASN:
		return false
	case !q.withinBounds(s):
		return false
	case q.Terms != nil && !slices.ContainsFunc(q.Terms, func(t Term) bool { return t.Match(s) }):
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

func (q *SessionQuery) withinBounds(s *Session) bool {
	bytes, duration := s.Sent.WireBytes+s.Received.WireBytes, s.Last-s.Start
	return bytes >= q.MinBytes && (q.MaxBytes == 0 || bytes <= q.MaxBytes) &&
		(q.MinDuration == 0 || duration >= q.MinDuration) && (q.MaxDuration == 0 || duration <= q.MaxDuration)
}

// from reports whether either end is in the country.
func (s *Session) from(country string) bool {
	return s.SrcOrigin.CountryCode() == country || s.DstOrigin.CountryCode() == country
}

// Match reports whether the term matches the session.
func (t *Term) Match(s *Session) bool {
	src, dst := s.Key.Ports()
	switch {
	case t.Network.IsValid():
		return t.Network.Contains(s.Key.SrcAddr()) || t.Network.Contains(s.Key.DstAddr())
	case t.Port != 0:
		return src == t.Port || dst == t.Port
	case t.Protocol != nil:
		return s.Key.Protocol == *t.Protocol
	case t.Country != "":
		return s.from(t.Country)
	case t.ASN != 0:
		return s.SrcOrigin.ASN == t.ASN || s.DstOrigin.ASN == t.ASN
	case t.State != nil:
		return s.State == *t.State
	case t.Point != 0:
		return s.Key.Point == t.Point || s.Also.Has(t.Point)
	}
	return false
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

// column is what the query orders by; an unknown name is the first column.
func (q *SessionQuery) column() Column[Session] {
	if c, ok := FindColumn(SessionColumns, q.OrderBy); ok {
		return c
	}
	return SessionColumns[0]
}

// compare is the query's order, with the tie broken.
func (q *SessionQuery) compare() func(a, b *Session) int {
	return ordered(q.column(), q.Descending, func(a, b *Session) int { return cmp.Compare(a.ID, b.ID) })
}

// CursorOf is the session's place in the query's order.
func (q *SessionQuery) CursorOf(s *Session) *Cursor {
	return &Cursor{Key: q.column().Key(s), ID: s.ID}
}

// Passed reports whether the place lies behind q.After in the query's order.
func (q *SessionQuery) Passed(c *Cursor) bool {
	if q.After == nil {
		return true
	}
	order := cmp.Or(c.Key.Compare(q.After.Key), cmp.Compare(c.ID, q.After.ID))
	if q.Descending {
		order = -order
	}
	return order > 0
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
