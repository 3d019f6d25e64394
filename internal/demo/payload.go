package demo

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// dnsMessage is a query (RFC 1035 section 4) or, with an address, its answer.
func dnsMessage(id uint16, name string, answer netip.Addr, six, missing bool) []byte {
	flags, answers := uint16(0x0100), uint16(0)
	switch {
	case missing:
		flags = 0x8183
	case answer.IsValid():
		flags, answers = 0x8180, 1
	}
	out := binary.BigEndian.AppendUint16(nil, id)
	for _, field := range []uint16{flags, 1, answers, 0, 0} {
		out = binary.BigEndian.AppendUint16(out, field)
	}
	kind := uint16(1)
	if six {
		kind = 28
	}
	out = append(out, dnsName(name)...)
	out = binary.BigEndian.AppendUint16(out, kind)
	out = append(out, 0, 1)
	if answers == 1 {
		raw := answer.AsSlice()
		out = append(out, 0xc0, 12)
		out = binary.BigEndian.AppendUint16(out, kind)
		out = append(out, 0, 1, 0, 0, 0x01, 0x2c)
		out = binary.BigEndian.AppendUint16(out, uint16(len(raw)))
		out = append(out, raw...)
	}
	return out
}

func dnsName(name string) []byte {
	var out []byte
	for label := range strings.SplitSeq(name, ".") {
		out = append(append(out, byte(len(label))), label...)
	}
	return append(out, 0)
}

// clientHello is a TLS ClientHello (RFC 8446 section 4.1.2) with a server name.
func clientHello(random *rand.Rand, name string) []byte {
	names := prefixed(2, append([]byte{0}, prefixed(2, []byte(name))...))
	extensions := extension(0, names)
	extensions = append(extensions, extension(16, prefixed(2, append(prefixed(1, []byte("h2")), prefixed(1, []byte("http/1.1"))...)))...)
	extensions = append(extensions, extension(10, prefixed(2, []byte{0, 29, 0, 23}))...)
	extensions = append(extensions, extension(43, prefixed(1, []byte{3, 4, 3, 3}))...)
	body := append([]byte{3, 3}, noise(random, 32)...)
	body = append(body, prefixed(1, noise(random, 32))...)
	body = append(body, prefixed(2, []byte{0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2f})...)
	body = append(body, 1, 0)
	body = append(body, prefixed(2, extensions)...)
	return record(append([]byte{1}, prefixed(3, body)...))
}

// serverHello accepts TLS 1.3.
func serverHello(random *rand.Rand) []byte {
	body := append([]byte{3, 3}, noise(random, 32)...)
	body = append(body, prefixed(1, noise(random, 32))...)
	body = append(body, 0x13, 0x01, 0)
	body = append(body, prefixed(2, extension(43, []byte{3, 4}))...)
	return record(append([]byte{2}, prefixed(3, body)...))
}

func record(handshake []byte) []byte { return append([]byte{22, 3, 1}, prefixed(2, handshake)...) }

func extension(kind uint16, content []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, kind), prefixed(2, content)...)
}

// prefixed puts the content's length before it, in so many bytes.
func prefixed(bytes int, content []byte) []byte {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	return append(length[4-bytes:], content...)
}

func noise(random *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

// ntpMessage is mode 3 (client) or 4 (server) of NTP version 4 (RFC 5905 section 7.3).
func ntpMessage(mode byte) []byte {
	out := make([]byte, 48)
	out[0] = 4<<3 | mode
	if mode == 4 {
		out[1] = 2
	}
	return out
}

// echo is a ping (RFC 792, RFC 4443) with 56 bytes; kind is that of the request.
func echo(kind byte, id uint16) []byte {
	out := make([]byte, 64)
	out[0] = kind
	binary.BigEndian.PutUint16(out[4:], id)
	for i := 8; i < len(out); i++ {
		out[i] = byte(i)
	}
	return out
}
