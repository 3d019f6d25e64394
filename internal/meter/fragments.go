package meter

import (
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	fragmentSlots = 512
	fragmentWays  = 4 // slots in which a datagram may be
	// fragmentLife is how long the fragments of a datagram may be apart (RFC 1122
	// section 3.3.2: 60 to 120 s at most; senders send them at once).
	fragmentLife = int64(30 * time.Second)
)

// fragments are the recent datagrams of which fragments were seen. The first fragment
// has the ports; later ones follow it to its session, also if they came before it. A
// newer datagram takes the place of an older one, whose late fragments are then
// metered without ports.
type fragments struct {
	slots   [fragmentSlots]datagram
	waiting int // slots with packets held back
}

// datagram is what is known of one.
type datagram struct {
	key      key      // of its first fragment; without ports until that came
	src, dst endpoint // of the datagram: those of the tunnel, if key is that of a session in it
	outer    bool     // key is that of a session in a tunnel
	time     int64
	id       uint32
	held     held
}

// held are packets of which it is not known yet to which session they belong. Of a
// datagram, they are later fragments that came before the first. They are counted
// nowhere yet, neither as input nor on a flow, so that packets = metered + refused in
// each batch.
type held struct {
	arrival     arrival // of the earliest
	first, last int64
	count       flow.Counters
}

func (d *datagram) waits() bool { return d.held.count.Packets > 0 }

// find returns the datagram that the packet is a fragment of, or the oldest of those
// whose place it may take.
func (f *fragments) find(a *arrival) (d *datagram, known bool) {
	src, dst := a.datagramEnds()
	set := fold(src.lo+uint64(a.headers.FragmentID), dst.lo^0x9e3779b97f4a7c15) % (fragmentSlots / fragmentWays)
	ways := f.slots[set*fragmentWays:][:fragmentWays]
	d = &ways[0]
	for i := range ways {
		if ways[i].has(a) {
			return &ways[i], true
		}
		if ways[i].time < d.time {
			d = &ways[i]
		}
	}
	return d, false
}

// has reports whether the packet is another fragment of the datagram.
func (d *datagram) has(a *arrival) bool {
	age := a.time - d.time
	differs := (d.key.meta ^ a.key.meta) &^ (1 << oneWayBit) // later fragments don't know that bit
	if d.outer || a.headers.FragmentOuter {
		differs &^= metaEnds &^ metaPoint // the protocol of the tunnel and that of the session in it
	}
	src, dst := a.datagramEnds()
	return d.id == a.headers.FragmentID && d.src == src && d.dst == dst && differs == 0 && max(age, -age) <= fragmentLife
}

// datagramEnds are the addresses of the fragmented packet.
func (a *arrival) datagramEnds() (src, dst endpoint) {
	if a.headers.FragmentOuter {
		return loadEndpoint(&a.headers.Tunnel.Src), loadEndpoint(&a.headers.Tunnel.Dst)
	}
	return a.key.src, a.key.dst
}

// defragment gives a later fragment the key of its datagram. It reports whether the
// packet is held back, because that is not known yet.
func (m *Meter) defragment(a *arrival) bool {
	d, same := m.fragments.find(a)
	if d.waits() && !same {
		m.release(d)
	}
	if a.headers.Fragment == packet.FragmentFirst {
		if d.waits() {
			early := m.fragments.take(d)
			if a.headers.FragmentOuter {
				early.count.IPBytes = early.count.PayloadBytes
			}
			m.meterHeld(a, &early)
		}
		src, dst := a.datagramEnds()
		*d = datagram{key: a.key, src: src, dst: dst, outer: a.headers.FragmentOuter, time: a.time, id: a.headers.FragmentID}
		return false
	}
	if same && !d.waits() {
		a.key = d.key
		if d.outer { // what it carries is a part of the packet inside
			a.headers.Protocol, a.headers.Version = uint8(d.key.meta>>8), uint8(d.key.meta)
			a.headers.IPLen = a.headers.PayloadLen
		}
		a.hash = a.key.hash(&m.table.seed)
		return false
	}
	m.hold(d, a)
	return true
}

func (m *Meter) hold(d *datagram, a *arrival) {
	if !d.waits() {
		m.fragments.waiting++
		*d = datagram{
			key: a.key, src: a.key.src, dst: a.key.dst, time: a.time, id: a.headers.FragmentID,
			held: held{arrival: *a, first: a.time, last: a.time},
		}
	}
	d.held.add(a)
}

func (h *held) add(a *arrival) {
	h.first, h.last = min(h.first, a.time), max(h.last, a.time)
	h.count.Add(flow.Counters{
		Packets: 1, WireBytes: uint64(a.wire), IPBytes: uint64(a.headers.IPLen), PayloadBytes: uint64(a.headers.PayloadLen),
	})
}

// take empties the datagram of what waits in it.
func (f *fragments) take(d *datagram) held {
	h := d.held
	*d = datagram{}
	f.waiting--
	return h
}

// release meters fragments without ports, because the first one does not come.
func (m *Meter) release(d *datagram) {
	h := m.fragments.take(d)
	m.meterHeld(&h.arrival, &h)
}

// releaseOld releases what no first fragment can follow at time t any more.
func (m *Meter) releaseOld(t int64) {
	if m.fragments.waiting == 0 || m.retain > 0 {
		return
	}
	for i := range m.fragments.slots {
		d := &m.fragments.slots[i]
		if age := t - d.time; d.waits() && max(age, -age) > fragmentLife {
			m.release(d)
		}
	}
}

func (m *Meter) releaseAll() {
	for i := range m.fragments.slots {
		if d := &m.fragments.slots[i]; d.waits() {
			m.release(d)
		}
	}
}

// meterHeld meters what was held back on the flow of packet a.
func (m *Meter) meterHeld(a *arrival, h *held) {
	in := &m.inputs[m.inputOf(pointOf(a.key.meta))] // the account of back then may be another's now
	in.Packets += h.count.Packets
	in.WireBytes += h.count.WireBytes
	m.credit(a, h)
}

// credit counts what was held back on the flow of packet a.
func (m *Meter) credit(a *arrival, h *held) (i uint32, e *hot, direction uint) {
	at := a.time
	a.time = h.first
	i, e, direction = m.flow(a)
	a.time = at
	m.table.add(i, e, direction&1, h.count)
	e.last = max(e.last, h.last)
	e.mark(direction)
	return i, e, direction
}
