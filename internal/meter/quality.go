package meter

import (
	"math"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	tcpHeader = 20
	// defaultMSS is the segment size in IPv4 where none was announced: then a packet
	// above 1500 bytes was joined from several.
	defaultMSS = 1460
	// usualIPLen is the longest IP packet that carries no more than that.
	usualIPLen = defaultMSS + 2*tcpHeader
	// minMSS is the smallest announced segment size that is believed; Linux doesn't go
	// below it either (tcp_min_snd_mss), and it leaves 8 bytes beside the longest header.
	minMSS = 48
)

// stream are facts about one direction.
type stream uint8

const (
	streamSeen   stream = 1 << iota // next is valid
	streamSyn                       // its SYN was seen
	streamClosed                    // its receive window is closed
	streamShort                     // its segments are shorter than an Ethernet frame takes
)

// course is what is known of a TCP flow whose segments do not all come in order
// and once. Where there are no gaps, its first cache line is all that is touched.
type course struct {
	retransmittedBytes [2]uint64
	counts             [2]qualityCounts
	gapped             [2]bool // there are gaps
	_                  [6]byte
	gaps               [2]gaps
}

type qualityCounts struct{ retransmits, outOfOrder, zeroWindows, offloaded uint32 }

// usualMSS is the longest segment where none was announced: in IPv6 its header leaves
// 20 bytes less.
func usualMSS(version uint8) uint16 {
	if version == 6 {
		return defaultMSS - 20
	}
	return defaultMSS
}

func (t *table) tunnel(i uint32) *flow.Tunnel { return &t.tunnels.items[i] }

// course returns the flow's course, a new one if it had none.
func (t *table) course(i uint32, e *hot) *course {
	c := &t.courses.items[i]
	if e.marks&noted == 0 {
		*c = course{}
		e.marks |= noted
	}
	return c
}

// observe follows the quality of a TCP flow. Nearly all segments are the next one in
// an open window.
func (m *Meter) observe(i uint32, e *hot, a *arrival, direction uint) {
	h, d := &a.headers, direction&1
	next := &e.count[d].next
	if h.TCPSeq == *next && h.TCPWindow != 0 && h.TCPFlags&eventFlags == 0 && e.handshake == settled &&
		e.stream[d]&^streamSyn == streamSeen && h.IPLen <= usualIPLen {
		*next += h.PayloadLen
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
	h := &a.headers
	switch {
	case h.TCPWindow != 0:
		e.stream[d] &^= streamClosed
	case e.stream[d]&streamClosed == 0:
		e.stream[d] |= streamClosed
		m.table.course(i, e).counts[d].zeroWindows++
	}
	if h.TCPFlags&flow.TCPSyn != 0 {
		if e.strays(h, d) {
			m.noteNewcomer(i, e, a, d)
			return
		}
		m.observeSyn(i, e, a, d)
	} else if e.handshake != settled {
		m.observeAnswer(i, e, a, d)
	}
	m.observeSequence(i, e, h, d)
	m.observeSize(i, e, h, d)
}

// observeSize estimates how many segments were joined to one by offload: TSO before
// sending, GRO after receiving. None is longer than the other side announced that it
// takes, all options included (RFC 6691).
func (m *Meter) observeSize(i uint32, e *hot, h *packet.Headers, d uint) {
	options := uint32(max(h.TCPHeaderLen, tcpHeader)) - tcpHeader
	mss := uint32(m.table.cold(i).mss[d])
	if h.PayloadLen+options <= mss {
		return
	}
	segment := mss - options
	m.table.course(i, e).counts[d].offloaded += (h.PayloadLen+segment-1)/segment - 1
}

// report adds a TCP flow's quality to its record and begins new deltas.
func (t *table) report(i uint32, e *hot, r *flow.Record) {
	resets, rtt := &t.cold(i).resets, &t.cold(i).rtt
	r.SentTCP.Resets, r.ReceivedTCP.Resets = uint64(resets[0]), uint64(resets[1])
	*resets = [2]uint16{}
	if e.handshake == settled || e.handshake == synAnswered {
		r.RTTServer = rtt[0]
	}
	if e.handshake == settled {
		r.RTTClient = rtt[1]
	}
	if e.marks&noted == 0 {
		return
	}
	c := t.course(i, e)
	for d, to := range [2]*flow.TCPCounters{&r.SentTCP, &r.ReceivedTCP} {
		n := &c.counts[d]
		to.Retransmits, to.RetransmittedBytes = uint64(n.retransmits), c.retransmittedBytes[d]
		to.OutOfOrder, to.ZeroWindows = uint64(n.outOfOrder), uint64(n.zeroWindows)
		to.OffloadedPackets = uint64(n.offloaded)
	}
	c.counts, c.retransmittedBytes = [2]qualityCounts{}, [2]uint64{}
}

// turnQuality exchanges the directions of a flow.
func (t *table) turnQuality(i uint32, e *hot) {
	e.stream[0], e.stream[1] = e.stream[1], e.stream[0]
	c := t.cold(i)
	c.mss[0], c.mss[1] = c.mss[1], c.mss[0]
	c.resets[0], c.resets[1] = c.resets[1], c.resets[0]
	if e.marks&noted != 0 {
		c := t.course(i, e)
		c.retransmittedBytes[0], c.retransmittedBytes[1] = c.retransmittedBytes[1], c.retransmittedBytes[0]
		c.counts[0], c.counts[1] = c.counts[1], c.counts[0]
		c.gaps[0], c.gaps[1] = c.gaps[1], c.gaps[0]
		c.gapped[0], c.gapped[1] = c.gapped[1], c.gapped[0]
	}
}
