package meter

import (
	"math"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	tcpHeader = 20
	// defaultMSS is the segment size in IPv4 where none was announced: then a packet
	// above 1500 bytes was joined from several. In IPv6 its header leaves 20 less.
	defaultMSS = 1460
	// minMSS is the smallest announced segment size that is believed; Linux doesn't go
	// below it either (tcp_min_snd_mss), and it leaves 8 bytes beside the longest header.
	minMSS = 48
)

// pulse is what every segment of a TCP flow touches: a quarter of a cache line. Index
// 0 is the direction of the initiator.
type pulse struct {
	next      [2]uint32 // one above the highest sequence number seen
	mss       [2]uint16 // longest segment of this direction, options included
	stream    [2]stream
	handshake handshake
	noted     bool // the flow has a course
}

// stream are facts about one direction.
type stream uint8

const (
	streamSeen   stream = 1 << iota // next is valid
	streamSyn                       // its SYN was seen
	streamClosed                    // its receive window is closed
)

// course is what is known of a TCP flow beyond its pulse: nothing, as long as its
// segments come in order and once.
type course struct {
	retransmittedBytes [2]uint64
	counts             [2]qualityCounts
	gaps               [2]gaps
}

type qualityCounts struct{ retransmits, outOfOrder, zeroWindows, offloaded uint32 }

func newPulse(h *packet.Headers) pulse {
	mss := uint16(defaultMSS)
	if h.Version == 6 {
		mss -= 20
	}
	return pulse{mss: [2]uint16{mss, mss}}
}

func (t *table) pulse(i uint32) *pulse        { return &t.pulses.items[i] }
func (t *table) tunnel(i uint32) *flow.Tunnel { return &t.tunnels.items[i] }

// course returns the flow's course, a new one if it had none.
func (t *table) course(i uint32) *course {
	c := &t.courses.items[i]
	if p := t.pulse(i); !p.noted {
		*c = course{}
		p.noted = true
	}
	return c
}

// observe follows the quality of a TCP flow. Nearly all segments are the next one in
// an open window.
func (m *Meter) observe(i uint32, e *hot, a *arrival, direction uint) {
	h, p, d := &a.headers, m.table.pulse(i), direction&1
	if h.TCPSeq == p.next[d] && h.TCPWindow != 0 && h.TCPFlags&eventFlags == 0 && p.handshake == settled &&
		p.stream[d]&^streamSyn == streamSeen && h.PayloadLen+uint32(h.TCPHeaderLen) <= uint32(p.mss[d])+tcpHeader {
		p.next[d] += h.PayloadLen
		return
	}
	switch {
	case h.TCPFlags&flow.TCPRst != 0:
		m.observeReset(i, e, d)
	case h.Cut, h.Fragment == packet.FragmentLater: // the rest of its header is missing
	default:
		m.observeClosely(i, e, a, d)
	}
}

// observeReset counts an RST. Its sequence number and its window are of no meaning.
func (m *Meter) observeReset(i uint32, e *hot, d uint) {
	resets := &m.table.cold(i).resets
	if d == 1 && e.flags[0]&flow.TCPRst == 0 {
		e.marks |= responderReset
	}
	resets[d] = uint16(min(int(resets[d])+1, math.MaxUint16))
}

func (m *Meter) observeClosely(i uint32, e *hot, a *arrival, d uint) {
	h, p := &a.headers, m.table.pulse(i)
	switch {
	case h.TCPWindow != 0:
		p.stream[d] &^= streamClosed
	case p.stream[d]&streamClosed == 0:
		p.stream[d] |= streamClosed
		m.table.course(i).counts[d].zeroWindows++
	}
	if h.TCPFlags&flow.TCPSyn != 0 {
		if p.strays(e.state, h, d) {
			m.noteNewcomer(i, e, a, d)
			return
		}
		m.observeSyn(i, a, d)
	} else if p.handshake != settled {
		m.observeAnswer(i, a, d)
	}
	m.observeSequence(i, h, d)
	m.observeSize(i, h, d)
}

// observeSize estimates how many segments were joined to one by offload: TSO before
// sending, GRO after receiving. None is longer than the other side announced that it
// takes, all options included (RFC 6691).
func (m *Meter) observeSize(i uint32, h *packet.Headers, d uint) {
	options := uint32(max(h.TCPHeaderLen, tcpHeader)) - tcpHeader
	mss := uint32(m.table.pulse(i).mss[d])
	if h.PayloadLen+options <= mss {
		return
	}
	segment := mss - options
	m.table.course(i).counts[d].offloaded += (h.PayloadLen+segment-1)/segment - 1
}

// report adds a TCP flow's quality to its record and begins new deltas.
func (t *table) report(i uint32, r *flow.Record) {
	resets := &t.cold(i).resets
	r.SentTCP.Resets, r.ReceivedTCP.Resets = uint64(resets[0]), uint64(resets[1])
	*resets = [2]uint16{}
	p, rtt := t.pulse(i), t.cold(i).rtt
	if p.handshake == settled || p.handshake == synAnswered {
		r.RTTServer = rtt[0]
	}
	if p.handshake == settled {
		r.RTTClient = rtt[1]
	}
	if !p.noted {
		return
	}
	c := t.course(i)
	for d, to := range [2]*flow.TCPCounters{&r.SentTCP, &r.ReceivedTCP} {
		n := &c.counts[d]
		to.Retransmits, to.RetransmittedBytes = uint64(n.retransmits), c.retransmittedBytes[d]
		to.OutOfOrder, to.ZeroWindows = uint64(n.outOfOrder), uint64(n.zeroWindows)
		to.OffloadedPackets = uint64(n.offloaded)
	}
	c.counts, c.retransmittedBytes = [2]qualityCounts{}, [2]uint64{}
}

// turnQuality exchanges the directions of a flow.
func (t *table) turnQuality(i uint32) {
	p, resets := t.pulse(i), &t.cold(i).resets
	p.next[0], p.next[1] = p.next[1], p.next[0]
	p.mss[0], p.mss[1] = p.mss[1], p.mss[0]
	p.stream[0], p.stream[1] = p.stream[1], p.stream[0]
	resets[0], resets[1] = resets[1], resets[0]
	if p.noted {
		c := t.course(i)
		c.retransmittedBytes[0], c.retransmittedBytes[1] = c.retransmittedBytes[1], c.retransmittedBytes[0]
		c.counts[0], c.counts[1] = c.counts[1], c.counts[0]
		c.gaps[0], c.gaps[1] = c.gaps[1], c.gaps[0]
	}
}
