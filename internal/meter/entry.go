package meter

import (
	"encoding/binary"
	"math/bits"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// endpoint is a 16-byte address as two words, which compare in two instructions.
type endpoint struct{ hi, lo uint64 }

func loadEndpoint(a *[16]byte) endpoint {
	return endpoint{binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:])}
}

func (e endpoint) bytes() (a [16]byte) {
	binary.LittleEndian.PutUint64(a[:8], e.hi)
	binary.LittleEndian.PutUint64(a[8:], e.lo)
	return a
}

// key is a flow key made for comparing: meta holds observation point, VLAN, inner VLAN,
// protocol and IP version, and in its highest bit whether the flow is one-way.
type key struct {
	src, dst endpoint
	meta     uint64
	ports    uint32
}

const (
	oneWayBit  = 63
	pointShift = 48
	// metaEnds is what is left of meta without the VLAN identifiers, metaPoint the
	// observation point alone.
	metaEnds  = 1<<oneWayBit | metaPoint | 1<<16 - 1
	metaPoint = uint64(flow.MaxPoint) << pointShift
)

func (k *key) load(h *packet.Headers, point uint64) {
	k.src, k.dst = loadEndpoint(&h.Src), loadEndpoint(&h.Dst)
	k.meta = point | uint64(h.VLAN)<<32 | uint64(h.InnerVLAN)<<16 | uint64(h.Protocol)<<8 | uint64(h.Version)
	k.ports = uint32(h.SrcPort)<<16 | uint32(h.DstPort)
	if (h.Protocol == flow.ProtoICMP || h.Protocol == flow.ProtoICMPv6) && h.Fragment != packet.FragmentLater {
		k.loadICMP(h)
	}
}

func (k *key) loadICMP(h *packet.Headers) {
	src, dst, oneWay := flow.ICMPPorts(h.Protocol, h.ICMPType, h.ICMPCode)
	k.ports = uint32(src)<<16 | uint32(dst)
	if oneWay {
		k.meta |= 1 << oneWayBit
	}
}

func pointOf(meta uint64) flow.Point { return flow.Point(meta & metaPoint >> pointShift) }

func (k *key) reverse() key {
	return key{k.dst, k.src, k.meta, bits.RotateLeft32(k.ports, 16)}
}

// hash is the same for both directions. It folds 128-bit products of words that are
// masked with the seed, so that collisions can't be computed without knowing it. It is
// the same for all VLANs, too.
func (k *key) hash(seed *[4]uint64) uint32 {
	a := fold(k.src.lo^seed[0], (k.src.hi+uint64(k.ports>>16))^seed[1])
	b := fold(k.dst.lo^seed[0], (k.dst.hi+uint64(k.ports&0xffff))^seed[1])
	return uint32(fold((a+b)^seed[2], (k.meta&metaEnds)^seed[3]))
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hot is what every packet of a flow touches: two cache lines. It holds no pointers,
// so the garbage collector never looks at the table.
type hot struct {
	src, dst endpoint // these four are the key
	meta     uint64
	ports    uint32
	tick     uint32 // of the latest packet; 0 in an entry that is not in use
	last     int64
	flags    [2]uint8
	state    flow.State
	marks    marks
	class    class
	// Of TCP flows; see observe.
	stream    [2]stream
	handshake handshake
	count     [2]tally // fills the second cache line
}

// tally is flow.Counters of one direction since the latest record, and how far a TCP
// stream has come. What its packets are more than 32 bits is in cold.
type tally struct {
	packets           uint32
	next              uint32 // one above the highest sequence number seen
	wire, ip, payload uint64
}

func (e *hot) key() key     { return key{e.src, e.dst, e.meta, e.ports} }
func (e *hot) setKey(k key) { e.src, e.dst, e.meta, e.ports = k.src, k.dst, k.meta, k.ports }

func (e *hot) protocol() uint8 { return uint8(e.meta >> 8) }

func (e *hot) flowKey() flow.Key {
	return flow.Key{
		Src: e.src.bytes(), Dst: e.dst.bytes(),
		SrcPort: uint16(e.ports >> 16), DstPort: uint16(e.ports),
		VLAN: uint16(e.meta >> 32), InnerVLAN: uint16(e.meta >> 16),
		Protocol: e.protocol(), Version: uint8(e.meta),
		Point: pointOf(e.meta),
	}
}

// cold is what only a flow's beginning, its first packet in a tick, its unusual segments
// and its end touch: one cache line.
type cold struct {
	start int64
	id    uint64
	// rtt are what flow.Record calls RTTServer and RTTClient, and until then the times
	// from which they are measured; see handshake.
	rtt        [2]int64
	prev, next uint32
	hash       uint32
	isn        uint32    // sequence number of the latest SYN without ACK
	packets    [2]uint16 // higher bits than those in tally
	mss        [2]uint16 // longest segment of each direction, options included
	resets     [2]uint16
	icmpType   uint8
	icmpCode   uint8
	evidence   evidence
}

// marks are facts about an entry.
type marks uint8

const (
	seenSent       marks = 1 << iota // a packet from the initiator
	seenReceived                     // a packet from the responder
	recorded                         // a record left: direction is final
	queued                           // its index is in the dirty list
	tunnelled                        // its packets came in a tunnel
	responderReset                   // the first RST was the responder's
	crossed                          // its packets are in more than one VLAN
	noted                            // it has a course
)

const seenBoth = seenSent | seenReceived

// mark notes a packet in the direction.
func (e *hot) mark(direction uint) {
	e.marks |= seenSent << direction
	if e.state == flow.StateUnreplied && e.marks&seenBoth == seenBoth {
		e.state = flow.StateActive
	}
}

// class says which idle time-out holds.
type class uint8

const (
	classTCP class = iota
	classClosing
	classHalfOpen
	classUDP
	classICMP
	classOther
	classCount
)

// classes of the TCP states; other protocols have one class each.
var tcpClasses = [...]class{
	flow.StateSynSent:     classHalfOpen,
	flow.StateSynReceived: classHalfOpen,
	flow.StateEstablished: classTCP,
	flow.StateMidstream:   classTCP,
	flow.StateClosing:     classTCP,
	flow.StateClosed:      classClosing,
	flow.StateReset:       classClosing,
}

func classOf(protocol uint8, state flow.State) class {
	switch protocol {
	case flow.ProtoTCP:
		return tcpClasses[state]
	case flow.ProtoUDP:
		return classUDP
	case flow.ProtoICMP, flow.ProtoICMPv6:
		return classICMP
	}
	return classOther
}

// counters are those of the direction since the latest record.
func (t *table) counters(i uint32, e *hot, d uint) flow.Counters {
	n := &e.count[d]
	return flow.Counters{
		Packets:   uint64(t.cold(i).packets[d])<<32 | uint64(n.packets),
		WireBytes: n.wire, IPBytes: n.ip, PayloadBytes: n.payload,
	}
}

func (t *table) setCounters(i uint32, e *hot, d uint, to flow.Counters) {
	n := &e.count[d]
	t.cold(i).packets[d], n.packets = uint16(to.Packets>>32), uint32(to.Packets)
	n.wire, n.ip, n.payload = to.WireBytes, to.IPBytes, to.PayloadBytes
}

// add counts what was held back.
func (t *table) add(i uint32, e *hot, d uint, n flow.Counters) {
	n.Add(t.counters(i, e, d))
	t.setCounters(i, e, d, n)
}

// takeCount returns the counters of the direction and begins new ones.
func (t *table) takeCount(i uint32, e *hot, d uint) flow.Counters {
	n := t.counters(i, e, d)
	t.setCounters(i, e, d, flow.Counters{})
	return n
}
