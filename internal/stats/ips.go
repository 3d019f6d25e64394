package stats

import (
	"net/netip"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// ipTable holds the addresses, without pointers.
type ipTable struct {
	slab   slab[ip]
	index  map[[16]byte]uint32
	silent queue // by the latest record, oldest first
	// touched are slots with something that was not drained, each once: listed is one more
	// than its place here. marks are what of them was taken for deltas of earlier minutes.
	touched []uint32
	marks   []amount
}

// ip is an address. IPv4 is IPv4-mapped, which makes it the same as its mapped form.
type ip struct {
	addr [16]byte
	share
	first, last int64
	// drained is the part of the share that has left by Drain.
	drained share
	// nowSent and nowReceived are wire bytes in the second of generation.
	nowSent, nowReceived uint64
	generation           uint32
	place                uint32
	listed               uint32 // its place in touched and one, 0 for none
	local                bool
	known                bool // the slot is in use
}

// share is what an address takes part in.
type share struct {
	sent, received flow.Counters
	// Retransmitted segments, as in IP.
	retransmitsSent, retransmitsReceived uint64
	sessions                             uint64
}

func (s *share) isZero() bool { return *s == share{} }

func (s *share) sub(o share) {
	s.sent, s.received = minus(s.sent, o.sent), minus(s.received, o.received)
	s.retransmitsSent -= o.retransmitsSent
	s.retransmitsReceived -= o.retransmitsReceived
	s.sessions -= o.sessions
}

func (p *ip) netip() netip.Addr { return netip.AddrFrom16(p.addr).Unmap() }

// addIP returns the slot of an address, making one if needed.
func (e *Engine) addIP(addr *[16]byte, level int, r *flow.Record, location *geo.Location) uint32 {
	t := &e.ips
	if i, ok := t.index[*addr]; ok {
		t.silent.moveToBack(i)
		return i
	}
	if t.slab.len() >= e.cfg.MaxIPs {
		e.evictIP(t.silent.front())
	}
	i := t.slab.alloc()
	p := t.slab.at(i)
	*p = ip{addr: *addr, first: r.Start, last: r.Last, local: level >= LevelHome, listed: p.listed, known: true}
	p.place = e.places.find(location, &e.evicted)
	e.places.rows[p.place].ips++
	t.index[*addr] = i
	t.silent.pushBack(i)
	return i
}

// evictIP forgets an address, but for what the store has not got yet.
func (e *Engine) evictIP(i uint32) {
	t := &e.ips
	p := t.slab.at(i)
	e.evicted[boundIPs]++
	if d, changed := e.delta(p); changed {
		e.evicted[boundPendingIPs] += e.pending.addIP(&d, e.cfg.MaxPending)
	}
	e.leaveMinute(p)
	e.places.rows[p.place].ips--
	t.silent.remove(i)
	delete(t.index, p.addr)
	*p = ip{listed: p.listed}
	t.slab.release(i)
}

// foldEnds adds a record to both of its addresses.
func (e *Engine) foldEnds(s *session, r *flow.Record) {
	sent, received := counted{&r.Sent, r.SentTCP.Retransmits}, counted{&r.Received, r.ReceivedTCP.Retransmits}
	s.src = e.foldIP(s.src, &s.Key.Src, sent, received, r)
	s.dst = e.foldIP(s.dst, &s.Key.Dst, received, sent, r)
}

// foldIP adds counters to the address, which is in slot i unless it was evicted, and
// returns its slot.
func (e *Engine) foldIP(i uint32, addr *[16]byte, sent, received counted, r *flow.Record) uint32 {
	t := &e.ips
	if p := t.slab.at(i); !p.known || p.addr != *addr {
		a := netip.AddrFrom16(*addr).Unmap()
		level := e.home.Level(a)
		location := e.outside(a, level)
		i = e.addIP(addr, level, r, &location)
	}
	p := t.slab.at(i)
	p.sent.Add(*sent.Counters)
	p.received.Add(*received.Counters)
	p.retransmitsSent += sent.retransmits
	p.retransmitsReceived += received.retransmits
	p.first, p.last = min(p.first, r.Start), max(p.last, r.Last)
	if p.generation != e.generation {
		p.generation, p.nowSent, p.nowReceived = e.generation, 0, 0
	}
	p.nowSent += sent.WireBytes
	p.nowReceived += received.WireBytes
	t.touch(i)
	t.silent.moveToBack(i)
	return i
}

// touch notes that a slot has something to drain. A slot is noted once, also if it
// is given to another address meanwhile, so the list is never longer than the table.
func (t *ipTable) touch(i uint32) {
	if p := t.slab.at(i); p.listed == 0 {
		t.touched = append(t.touched, i)
		p.listed = uint32(len(t.touched))
	}
}

// delta is what the address did since it was drained, if anything.
func (e *Engine) delta(p *ip) (d IP, changed bool) {
	rest := p.share
	rest.sub(p.drained)
	d = e.viewIP(p)
	d.Sent, d.Received, d.Sessions = rest.sent, rest.received, rest.sessions
	d.RetransmitsSent, d.RetransmitsReceived = rest.retransmitsSent, rest.retransmitsReceived
	return d, !rest.isZero()
}

func minus(a, b flow.Counters) flow.Counters {
	return flow.Counters{
		Packets:      a.Packets - b.Packets,
		WireBytes:    a.WireBytes - b.WireBytes,
		IPBytes:      a.IPBytes - b.IPBytes,
		PayloadBytes: a.PayloadBytes - b.PayloadBytes,
	}
}

func (e *Engine) viewIP(p *ip) IP {
	return IP{
		Addr: p.netip(), Sent: p.sent, Received: p.received, Sessions: p.sessions,
		RetransmitsSent: p.retransmitsSent, RetransmitsReceived: p.retransmitsReceived,
		First: p.first, Last: p.last, Local: p.local,
		RateSent: e.rateOf(p.nowSent, p.generation), RateReceived: e.rateOf(p.nowReceived, p.generation),
	}
}

// IPs lists the addresses in memory with their totals since they came into it, and
// says how many match. An unknown order is that by total_bytes.
func (e *Engine) IPs(q IPQuery) ([]IP, int) {
	p := newPicker(q.compare(), q.Offset, q.Limit)
	e.mu.RLock()
	defer e.mu.RUnlock()
	var v IP // one for all, because it escapes
	for i := e.ips.silent.front(); i != 0; i = e.ips.silent.after(i) {
		if v = e.viewIP(e.ips.slab.at(i)); q.Match(&v) {
			p.add(&v)
		}
	}
	return p.page(), p.total
}

// IP finds an address.
func (e *Engine) IP(addr netip.Addr) (IP, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if i, ok := e.ips.index[addr.As16()]; ok && addr.IsValid() {
		return e.viewIP(e.ips.slab.at(i)), true
	}
	return IP{}, false
}

// Peers ranks the addresses that addr talks with in the sessions that live or are not
// stored yet; Sent is what the peer sent. At most n, all if n is 0.
func (e *Engine) Peers(addr netip.Addr, n int) []Rank {
	peers := newTally(&Dimension{Addresses: true})
	end := addr.WithZone("").As16()
	add := func(s *Session) {
		switch end {
		case s.Key.Dst:
			peers.add(peers.address(&s.Key.Src), s, false)
		case s.Key.Src:
			peers.add(peers.address(&s.Key.Dst), s, true)
		}
	}
	e.mu.RLock()
	var v Session // one for all, because it escapes
	for i := e.sessions.due.front(); i != 0; i = e.sessions.due.after(i) {
		v = e.view(e.sessions.slab.at(i))
		add(&v)
	}
	for s := range e.pending.ended() {
		add(s)
	}
	e.mu.RUnlock()
	return peers.Top("", n)
}
