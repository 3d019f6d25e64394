package stats

import (
	"cmp"
	"net/netip"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// sessionTable holds the sessions that live. It has no pointers into itself, so
// that it costs the garbage collector next to nothing.
type sessionTable struct {
	slab slab[session]
	// details are of those sessions that have any.
	details slab[details]
	// index is by the ID of the records.
	index map[uint64]uint32
	// parts are the IDs of sessions that had to make room and came back, to those of
	// their records; count is how many there were.
	parts map[uint64]uint64
	count uint32
	// silent orders by the latest record, due by the latest snapshot; both oldest first.
	silent, due queue
}

// common is the part of a Session that every session has, under the same names.
type common struct {
	ID                             uint64
	Key                            flow.Key
	Start, Last                    int64
	Sent, Received                 flow.Counters
	RTTClient, RTTServer           int64
	TCPFlagsSent, TCPFlagsReceived uint8
	ICMPType, ICMPCode             uint8
	State                          flow.State
	End                            flow.EndReason
	Direction                      Direction
	SrcOrigin, DstOrigin           Origin
}

// details are the part that most sessions don't have: half as much again.
type details struct {
	SentTCP, ReceivedTCP flow.TCPCounters
	Tunnel               flow.Tunnel
	Also                 flow.PointList
	Carried              bool
}

// session is a living session and where its records are folded to.
type session struct {
	common
	// details is a slot of the table's details, 0 for none.
	details uint32
	// sent and received are wire bytes in the second of generation.
	sent, received uint64
	generation     uint32
	// src and dst are slots of the IP table, which may have been reused since.
	src, dst           uint32
	srcPlace, dstPlace uint32
	arc                uint32
	ranks              [maxRankRows]uint32
	// point is the observation point that the ranks are of.
	point   flow.Point
	changed bool // since the latest snapshot
	// snapshot is the time of the latest one for the store.
	snapshot int64
}

// fold adds one record to everything that is known.
func (e *Engine) fold(r *flow.Record, sample *Sample) {
	i, known := e.sessions.index[r.ID]
	if !known {
		if !r.First && r.Sent.IsZero() && r.Received.IsZero() {
			return // the end of one that had to make room and did nothing since
		}
		i = e.addSession(r)
		if r.First {
			sample.NewSessions++
		}
	}
	s := e.sessions.slab.at(i)
	e.foldSession(s, r)
	e.foldEnds(s, r)
	e.foldRanks(s, r)
	e.foldPlaces(s, r)
	e.foldSamples(s, r, sample)
	sample.ActiveSessions = max(sample.ActiveSessions, uint64(e.sessions.slab.len()))
	if r.End != flow.EndNone {
		e.endSession(i, r.End)
		return
	}
	e.sessions.silent.moveToBack(i)
}

// foldSamples counts a record for all points and for its own. What others carry is in
// theirs already.
func (e *Engine) foldSamples(s *session, r *flow.Record, total *Sample) {
	sent, received, again := volume(&r.Sent), volume(&r.Received), r.SentTCP.Retransmits+r.ReceivedTCP.Retransmits
	if !r.Carried {
		total.count(s.Direction, sent, received)
		total.Retransmits += again
	}
	point := cmp.Or(r.Counted, r.Key.Point)
	if point == 0 {
		return
	}
	p := e.tickOf(point, floorDiv(total.Time, second))
	p.count(s.Direction, sent, received)
	p.Retransmits += again
	if r.First {
		p.NewSessions++
	}
}

func (e *Engine) foldSession(s *session, r *flow.Record) {
	s.Key.Point = r.Key.Point
	s.Last = max(s.Last, r.Last)
	s.Sent.Add(r.Sent)
	s.Received.Add(r.Received)
	s.TCPFlagsSent |= r.TCPFlagsSent
	s.TCPFlagsReceived |= r.TCPFlagsReceived
	e.foldDetails(s, r)
	s.RTTClient, s.RTTServer = cmp.Or(r.RTTClient, s.RTTClient), cmp.Or(r.RTTServer, s.RTTServer)
	s.State = r.State
	s.changed = true
	if s.generation != e.generation {
		s.generation, s.sent, s.received = e.generation, 0, 0
	}
	s.sent += r.Sent.WireBytes
	s.received += r.Received.WireBytes
}

// foldDetails makes room for details once there are any.
func (e *Engine) foldDetails(s *session, r *flow.Record) {
	none := flow.TCPCounters{}
	t := &e.sessions
	if s.details == 0 {
		if r.SentTCP == none && r.ReceivedTCP == none && r.Tunnel.IsZero() && r.Also == (flow.PointList{}) && !r.Carried {
			return
		}
		s.details = t.details.alloc()
		*t.details.at(s.details) = details{}
	}
	d := t.details.at(s.details)
	if d.Tunnel.IsZero() {
		d.Tunnel = r.Tunnel
	}
	d.Also, d.Carried = r.Also, r.Carried
	d.SentTCP.Add(r.SentTCP)
	d.ReceivedTCP.Add(r.ReceivedTCP)
}

// addSession makes a session of its first record, or of a later one if it was
// evicted meanwhile: then it is another session that begins here, because what was
// counted before has ended under the first one's ID.
func (e *Engine) addSession(r *flow.Record) uint32 {
	t := &e.sessions
	if t.slab.len() >= e.cfg.MaxSessions {
		e.evicted[boundSessions]++
		e.endSession(t.silent.front(), flow.EndLackOfResources)
	}
	i := t.slab.alloc()
	s := t.slab.at(i)
	*s = session{
		common: common{
			ID: r.ID, Key: r.Key, Start: r.Start, Last: r.Last,
			ICMPType: r.ICMPType, ICMPCode: r.ICMPCode,
		},
		snapshot: e.clock,
	}
	if !r.First {
		s.Start, s.ID = r.Last, t.partID(r)
	}
	t.index[r.ID] = i
	t.silent.pushBack(i)
	t.due.pushBack(i)

	src, dst := r.Key.SrcAddr(), r.Key.DstAddr()
	srcLevel, dstLevel := e.home.Level(src), e.home.Level(dst)
	s.Direction = direction(srcLevel, dstLevel)
	srcLocation, dstLocation := &e.scratch[0], &e.scratch[1]
	*srcLocation, *dstLocation = e.outside(src, srcLevel), e.outside(dst, dstLevel)
	s.SrcOrigin, s.DstOrigin = origin(srcLocation), origin(dstLocation)
	s.src = e.addIP(&r.Key.Src, srcLevel, r, srcLocation)
	s.dst = e.addIP(&r.Key.Dst, dstLevel, r, dstLocation)
	if r.First {
		e.ips.slab.at(s.src).sessions++
		if s.src != s.dst {
			e.ips.slab.at(s.dst).sessions++
		}
	}
	s.point = cmp.Or(r.Counted, r.Key.Point)
	e.rankSession(s, r.First, srcLocation, dstLocation)
	e.placeSession(s, r.First, srcLocation, dstLocation)
	return i
}

// partID makes the ID of a session that came back, in the millisecond of its latest packet.
// One that a living session has is not taken; that one of the few others of the same
// millisecond has it is a matter of millions to one.
func (t *sessionTable) partID(r *flow.Record) uint64 {
	for {
		t.count++
		id := flow.NewID(r.Last, -t.count)
		_, taken := t.index[id]
		if _, part := t.parts[id]; !taken && !part {
			t.parts[id] = r.ID
			return id
		}
	}
}

// find returns the slot of a living session.
func (t *sessionTable) find(id uint64) (uint32, bool) {
	if records, part := t.parts[id]; part {
		id = records
	} else if i, ok := t.index[id]; ok && t.slab.at(i).ID != id {
		return 0, false // that is a later part of it
	}
	i, ok := t.index[id]
	return i, ok
}

// forget removes a session from the indices.
func (t *sessionTable) forget(id uint64) {
	if records, part := t.parts[id]; part {
		delete(t.parts, id)
		id = records
	}
	delete(t.index, id)
}

// outside is an address's location, zero if it is at home: home is one place, and
// what is asked of a ranking of countries is who is on the other side.
func (e *Engine) outside(addr netip.Addr, level int) geo.Location {
	if level >= LevelHome {
		return geo.Location{}
	}
	return e.locator.Locate(addr)
}

func origin(l *geo.Location) (o Origin) {
	o.ASN = l.ASN
	if len(l.CountryCode) == len(o.Country) {
		copy(o.Country[:], l.CountryCode)
	}
	return o
}

// endSession moves a session from those that live to those that wait for the store.
func (e *Engine) endSession(i uint32, reason flow.EndReason) {
	t := &e.sessions
	s := t.slab.at(i)
	s.End = reason
	ended := e.view(s)
	ended.RateSent, ended.RateReceived = 0, 0
	e.evicted[boundPendingSessions] += e.pending.addSession(&ended, e.cfg.MaxPending)
	if s.details != 0 {
		t.details.release(s.details)
	}
	t.silent.remove(i)
	t.due.remove(i)
	t.forget(s.ID)
	t.slab.release(i)
}

// view is the session as of now.
func (e *Engine) view(s *session) Session {
	v := Session{
		ID: s.ID, Key: s.Key, Start: s.Start, Last: s.Last, Sent: s.Sent, Received: s.Received,
		RTTClient: s.RTTClient, RTTServer: s.RTTServer, TCPFlagsSent: s.TCPFlagsSent, TCPFlagsReceived: s.TCPFlagsReceived,
		ICMPType: s.ICMPType, ICMPCode: s.ICMPCode, State: s.State, End: s.End, Direction: s.Direction,
		SrcOrigin: s.SrcOrigin, DstOrigin: s.DstOrigin,
		RateSent: e.rateOf(s.sent, s.generation), RateReceived: e.rateOf(s.received, s.generation),
	}
	if s.details != 0 {
		d := e.sessions.details.at(s.details)
		v.SentTCP, v.ReceivedTCP, v.Tunnel = d.SentTCP, d.ReceivedTCP, d.Tunnel
		v.Also, v.Carried = d.Also, d.Carried
	}
	return v
}

// Sessions lists sessions that live and ended ones that are not stored yet, in an
// order, and says how many match, also before q.After. An unknown order is that by last_seen.
func (e *Engine) Sessions(q SessionQuery) ([]Session, int) {
	p, total := newPicker(q.compare(), q.Offset, q.Limit), 0
	e.EachSession(q, func(s *Session) {
		total++
		if q.After == nil || q.Passed(q.CursorOf(s)) {
			p.add(s)
		}
	})
	return p.page(), total
}

// EachSession visits the sessions that match, those that live and ended ones that are not
// stored yet, in no order. The visitor must neither keep nor ask the engine anything.
func (e *Engine) EachSession(q SessionQuery, visit func(*Session)) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var v Session // one for all, because it escapes
	for i := e.sessions.due.front(); i != 0; i = e.sessions.due.after(i) {
		if v = e.view(e.sessions.slab.at(i)); q.Match(&v) {
			visit(&v)
		}
	}
	for s := range e.pending.ended() {
		if q.Match(s) {
			visit(s)
		}
	}
}

// Session finds a session by its ID.
func (e *Engine) Session(id uint64) (Session, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if i, ok := e.sessions.find(id); ok {
		return e.view(e.sessions.slab.at(i)), true
	}
	for s := range e.pending.ended() {
		if s.ID == id {
			return *s, true
		}
	}
	return Session{}, false
}

// count adds a session's deltas, each packet by its own direction.
func (s *Sample) count(d Direction, sent, received Volume) {
	switch d {
	case DirectionOut:
		s.Out.add(sent)
		s.In.add(received)
	case DirectionIn:
		s.In.add(sent)
		s.Out.add(received)
	default:
		s.Other.add(sent)
		s.Other.add(received)
	}
}
