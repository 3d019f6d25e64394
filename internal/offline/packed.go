package offline

import (
	"encoding/binary"

	"netflow-monitor/internal/flow"
)

// A file has far more sessions than live at once, most of them small, and memory that
// is touched for the first time costs more than anything else that is done with a
// session. So they are kept packed: without what is zero, and with counters as long as
// they need to be. The session of one packet takes 46 bytes instead of 350.

// shape says which parts a packed session has.
type shape uint16

const (
	hasWideAddresses shape = 1 << iota // not both IPv4
	hasLabels                          // VLANs or an observation point
	hasReceived
	hasICMP
	hasRTT
	hasTCP
	hasTunnel
	isFirst
	isResetByResponder

	// others are the parts that few sessions have.
	others = hasLabels | hasICMP | hasRTT | hasTCP | hasTunnel
)

const (
	// sizeBytes hold the length of a packed session, themselves included.
	sizeBytes = 2
	// startAt is where its start time is.
	startAt = sizeBytes + 2
	// maxPacked is more than any session takes: 24 counters of at most 10 bytes, and
	// 140 bytes that do not vary.
	maxPacked = 512
)

func shapeOf(r *flow.Record) (s shape) {
	if !isMapped(&r.Key.Src) || !isMapped(&r.Key.Dst) {
		s |= hasWideAddresses
	}
	if r.Key.VLAN|r.Key.InnerVLAN|uint16(r.Key.Point) != 0 {
		s |= hasLabels
	}
	if !r.Received.IsZero() {
		s |= hasReceived
	}
	if r.ICMPType|r.ICMPCode != 0 {
		s |= hasICMP
	}
	if r.RTTClient|r.RTTServer != 0 {
		s |= hasRTT
	}
	if r.SentTCP != (flow.TCPCounters{}) || r.ReceivedTCP != (flow.TCPCounters{}) {
		s |= hasTCP
	}
	if r.Tunnel != (flow.Tunnel{}) {
		s |= hasTunnel
	}
	if r.First {
		s |= isFirst
	}
	if r.ResetByResponder {
		s |= isResetByResponder
	}
	return s
}

// isMapped reports whether a is an IPv4-mapped address.
func isMapped(a *[16]byte) bool {
	return binary.LittleEndian.Uint64(a[:]) == 0 && binary.LittleEndian.Uint32(a[8:]) == 0xffff0000
}

// pack appends r to b.
func pack(b []byte, r *flow.Record) []byte {
	begin, s, k := len(b), shapeOf(r), &r.Key
	b = append(b, 0, 0, byte(s), byte(s>>8))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Start))
	b = binary.LittleEndian.AppendUint64(b, r.ID)
	b = append(b, k.Protocol, k.Version, r.TCPFlagsSent, r.TCPFlagsReceived, uint8(r.State), uint8(r.End))
	b = binary.LittleEndian.AppendUint16(b, k.SrcPort)
	b = binary.LittleEndian.AppendUint16(b, k.DstPort)
	if s&hasWideAddresses != 0 {
		b = append(append(b, k.Src[:]...), k.Dst[:]...)
	} else {
		b = append(append(b, k.Src[12:]...), k.Dst[12:]...)
	}
	b = binary.AppendVarint(b, r.Last-r.Start)
	b = packCounters(b, &r.Sent)
	if s&hasReceived != 0 {
		b = packCounters(b, &r.Received)
	}
	if s&others != 0 {
		b = packRest(b, s, r)
	}
	binary.LittleEndian.PutUint16(b[begin:], uint16(len(b)-begin))
	return b
}

// packRest appends the other parts.
func packRest(b []byte, s shape, r *flow.Record) []byte {
	if s&hasLabels != 0 {
		b = binary.LittleEndian.AppendUint16(b, r.Key.VLAN)
		b = binary.LittleEndian.AppendUint16(b, r.Key.InnerVLAN)
		b = binary.LittleEndian.AppendUint16(b, uint16(r.Key.Point))
	}
	if s&hasICMP != 0 {
		b = append(b, r.ICMPType, r.ICMPCode)
	}
	if s&hasRTT != 0 {
		b = binary.AppendVarint(b, r.RTTClient)
		b = binary.AppendVarint(b, r.RTTServer)
	}
	if s&hasTCP != 0 {
		b = packTCP(b, &r.SentTCP)
		b = packTCP(b, &r.ReceivedTCP)
	}
	if t := &r.Tunnel; s&hasTunnel != 0 {
		b = append(append(b, t.Src[:]...), t.Dst[:]...)
		b = binary.LittleEndian.AppendUint32(b, t.ID)
		for _, kind := range t.Kinds {
			b = append(b, uint8(kind))
		}
	}
	return b
}

func packCounters(b []byte, c *flow.Counters) []byte {
	b = binary.AppendUvarint(b, c.Packets)
	b = binary.AppendUvarint(b, c.WireBytes)
	b = binary.AppendUvarint(b, c.IPBytes)
	return binary.AppendUvarint(b, c.PayloadBytes)
}

func packTCP(b []byte, c *flow.TCPCounters) []byte {
	b = binary.AppendUvarint(b, c.Retransmits)
	b = binary.AppendUvarint(b, c.RetransmittedBytes)
	b = binary.AppendUvarint(b, c.OutOfOrder)
	b = binary.AppendUvarint(b, c.ZeroWindows)
	b = binary.AppendUvarint(b, c.Resets)
	return binary.AppendUvarint(b, c.OffloadedPackets)
}

// packedStart is the start time of the session at the beginning of b, and its size.
func packedStart(b []byte) (start int64, size int) {
	return int64(binary.LittleEndian.Uint64(b[startAt:])), int(binary.LittleEndian.Uint16(b))
}

// unpack makes the session at the beginning of b that of r again, and returns its size.
func unpack(b []byte, r *flow.Record) int {
	size := int(binary.LittleEndian.Uint16(b))
	u := unpacker{b[startAt:size]}
	s := shape(binary.LittleEndian.Uint16(b[sizeBytes:]))
	*r = flow.Record{}
	r.First, r.ResetByResponder = s&isFirst != 0, s&isResetByResponder != 0
	head := u.bytes(26)
	r.Start = int64(binary.LittleEndian.Uint64(head))
	r.ID = binary.LittleEndian.Uint64(head[8:])
	r.Key.Protocol, r.Key.Version = head[16], head[17]
	r.TCPFlagsSent, r.TCPFlagsReceived = head[18], head[19]
	r.State, r.End = flow.State(head[20]), flow.EndReason(head[21])
	r.Key.SrcPort = binary.LittleEndian.Uint16(head[22:])
	r.Key.DstPort = binary.LittleEndian.Uint16(head[24:])
	if s&hasWideAddresses != 0 {
		r.Key.Src, r.Key.Dst = [16]byte(u.bytes(16)), [16]byte(u.bytes(16))
	} else {
		addresses := u.bytes(8)
		r.Key.Src = [16]byte{10: 0xff, 11: 0xff, 12: addresses[0], addresses[1], addresses[2], addresses[3]}
		r.Key.Dst = [16]byte{10: 0xff, 11: 0xff, 12: addresses[4], addresses[5], addresses[6], addresses[7]}
	}
	r.Last = r.Start + u.varint()
	u.counters(&r.Sent)
	if s&hasReceived != 0 {
		u.counters(&r.Received)
	}
	if s&others != 0 {
		u.rest(s, r)
	}
	return size
}

// unpacker takes a packed session apart from its beginning on.
type unpacker struct{ b []byte }

func (u *unpacker) bytes(n int) []byte {
	b := u.b[:n:n]
	u.b = u.b[n:]
	return b
}

func (u *unpacker) uvarint() uint64 {
	if n := uint64(u.b[0]); n < 0x80 {
		u.b = u.b[1:]
		return n
	}
	n, size := binary.Uvarint(u.b)
	u.b = u.b[size:]
	return n
}

func (u *unpacker) varint() int64 {
	n := u.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (u *unpacker) counters(c *flow.Counters) {
	c.Packets, c.WireBytes, c.IPBytes, c.PayloadBytes = u.uvarint(), u.uvarint(), u.uvarint(), u.uvarint()
}

func (u *unpacker) tcp(c *flow.TCPCounters) {
	c.Retransmits, c.RetransmittedBytes, c.OutOfOrder = u.uvarint(), u.uvarint(), u.uvarint()
	c.ZeroWindows, c.Resets, c.OffloadedPackets = u.uvarint(), u.uvarint(), u.uvarint()
}

func (u *unpacker) rest(s shape, r *flow.Record) {
	if s&hasLabels != 0 {
		b := u.bytes(6)
		r.Key.VLAN = binary.LittleEndian.Uint16(b)
		r.Key.InnerVLAN = binary.LittleEndian.Uint16(b[2:])
		r.Key.Point = flow.Point(binary.LittleEndian.Uint16(b[4:]))
	}
	if s&hasICMP != 0 {
		b := u.bytes(2)
		r.ICMPType, r.ICMPCode = b[0], b[1]
	}
	if s&hasRTT != 0 {
		r.RTTClient, r.RTTServer = u.varint(), u.varint()
	}
	if s&hasTCP != 0 {
		u.tcp(&r.SentTCP)
		u.tcp(&r.ReceivedTCP)
	}
	if t := &r.Tunnel; s&hasTunnel != 0 {
		t.Src, t.Dst = [16]byte(u.bytes(16)), [16]byte(u.bytes(16))
		t.ID = binary.LittleEndian.Uint32(u.bytes(4))
		for i, kind := range u.bytes(len(t.Kinds)) {
			t.Kinds[i] = flow.TunnelKind(kind)
		}
	}
}
