package demo

import (
	"encoding/binary"
	"net/netip"
)

// kept is how many bytes of a packet are kept when nothing in it is worth more.
const kept = 128

// IP protocol numbers.
const (
	protoICMP   = 1
	protoIGMP   = 2
	protoTCP    = 6
	protoUDP    = 17
	protoESP    = 50
	protoICMPv6 = 58
)

// TCP flags.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// end is one side of a conversation.
type end struct {
	mac  [6]byte
	addr netip.Addr
	port uint16
	ttl  byte
}

// packet is what a frame is made from.
type packet struct {
	from, to end
	vlan     uint16
	proto    byte
	flags    byte
	seq, ack uint32
	// data is the start of the payload, size the payload's whole length; what is
	// not in data is zero.
	data []byte
	size int
}

// builder makes frames in a buffer that it uses again.
type builder struct {
	buffer [2048]byte
	ident  uint16
}

// build returns the kept bytes of a frame, valid until the next call, and the
// frame's length on the wire.
func (b *builder) build(p *packet) (frame []byte, length int) {
	out := append(b.buffer[:0], p.to.mac[:]...)
	out = append(out, p.from.mac[:]...)
	if p.vlan != 0 {
		out = binary.BigEndian.AppendUint16(out, 0x8100)
		out = binary.BigEndian.AppendUint16(out, p.vlan)
	}
	head := transportHeader(p)
	out = b.network(out, p, len(head))
	start := len(out)
	out = append(append(out, head...), p.data...)
	sum(p, out[start:], len(head)+p.size)

	length = start + len(head) + p.size
	keep := min(length, max(len(out), kept))
	clear(b.buffer[len(out):keep])
	return b.buffer[:keep], max(length, 60)
}

func (b *builder) network(out []byte, p *packet, head int) []byte {
	size := head + p.size
	if p.from.addr.Is6() {
		out = binary.BigEndian.AppendUint16(out, 0x86dd)
		out = binary.BigEndian.AppendUint32(out, 6<<28)
		out = binary.BigEndian.AppendUint16(out, uint16(size))
		out = append(out, p.proto, p.from.ttl)
		out = append(out, p.from.addr.AsSlice()...)
		return append(out, p.to.addr.AsSlice()...)
	}
	b.ident++
	out = binary.BigEndian.AppendUint16(out, 0x0800)
	start := len(out)
	out = append(out, 0x45, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(20+size))
	out = binary.BigEndian.AppendUint16(out, b.ident)
	out = append(out, 0x40, 0, p.from.ttl, p.proto, 0, 0)
	out = append(out, p.from.addr.AsSlice()...)
	out = append(out, p.to.addr.AsSlice()...)
	binary.BigEndian.PutUint16(out[start+10:], ^fold(add(0, out[start:])))
	return out
}

func transportHeader(p *packet) []byte {
	switch p.proto {
	case protoTCP:
		head := make([]byte, 20, 28)
		binary.BigEndian.PutUint16(head[0:], p.from.port)
		binary.BigEndian.PutUint16(head[2:], p.to.port)
		binary.BigEndian.PutUint32(head[4:], p.seq)
		binary.BigEndian.PutUint32(head[8:], p.ack)
		head[13] = p.flags
		binary.BigEndian.PutUint16(head[14:], 64240)
		if p.flags&syn != 0 {
			head = append(head, 2, 4, 0x05, 0xb4, 1, 3, 3, 7) // MSS 1460, window scale 7
		}
		head[12] = byte(len(head) / 4 << 4)
		return head
	case protoUDP:
		head := make([]byte, 8)
		binary.BigEndian.PutUint16(head[0:], p.from.port)
		binary.BigEndian.PutUint16(head[2:], p.to.port)
		binary.BigEndian.PutUint16(head[4:], uint16(8+p.size))
		return head
	}
	return nil
}

// sum fills in the checksum; the zeros that are not kept add nothing to it.
func sum(p *packet, segment []byte, size int) {
	var at int
	switch p.proto {
	case protoTCP:
		at = 16
	case protoUDP:
		at = 6
	case protoICMP, protoICMPv6, protoIGMP:
		at = 2
	default:
		return
	}
	total := uint32(0)
	if p.proto != protoICMP && p.proto != protoIGMP {
		total = add(add(total, p.from.addr.AsSlice()), p.to.addr.AsSlice()) + uint32(size) + uint32(p.proto)
	}
	binary.BigEndian.PutUint16(segment[at:], 0)
	value := ^fold(add(total, segment))
	if value == 0 && p.proto == protoUDP {
		value = 0xffff
	}
	binary.BigEndian.PutUint16(segment[at:], value)
}

func add(total uint32, data []byte) uint32 {
	for ; len(data) >= 2; data = data[2:] {
		total += uint32(data[0])<<8 | uint32(data[1])
	}
	if len(data) == 1 {
		total += uint32(data[0]) << 8
	}
	return total
}

func fold(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

// arpRequest is who-has: not IP, and so counted apart by a monitor.
func arpRequest(from host, asked string) []byte {
	e := from.end(false, 0)
	frame := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, e.mac[:]...)
	frame = append(frame, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1)
	frame = append(append(frame, e.mac[:]...), e.addr.AsSlice()...)
	frame = append(frame, 0, 0, 0, 0, 0, 0)
	frame = append(frame, netip.MustParseAddr(asked).AsSlice()...)
	return append(frame, make([]byte, 60-len(frame))...)
}
