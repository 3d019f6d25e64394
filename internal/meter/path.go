package meter

import (
	"unsafe"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// groupSize is how many packets are looked up together. A look-up waits twice for
// memory; those of a group wait at the same time, and while others are worked on.
const groupSize = 16

// tagLen is the length in bytes of an 802.1Q tag.
const tagLen = 4

// pipeline holds packets that were decoded and are not metered yet: a group that
// takes in, and the one before it, whose entries are on their way to the cache.
type pipeline struct {
	groups  [2]group
	filling int // index of the group that takes in
}

type group struct {
	packets [groupSize]arrival
	count   int
}

// arrival is what is kept of one packet.
type arrival struct {
	headers packet.Headers
	key     key
	time    int64
	hash    uint32
	wire    uint32
	sight   uint16 // of the observation point: an index of inputs
	fault   packet.Fault
	cut     bool // the capture has less than the frame
}

// take decodes one packet, and moves the pipeline on if its group is full, or empties
// it if a tick is over.
func (m *Meter) take(f *capture.Frame) {
	g := &m.pipeline.groups[m.pipeline.filling&1]
	a := &g.packets[g.count&(groupSize-1)]
	a.time = min(max(f.Time, 0), maxTime)
	a.wire = f.WireLen
	length := f.WireLen
	if f.VLANTPID != 0 {
		length -= min(length, tagLen)
	}
	a.cut = uint32(len(f.Data)) < length
	s := m.sights.at(f.Interface)
	if s.iface != f.Interface {
		m.meet(s, f.Interface)
	}
	a.sight = s.input
	a.fault = m.decoder.Decode(f.LinkType, f.Data, length, &a.headers)
	if a.fault == packet.FaultNone {
		if f.VLANTPID != 0 {
			a.headers.AddOuterVLAN(f.VLANTCI)
		}
		m.tagged = m.tagged || a.headers.VLAN != 0
		a.key.load(&a.headers, s.point)
		a.hash = a.key.hash(&m.table.seed)
	}
	g.count++
	if a.time >= m.nextTick {
		m.meterAll()
	} else if g.count == groupSize {
		m.advance()
	}
}

// meterAll meters the packets taken so far.
func (m *Meter) meterAll() {
	m.advance()
	m.advance()
}

// advance meters the older group while the slots of the newer one are fetched, then
// has the entries fetched that those slots name. They come while the next group is
// taken in.
func (m *Meter) advance() {
	newer := &m.pipeline.groups[m.pipeline.filling&1]
	m.pipeline.filling ^= 1
	older := &m.pipeline.groups[m.pipeline.filling&1]

	var lines [2 * groupSize]unsafe.Pointer
	arrivals := newer.packets[:newer.count]
	for i := range arrivals {
		lines[i&(groupSize-1)] = unsafe.Pointer(m.table.home(arrivals[i].hash)) //nolint:gosec // only to be fetched
	}
	prefetch(lines[:len(arrivals)])
	for i := range older.packets[:older.count] {
		m.meter(&older.packets[i])
	}
	older.count = 0

	found := lines[:0]
	for i := range arrivals {
		if slot := uint32(*m.table.home(arrivals[i].hash)); slot != 0 {
			e := m.table.hot(slot - 1)
			found = append(found, unsafe.Pointer(&e.src), unsafe.Pointer(&e.count)) //nolint:gosec // only to be fetched
		}
	}
	prefetch(found)
}

// meter meters one packet.
func (m *Meter) meter(a *arrival) {
	if a.time >= m.nextWork || a.time < m.clock-maxBackstep {
		m.work(a.time, sweepSlice)
	}
	m.clock = max(m.clock, a.time)
	if a.headers.Fragment != packet.FragmentNone && a.fault == packet.FaultNone && m.defragment(a) {
		return
	}
	in := &m.inputs[a.sight]
	in.Packets++
	in.WireBytes += uint64(a.wire)
	if a.fault != packet.FaultNone {
		m.refuse(a, &in.Input)
		return
	}
	if a.headers.Cut {
		in.Truncated++
	}
	i, e, direction := m.flow(a)
	c := &e.count[direction&1]
	if c.packets++; c.packets == 0 {
		m.table.cold(i).packets[direction&1]++
	}
	c.wire += uint64(a.wire)
	c.ip += uint64(a.headers.IPLen)
	c.payload += uint64(a.headers.PayloadLen)
	e.mark(direction)
	if a.headers.Protocol == flow.ProtoTCP {
		m.observe(i, e, a, direction)
	}
	e.last = max(e.last, a.time)
}

// refuse counts a packet that belongs to no flow.
func (m *Meter) refuse(a *arrival, in *flow.Input) {
	in.Refused++
	in.RefusedBytes += uint64(a.wire)
	m.totals.Faults[a.fault]++
	switch a.fault {
	case packet.FaultTruncatedLink, packet.FaultTruncatedIP, packet.FaultTruncatedExtension, packet.FaultTruncatedTransport:
		if a.cut {
			in.Truncated++
		}
	default:
	}
}

// flow finds or begins the packet's flow and brings its state up to date. It returns
// the packet's direction: 0 from the initiator, 1 from the responder.
func (m *Meter) flow(a *arrival) (i uint32, e *hot, direction uint) {
	h, t := &a.headers, a.time
	i, e, direction = m.table.find(&a.key, a.hash)
	if i != none && m.expired(e, t) {
		m.end(i, e, idleReason(e))
		i = none
	}
	if i == none && m.tagged {
		i, e, direction = m.acrossVLANs(a)
	}
	if i == none {
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
		if m.welcomes(i, e, a, direction) {
			return m.flow(a)
		}
		direction = m.followTCP(i, e, h, direction)
	}
	e.flags[direction&1] |= h.TCPFlags
	if e.tick != m.tick {
		m.refresh(i, e)
	}
	return i, e, direction
}

// followTCP takes the packet into account for direction and state.
func (m *Meter) followTCP(i uint32, e *hot, h *packet.Headers, direction uint) uint {
	if h.TCPFlags&flow.TCPSyn != 0 && !e.strays(h, direction) {
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
