package meter

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// maxLeap is how far a sequence number may be from the one expected: the largest
// window (RFC 7323 section 2.3). Beyond it nothing can be said.
const maxLeap = 1 << 30

// gap is the sequence numbers from lo up to, but not with, hi; all numbers are
// modulo 2^32 (RFC 9293 section 3.4).
type gap struct{ lo, hi uint32 }

// maxGaps bounds the gaps that are remembered of a stream. Behind a link that loses
// 3 % of the packets of a fast connection, 16 were mostly enough, and not always.
const maxGaps = 32

// gaps are the latest ranges that a stream has jumped over, in their order. What was in
// an older one, or before the first segment seen, counts as seen, so that an observer
// who has missed much says retransmitted where it was out of order.
type gaps struct {
	list  [maxGaps]gap
	count uint8
}

func (g *gaps) all() []gap { return g.list[:min(g.count, maxGaps)] }

func (g gap) length() uint32 { return g.hi - g.lo }

// common is the part of g that lies between lo and hi.
func (g gap) common(lo, hi uint32) gap {
	if int32(g.lo-lo) > 0 {
		lo = g.lo
	}
	if int32(g.hi-hi) < 0 {
		hi = g.hi
	}
	if int32(hi-lo) <= 0 {
		return gap{}
	}
	return gap{lo, hi}
}

// open adds a gap above all others; the oldest makes room.
func (g *gaps) open(lo, hi uint32) {
	if g.count == maxGaps {
		copy(g.list[:], g.list[1:])
		g.count--
	}
	g.keep(gap{lo, hi})
}

func (g *gaps) keep(x gap) {
	if x.length() > 0 && g.count < maxGaps {
		g.list[g.count] = x
		g.count++
	}
}

// missing is how many of the numbers between lo and hi were not seen.
func (g *gaps) missing(lo, hi uint32) (n uint32) {
	for _, x := range g.all() {
		n += x.common(lo, hi).length()
	}
	return n
}

// fill takes the numbers between lo and hi out of the gaps. A gap filled in its middle
// becomes two; if there is room for one only, the longer stays.
func (g *gaps) fill(lo, hi uint32) {
	old := *g
	g.count = 0
	for i, x := range old.all() {
		c := x.common(lo, hi)
		if c == (gap{}) {
			g.keep(x)
			continue
		}
		left, right := gap{x.lo, c.lo}, gap{c.hi, x.hi}
		if more := int(old.count) - i - 1; int(g.count)+2+more > maxGaps && left.length() > 0 && right.length() > 0 {
			if left.length() > right.length() {
				right = gap{}
			} else {
				left = gap{}
			}
		}
		g.keep(left)
		g.keep(right)
	}
}

// observeSequence tells new segments from repeated and late ones. SYN and FIN take a
// number each.
func (m *Meter) observeSequence(i uint32, e *hot, h *packet.Headers, d uint) {
	next := &e.count[d].next
	begin := h.TCPSeq
	if h.TCPFlags&flow.TCPSyn != 0 {
		if e.stream[d]&(streamSeen|streamSyn) == streamSeen {
			e.stream[d] |= streamSyn
			return
		}
		e.stream[d] |= streamSyn
		begin++
	}
	end := begin + h.PayloadLen
	after := end
	if h.TCPFlags&flow.TCPFin != 0 {
		after++
	}
	ahead := int32(h.TCPSeq - *next)
	switch {
	case e.stream[d]&streamSeen == 0, ahead >= maxLeap, ahead <= -maxLeap:
		m.table.restart(i, e, d, after)
	case after == h.TCPSeq: // carries no number
	case ahead >= 0:
		if ahead > 0 {
			c := m.table.course(i, e)
			c.gaps[d].open(*next, h.TCPSeq)
			c.gapped[d] = true
		}
		*next = after
	case ahead == -1 && h.PayloadLen <= 1 && h.TCPFlags&eventFlags == 0: // a keep-alive (RFC 9293 section 3.8.4)
	default:
		m.observeOld(i, e, h, d, begin, end, after)
	}
}

// restart follows a stream from the number next on.
func (t *table) restart(i uint32, e *hot, d uint, next uint32) {
	e.stream[d] |= streamSeen
	e.count[d].next = next
	if e.marks&noted != 0 {
		c := t.course(i, e)
		c.gaps[d].count, c.gapped[d] = 0, false
	}
}

// observeOld takes a segment into account that begins below the highest number seen.
// Its payload is from begin to end, and after is the number that follows it.
func (m *Meter) observeOld(i uint32, e *hot, h *packet.Headers, d uint, begin, end, after uint32) {
	next, c := &e.count[d].next, m.table.course(i, e)
	known := func(hi uint32) uint32 { // where what is known of numbers up to hi ends
		if int32(hi-*next) > 0 {
			return *next
		}
		return hi
	}
	missing := func(lo, hi uint32) uint32 {
		if !c.gapped[d] {
			return 0
		}
		return c.gaps[d].missing(lo, hi)
	}
	old := known(after)
	if old-h.TCPSeq > missing(h.TCPSeq, old) {
		c.counts[d].retransmits++
		if old = known(end); int32(old-begin) > 0 {
			c.retransmittedBytes[d] += uint64(old - begin - missing(begin, old))
		}
	} else {
		c.counts[d].outOfOrder++
	}
	if c.gapped[d] {
		c.gaps[d].fill(h.TCPSeq, after)
		c.gapped[d] = c.gaps[d].count > 0
	}
	if int32(after-*next) > 0 {
		*next = after
	}
}
