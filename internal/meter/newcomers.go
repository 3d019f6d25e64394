package meter

import (
	"netflow-monitor/internal/flow"
)

// newcomerSlots bounds the new connections whose answer is waited for.
const newcomerSlots = 64

// newcomers are the SYNs that came on living flows and are not of their connections.
// If the other side answers one, that is a new connection between the same ports, of
// which the SYN was the first packet; else it was a packet of the flow it came on, as
// it was counted (RFC 9293 section 3.10.7.4: a challenge ACK is the answer to that).
type newcomers [newcomerSlots]newcomer

type newcomer struct {
	session   uint64 // on which it came; 0 if there is none
	tick      uint32
	direction uint
	before    int64 // time of the session's packet before it
	syns      held
}

// noteNewcomer remembers a SYN that strays.
func (m *Meter) noteNewcomer(i uint32, e *hot, a *arrival, d uint) {
	if m.idle[classClosing] == never || a.headers.TCPFlags&flow.TCPAck != 0 {
		return
	}
	n, id := &m.newcomers[a.hash%newcomerSlots], m.table.cold(i).id
	if n.session != id || n.direction != d || n.syns.arrival.headers.TCPSeq != a.headers.TCPSeq || n.tick != m.tick && m.interim {
		*n = newcomer{session: id, tick: m.tick, direction: d, before: e.last, syns: held{arrival: *a, first: a.time, last: a.time}}
	}
	n.syns.add(a)
}

// welcomes reports whether the packet answers a newcomer on flow i. If so, the flow
// has ended, and the newcomer's packets are counted on one of its own.
func (m *Meter) welcomes(i uint32, e *hot, a *arrival, direction uint) bool {
	h, slot := &a.headers, &m.newcomers[a.hash%newcomerSlots]
	if h.TCPFlags&handshakeFlags != handshakeFlags || slot.session == 0 || slot.session != m.table.cold(i).id ||
		slot.direction == direction&1 || h.TCPAck != slot.syns.arrival.headers.TCPSeq+1 {
		return false
	}
	n := *slot
	*slot = newcomer{}
	if m.interim && n.tick != m.tick { // a record may have told of the SYN
		m.end(i, e, flow.EndOfFlow)
		return true
	}
	m.table.add(i, e, n.direction&1, negative(n.syns.count))
	if e.last == n.syns.last {
		e.last = max(n.before, m.table.cold(i).start)
	}
	if e.stream[n.direction&1]&streamSyn == 0 {
		e.flags[n.direction&1] &^= flow.TCPSyn
	}
	m.end(i, e, flow.EndOfFlow)
	first := &n.syns.arrival
	i, e, d := m.credit(first, &n.syns)
	m.observe(i, e, first, d)
	if n.syns.count.Packets > 1 {
		first.time = n.syns.last
		m.observe(i, e, first, d)
	}
	return true
}

// negative is what takes c away when it is added.
func negative(c flow.Counters) flow.Counters {
	return flow.Counters{Packets: -c.Packets, WireBytes: -c.WireBytes, IPBytes: -c.IPBytes, PayloadBytes: -c.PayloadBytes}
}
