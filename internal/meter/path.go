package meter

import (
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// groupSize is how many packets are looked up together. A look-up waits twice for
// memory; those of a group wait at the same time. Beyond 16 nothing is gained.
const groupSize = 16

// group holds packets that were decoded and are not metered yet.
type group struct {
	packets [groupSize]arrival
	count   int
	touched uint64 // keeps the compiler from leaving out the loads of touch
}

// arrival is what is kept of one packet.
type arrival struct {
	headers packet.Headers
	key     key
	time    int64
	hash    uint32
	wire    uint32
	fault   packet.Fault
	cut     bool // the capture has less than the frame
}

// take decodes one packet, and meters the group if it is full or a tick is over.
func (m *Meter) take(f *capture.Frame) {
	a := &m.group.packets[m.group.count]
	a.time = min(max(f.Time, 0), maxTime)
	a.wire = f.WireLen
	a.cut = uint32(len(f.Data)) < f.WireLen
	a.fault = packet.Decode(f.LinkType, f.Data, f.WireLen, &a.headers)
	if a.fault == packet.FaultNone {
		if f.VLANTPID != 0 {
			a.headers.AddOuterVLAN(f.VLANTCI)
		}
		a.key.load(&a.headers)
		if a.headers.Fragment != packet.FragmentNone {
			m.fragments.resolve(&a.headers, &a.key, a.time)
		}
		a.hash = a.key.hash(&m.table.seed)
	}
	m.group.count++
	if m.group.count == groupSize || a.time >= m.nextTick {
		m.meterGroup()
	}
}

// meterGroup meters the packets taken so far, in their order.
func (m *Meter) meterGroup() {
	arrivals := m.group.packets[:m.group.count]
	m.group.count = 0
	m.touch(arrivals)
	for i := range arrivals {
		m.meter(&arrivals[i])
	}
}

// touch loads the slots and then the entries that the packets will probably need, in
// loops so tight that the processor fetches all of them at the same time.
func (m *Meter) touch(arrivals []arrival) {
	var slots [groupSize]uint64
	for i := range arrivals {
		slots[i&(groupSize-1)] = m.table.home(arrivals[i].hash)
	}
	for i := range arrivals {
		if slot := uint32(slots[i&(groupSize-1)]); slot != 0 {
			e := m.table.hot(slot - 1)
			m.group.touched += e.meta + e.count[0].Packets
		}
	}
}

// meter meters one packet.
func (m *Meter) meter(a *arrival) {
	if a.time >= m.nextWork || a.time < m.clock-maxBackstep {
		m.work(a.time, sweepSlice)
	}
	m.clock = max(m.clock, a.time)
	m.input.Packets++
	m.input.WireBytes += uint64(a.wire)
	if a.fault != packet.FaultNone {
		m.refuse(a)
		return
	}
	if a.headers.Cut {
		m.input.Truncated++
	}
	e, direction := m.flow(a)
	c := &e.count[direction&1]
	c.Packets++
	c.WireBytes += uint64(a.wire)
	c.IPBytes += uint64(a.headers.IPLen)
	c.PayloadBytes += uint64(a.headers.PayloadLen)
	e.last = max(e.last, a.time)
	e.marks |= seenSent << direction
	if e.state == flow.StateUnreplied && e.marks&seenBoth == seenBoth {
		e.state = flow.StateActive
	}
}

// refuse counts a packet that belongs to no flow.
func (m *Meter) refuse(a *arrival) {
	m.input.Refused++
	m.input.RefusedBytes += uint64(a.wire)
	m.totals.Faults[a.fault]++
	switch a.fault {
	case packet.FaultTruncatedLink, packet.FaultTruncatedIP, packet.FaultTruncatedExtension, packet.FaultTruncatedTransport:
		if a.cut {
			m.input.Truncated++
		}
	default:
	}
}

// flow finds or begins the packet's flow and brings its state up to date. It returns
// the packet's direction: 0 from the initiator, 1 from the responder.
func (m *Meter) flow(a *arrival) (e *hot, direction uint) {
	h, t := &a.headers, a.time
	i, e, direction := m.table.find(&a.key, a.hash)
	if i == none {
		return m.begin(a)
	}
	gap := t - e.last
	if max(gap, -gap) >= m.idle[e.class] {
		m.end(i, e, idleReason(e))
		return m.begin(a)
	}
	if m.active != never && t-m.table.cold(i).start >= m.active {
		m.split(i, e, t)
	}
	if h.TCPFlags&eventFlags != 0 || e.class == classHalfOpen {
		if m.reopens(i, e, h) {
			m.end(i, e, flow.EndOfFlow)
			return m.begin(a)
		}
		direction = m.followTCP(i, e, h, direction)
	}
	e.flags[direction&1] |= h.TCPFlags
	if e.tick != m.tick {
		m.refresh(i, e)
	}
	return e, direction
}

// followTCP takes the packet into account for direction and state.
func (m *Meter) followTCP(i uint32, e *hot, h *packet.Headers, direction uint) uint {
	if h.TCPFlags&flow.TCPSyn != 0 {
		direction = m.reconsider(i, e, h, direction)
	}
	e.flags[direction&1] |= h.TCPFlags
	e.state = nextTCPState(e.state, h.TCPFlags, direction, h.PayloadLen > 0, e.flags)
	if next := classOf(e.protocol(), e.state); next != e.class {
		m.table.unlink(&m.lists[e.class], i)
		m.table.pushBack(&m.lists[next], i)
		e.class = next
	}
	return direction
}

// refresh is done on a flow's first packet in a tick.
func (m *Meter) refresh(i uint32, e *hot) {
	e.tick = m.tick
	m.table.moveBack(&m.lists[e.class], i)
	if m.interim {
		m.queue(i, e)
	}
}
