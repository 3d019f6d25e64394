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
func (e *hot) strays(h *packet.Headers, d uint) bool {
	return e.far(h, d) && e.state != flow.StateSynSent
}

func (e *hot) far(h *packet.Headers, d uint) bool {
	return e.stream[d&1]&streamSeen != 0 && e.count[d&1].next-h.TCPSeq+synReach >= 2*synReach
}

// observeSyn takes a SYN or SYN-ACK into account.
func (m *Meter) observeSyn(i uint32, e *hot, a *arrival, d uint) {
	h := &a.headers
	if h.TCPMSS != 0 {
		m.table.announce(i, e, 1-d, max(h.TCPMSS, minMSS))
	}
	again := e.far(h, d) // the side tries again with a new sequence number
	if again {
		e.stream[d] &= streamShort
		if e.marks&noted != 0 {
			m.table.course(i, e).gaps[d] = gaps{}
		}
	}
	switch {
	case h.TCPFlags&flow.TCPAck != 0:
		if d == 1 {
			m.observeSynAck(i, e, a)
		}
	case d == 0:
		m.observeFirstSyn(i, e, a, again)
	}
	if e.stream[d]&(streamSeen|streamSyn) == streamSeen { // the SYN comes after what follows it
		m.table.course(i, e).counts[d].outOfOrder++
	}
}

// announce notes the longest segment that the direction may send.
func (t *table) announce(i uint32, e *hot, d uint, mss uint16) {
	t.cold(i).mss[d] = mss
	e.stream[d] &^= streamShort
	if mss < usualMSS(uint8(e.meta)) {
		e.stream[d] |= streamShort
	}
}

func (m *Meter) observeFirstSyn(i uint32, e *hot, a *arrival, again bool) {
	c := m.table.cold(i)
	if again || e.stream[0]&streamSyn == 0 {
		c.isn = a.headers.TCPSeq
	}
	switch {
	case again || (e.stream[0]|e.stream[1])&streamSeen == 0:
		e.handshake = synSent
		if c.start != a.time {
			e.handshake = synSentLater
			c.rtt[0] = a.time
		}
	case e.handshake == synSent && a.time-c.start > duplicateTime,
		e.handshake == synSentLater && a.time-c.rtt[0] > duplicateTime:
		e.handshake = synRepeated
	}
}

func (m *Meter) observeSynAck(i uint32, e *hot, a *arrival) {
	c := m.table.cold(i)
	if e.stream[0]&streamSyn != 0 && a.headers.TCPAck-c.isn-1 >= synReach { // answers another SYN
		return
	}
	sent := int64(0)
	switch e.handshake {
	case synSent:
		sent = c.start
	case synSentLater:
		sent = c.rtt[0]
	case synAnswered:
		if a.time-c.rtt[1] > duplicateTime {
			c.rtt[1] = 0
			e.handshake = settled
		}
		return
	case settled:
		if (e.stream[0]|e.stream[1])&streamSeen != 0 {
			return
		}
	case synRepeated:
	}
	c.rtt = [2]int64{0, a.time}
	if sent != 0 {
		c.rtt[0] = roundTrip(sent, a.time)
	}
	e.handshake = synAnswered
}

// observeAnswer takes a segment other than a SYN into account that comes before the
// handshake is settled.
func (m *Meter) observeAnswer(i uint32, e *hot, a *arrival, d uint) {
	if d != 0 || a.headers.TCPFlags&flow.TCPAck == 0 {
		return
	}
	m.table.settle(i, e, a.time)
}

// settle ends the measurement with the initiator's ACK at time t. Without a SYN-ACK
// there is nothing to know.
func (t *table) settle(i uint32, e *hot, at int64) {
	c := t.cold(i)
	if e.handshake == synAnswered {
		c.rtt[1] = roundTrip(c.rtt[1], at)
	} else {
		c.rtt = [2]int64{}
	}
	e.handshake = settled
}

// roundTrip is at least 1 ns, because 0 says that it is not known; a clock that was
// set back leaves it unknown.
func roundTrip(from, to int64) int64 {
	if to < from {
		return 0
	}
	return max(to-from, 1)
}
