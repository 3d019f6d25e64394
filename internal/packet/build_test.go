package packet

import "encoding/binary"

// The builders below make packets from the inside out: each takes what follows it.

var (
	addr4a = [4]byte{192, 0, 2, 1}
	addr4b = [4]byte{198, 51, 100, 2}
	addr6a = [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}
	addr6b = [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 2}
)

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func ethernet(etherType uint16, rest []byte) []byte {
	return join(make([]byte, 12), u16(etherType), rest)
}

func tag(tci, etherType uint16, rest []byte) []byte {
	return join(u16(tci), u16(etherType), rest)
}

func u16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// edit returns a copy of b in which the bytes from offset on are replaced.
func edit(b []byte, offset int, with ...byte) []byte {
	out := join(b)
	copy(out[offset:], with)
	return out
}

func ipv4(protocol uint8, rest []byte) []byte {
	return join([]byte{0x45, 0}, u16(uint16(20+len(rest))), u16(0x1234), u16(0), []byte{64, protocol, 0, 0},
		addr4a[:], addr4b[:], rest)
}

func ipv6(next uint8, rest []byte) []byte {
	return join([]byte{0x60, 0, 0, 0}, u16(uint16(len(rest))), []byte{next, 64}, addr6a[:], addr6b[:], rest)
}

// ext is an extension header of size bytes, all of it but the first two padding.
func ext(next uint8, size int, rest []byte) []byte {
	return join([]byte{next, uint8(size/8 - 1), 1, uint8(size - 4)}, make([]byte, size-4), rest)
}

func frag6(next uint8, place uint16, rest []byte) []byte {
	return join([]byte{next, 0}, u16(place), u32(0xcafebabe), rest)
}

func tcp(payload int) []byte {
	return join(u16(40000), u16(443), u32(1000), u32(2000), []byte{0x50, 0x18}, u16(512), make([]byte, 4+payload))
}

func udp(payload int) []byte {
	return join(u16(5353), u16(53), u16(uint16(8+payload)), make([]byte, 2+payload))
}
