package meter

import (
	"math"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	// sweepSlice bounds the flows that end between two packets, so that a mass
	// expiry never keeps the ring waiting.
	sweepSlice = 16
	// restSlice bounds them while no packet is waiting.
	restSlice = 1 << 14
)

// begin makes an entry for the packet's flow. It returns the packet's direction.
func (m *Meter) begin(a *arrival) (i uint32, e *hot, direction uint) {
	if m.table.full() {
		if m.congested(a.time) && m.overflow.is(m) {
			return m.overflow.take(m, a)
		}
		m.evict(a.time)
		m.prepareOverflow(a)
	}
	return m.insert(a)
}

// insert is begin where there is room.
func (m *Meter) insert(a *arrival) (i uint32, e *hot, direction uint) {
	h, t := &a.headers, a.time
	i = m.table.insert(a.hash)
	e = m.table.hot(i)
	c := m.table.cold(i)
	backwards, by := orient(h)
	*e = hot{last: t, tick: m.tick, marks: e.marks & queued}
	e.setKey(a.key)
	if backwards {
		e.setKey(a.key.reverse())
		direction = 1
	}
	if h.Protocol == flow.ProtoTCP {
		e.state = firstTCPState(h.TCPFlags)
	}
	e.flags[direction&1] = h.TCPFlags
	e.class = classOf(h.Protocol, e.state)
	*c = cold{start: t, id: m.nextID(t), hash: a.hash, icmpType: h.ICMPType, icmpCode: h.ICMPCode, evidence: by}
	if h.TCPFlags&handshakeFlags == flow.TCPSyn {
		c.isn = h.TCPSeq
	}
	if h.Protocol == flow.ProtoTCP {
		mss := usualMSS(h.Version)
		c.mss = [2]uint16{mss, mss}
	}
	if h.TunnelDepth > 0 {
		m.enterTunnel(i, e, h, backwards)
	}
	m.table.pushBack(&m.lists[e.class], i)
	if m.interim {
		m.queue(i, e)
	}
	m.totals.Started++
	return i, e, direction
}

// enterTunnel notes what the flow's first packet came in.
func (m *Meter) enterTunnel(i uint32, e *hot, h *packet.Headers, backwards bool) {
	e.marks |= tunnelled
	t := m.table.tunnel(i)
	*t = h.Tunnel
	if backwards {
		reverseTunnel(t)
	}
}

func reverseTunnel(t *flow.Tunnel) { t.Src, t.Dst = t.Dst, t.Src }

func (m *Meter) nextID(start int64) uint64 {
	m.sequence += m.step
	return flow.NewID(start, m.sequence-m.step)
}

// end hands over the flow's last record and gives its entry back.
func (m *Meter) end(i uint32, e *hot, reason flow.EndReason) {
	m.record(i, e, reason)
	m.totals.Ended[reason]++
	m.table.unlink(&m.lists[e.class], i)
	m.table.remove(i)
	e.tick = 0
	e.marks &= queued
}

// split ends a session that has lasted as long as one may and goes on with the rest
// of the same flow as a new session in the same direction.
func (m *Meter) split(i uint32, e *hot, t int64) {
	m.record(i, e, flow.EndActiveTimeout)
	m.totals.Ended[flow.EndActiveTimeout]++
	m.totals.Started++
	c := m.table.cold(i)
	if e.handshake == synSent {
		c.rtt[0] = c.start
		e.handshake = synSentLater
	}
	c.start, c.id, c.evidence = t, m.nextID(t), bySyn
	e.last = t
	e.flags = [2]uint8{}
	e.marks &= queued | tunnelled | responderReset | noted
	if e.state == flow.StateActive {
		e.state = flow.StateUnreplied
	}
}

func idleReason(e *hot) flow.EndReason {
	if e.class == classClosing {
		return flow.EndOfFlow
	}
	return flow.EndIdleTimeout
}

// expired reports whether the flow's idle time-out was over at time t, which may be
// before its latest packet if times are out of order.
func (m *Meter) expired(e *hot, t int64) bool {
	gap := t - e.last
	return max(gap, -gap) >= m.idle[e.class]
}

// evict makes room in a full table: of the flows at the lists' heads the one idle
// for longest ends.
func (m *Meter) evict(t int64) {
	victim, oldest := none, int64(math.MaxInt64)
	for _, l := range m.lists {
		if l.head == none {
			continue
		}
		if last := m.table.hot(l.head).last; last < oldest {
			victim, oldest = l.head, last
		}
	}
	e := m.table.hot(victim)
	reason := flow.EndLackOfResources
	if m.expired(e, t) {
		reason = idleReason(e)
	}
	m.end(victim, e, reason)
}

// expire ends up to budget flows whose idle time-out is over. It reports whether
// there may be more. Only the heads of the lists are looked at.
func (m *Meter) expire(budget int) bool {
	if m.table.used <= m.retain {
		return false
	}
	if m.congested(m.clock) {
		return true
	}
	for class := range m.lists {
		l, idle := &m.lists[class], m.idle[class]
		for idle != never && l.head != none {
			e := m.table.hot(l.head)
			if !m.expired(e, m.clock) {
				break
			}
			if budget == 0 {
				return true
			}
			budget--
			m.table.fetchAfter(l.head)
			m.end(l.head, e, idleReason(e))
			if m.table.used <= m.retain {
				return false
			}
		}
	}
	return false
}

// work does what is due at time t besides metering: the end of a tick, and a slice of
// the expiry that follows it.
func (m *Meter) work(t int64, budget int) {
	if m.nextTick == 0 {
		m.since = t
	}
	if m.nextTick == 0 || t < m.clock-maxBackstep {
		m.clock, m.nextTick = t, m.tickAfter(t)
	}
	if t >= m.nextTick {
		m.releaseOld(t)
		m.endTick(m.nextTick)
		m.nextTick = m.tickAfter(t)
	}
	m.clock = max(m.clock, t)
	m.nextWork = m.nextTick
	if m.expire(budget) {
		m.nextWork = 0
	}
}

func (m *Meter) tickAfter(t int64) int64 { return t - t%m.interval + m.interval }

// rest is work while the source has no packet. Before the first one, a file's clock
// may not be known. The clock of a stream stands still until the next packet, which
// may be far: what happened since the last tick is handed over at once.
func (m *Meter) rest(t int64) {
	if t <= 0 {
		return
	}
	still := t <= m.clock
	m.work(min(t, maxTime), restSlice)
	if !still || !m.interim {
		return
	}
	m.releaseAll()
	if in := m.input(); in.Packets > 0 {
		m.endTick(m.clock + 1) // a batch holds what is before its time
	}
}

// endTick hands over what happened until time t.
func (m *Meter) endTick(t int64) {
	m.output.clock = max(m.output.clock, t)
	m.flush()
	m.publish()
	if m.tick++; m.tick == 0 {
		m.tick = 1
	}
	m.followPoints()
}

// endAll hands over the last records of all flows, because the source ended. The
// reasons are exact, however far the expiry had come. The table is left as it is:
// nobody looks into it any more.
func (m *Meter) endAll() {
	for class := range m.lists {
		for i := m.lists[class].head; i != none; i = m.table.cold(i).next {
			e := m.table.hot(i)
			reason := flow.EndForced
			if e.class == classClosing || m.expired(e, m.clock) {
				reason = idleReason(e)
			}
			m.record(i, e, reason)
			m.totals.Ended[reason]++
			m.table.used--
		}
	}
}
