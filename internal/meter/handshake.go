package meter

import (
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// handshake is how far the measurement of a TCP flow's round trip times has come.
type handshake uint8

const (
	// settled: the times are known, or never will be.
	settled handshake = iota
	// synSent: waits for the SYN-ACK. The SYN began the flow.
	synSent
	// synSentLater: the same, but the SYN's time is in cold.rtt[0].
	synSentLater
	// synRepeated: waits for a SYN-ACK of which nobody can say which SYN it answers,
	// so that the responder's time is not measured (RFC 6298 section 3).
	synRepeated
	// synAnswered: waits for the ACK of a SYN-ACK, whose time is in cold.rtt[1].
	synAnswered
)

const (
	// duplicateTime is how soon after a segment the same one is not sent again (RFC
	// 6298: 1 s, in practice at least 200 ms) but was captured twice.
	duplicateTime = int64(20 * time.Millisecond)
	// synReach is how far from its SYN a stream may be, for a SYN that comes late or
	// again to be told from that of a new connection.
	synReach = 1 << 20
)

// strays reports whether a SYN is not of the connection that the flow is: its sequence
// number fits none that was seen. That happens when a side has forgotten the connection
// and begins a new one, and when someone tries to interfere; a SYN alone proves nothing
// (RFC 9293 section 3.10.7.4). As long as nobody has answered, a new one takes its place.
func (p *pulse) strays(state flow.State, h *packet.Headers, d uint) bool {
	return p.far(h, d) && state != flow.StateSynSent
}

func (p *pulse) far(h *packet.Headers, d uint) bool {
	return p.stream[d&1]&streamSeen != 0 && p.next[d&1]-h.TCPSeq+synReach >= 2*synReach
}

// observeSyn takes a SYN or SYN-ACK into account.
func (m *Meter) observeSyn(i uint32, a *arrival, d uint) {
	h, p := &a.headers, m.table.pulse(i)
	if h.TCPMSS != 0 {
		p.mss[1-d] = max(h.TCPMSS, minMSS)
	}
	again := p.far(h, d) // the side tries again with a new sequence number
	if again {
		p.stream[d] = 0
		if p.noted {
			m.table.course(i).gaps[d] = gaps{}
		}
	}
	switch {
	case h.TCPFlags&flow.TCPAck != 0:
		if d == 1 {
			m.observeSynAck(i, a)
		}
	case d == 0:
		m.observeFirstSyn(i, a, again)
	}
	if p.stream[d]&(streamSeen|streamSyn) == streamSeen { // the SYN comes after what follows it
		m.table.course(i).counts[d].outOfOrder++
	}
}

func (m *Meter) observeFirstSyn(i uint32, a *arrival, again bool) {
	p, c := m.table.pulse(i), m.table.cold(i)
	if again || p.stream[0]&streamSyn == 0 {
		c.isn = a.headers.TCPSeq
	}
	switch {
	case again || (p.stream[0]|p.stream[1])&streamSeen == 0:
		p.handshake = synSent
		if c.start != a.time {
			p.handshake = synSentLater
			c.rtt[0] = a.time
		}
	case p.handshake == synSent && a.time-c.start > duplicateTime,
		p.handshake == synSentLater && a.time-c.rtt[0] > duplicateTime:
		p.handshake = synRepeated
	}
}

func (m *Meter) observeSynAck(i uint32, a *arrival) {
	p, c := m.table.pulse(i), m.table.cold(i)
	if p.stream[0]&streamSyn != 0 && a.headers.TCPAck-c.isn-1 >= synReach { // answers another SYN
		return
	}
	sent := int64(0)
	switch p.handshake {
	case synSent:
		sent = c.start
	case synSentLater:
		sent = c.rtt[0]
	case synAnswered:
		if a.time-c.rtt[1] > duplicateTime {
			c.rtt[1] = 0
			p.handshake = settled
		}
		return
	case settled:
		if (p.stream[0]|p.stream[1])&streamSeen != 0 {
			return
		}
	case synRepeated:
	}
	c.rtt = [2]int64{0, a.time}
	if sent != 0 {
		c.rtt[0] = roundTrip(sent, a.time)
	}
	p.handshake = synAnswered
}

// observeAnswer takes a segment other than a SYN into account that comes before the
// handshake is settled.
func (m *Meter) observeAnswer(i uint32, a *arrival, d uint) {
	if d != 0 || a.headers.TCPFlags&flow.TCPAck == 0 {
		return
	}
	m.table.settle(i, a.time)
}

// settle ends the measurement with the initiator's ACK at time t. Without a SYN-ACK
// there is nothing to know.
func (t *table) settle(i uint32, at int64) {
	p, c := t.pulse(i), t.cold(i)
	if p.handshake == synAnswered {
		c.rtt[1] = roundTrip(c.rtt[1], at)
	} else {
		c.rtt = [2]int64{}
	}
	p.handshake = settled
}

// roundTrip is at least 1 ns, because 0 says that it is not known; a clock that was
// set back leaves it unknown.
func roundTrip(from, to int64) int64 {
	if to < from {
		return 0
	}
	return max(to-from, 1)
}
