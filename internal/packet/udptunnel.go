package packet

import "netflow-monitor/internal/flow"

// UDP ports of tunnels (IANA service names, and 8472, which Linux took for VXLAN
// before there was a number, and 5072 of AYIYA).
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portTeredo   = 3544
	portGRE      = 4754
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portAYIYA    = 5072
	portGeneve   = 6081
	portVXLANOld = 8472
)

// tunnelPorts has each of them where its lowest seven bits say, which differ.
var tunnelPorts = [128]uint16{
	portL2TP & 127:     portL2TP,
	portGTPU & 127:     portGTPU,
	portTeredo & 127:   portTeredo,
	portGRE & 127:      portGRE,
	portVXLAN & 127:    portVXLAN,
	portVXLANGPE & 127: portVXLANGPE,
	portAYIYA & 127:    portAYIYA,
	portGeneve & 127:   portGeneve,
	portVXLANOld & 127: portVXLANOld,
}

// isTunnelPort reports whether a datagram with these ports may be a tunnel's. It is
// asked of all datagrams, so that saying yes for port 0 as well is cheaper than not to.
func isTunnelPort(a, b uint16) bool {
	return tunnelPorts[a&127] == a || tunnelPorts[b&127] == b
}

// openUDP reads the header of the tunnel that the ports name; length is what its
// payload may have on the wire. Most tunnels take any source port, so that only the
// destination tells; L2TP, Teredo and AYIYA answer from the port they were asked on.
func openUDP(src, dst uint16, data []byte, length uint32) carried {
	switch dst {
	case portVXLAN, portVXLANOld:
		return openVXLAN(data)
	case portVXLANGPE:
		return openVXLANGPE(data)
	case portGeneve:
		return openGeneve(data)
	case portGTPU:
		return openGTPU(data, length)
	case portGRE:
		return openGREinUDP(data)
	}
	switch {
	case dst == portTeredo || src == portTeredo:
		return openTeredo(data)
	case dst == portL2TP || src == portL2TP:
		return openL2TP(data)
	case dst == portAYIYA || src == portAYIYA:
		return openAYIYA(data)
	case isTeredo(data):
		return openTeredo(data)
	default:
		return carried{}
	}
}

// openVXLAN reads the header of VXLAN (RFC 7348 §5): flags, of which one says that the
// network identifier is valid.
func openVXLAN(data []byte) carried {
	const header, validID = 8, 0x08
	if len(data) < header || data[0]&validID == 0 {
		return carried{}
	}
	return carried{flow.TunnelVXLAN, etherBridging, be32(data[4:]) >> 8, data[header:]}
}

// openVXLANGPE reads the header of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): VXLAN's with
// a version, a flag for messages to the tunnel's ends, and a next protocol. The flag
// that announces the protocol is not set by all that use it.
func openVXLANGPE(data []byte) carried {
	const version, control = 0x30, 0x01
	c := openVXLAN(data)
	if c.kind == flow.TunnelNone || data[0]&(version|control) != 0 {
		return carried{}
	}
	if next := data[3]; next != 0 {
		c.etherType = nextProtocol(next)
	}
	return c
}

// openGeneve reads the header of Geneve (RFC 8926 §3.4) and skips its options.
func openGeneve(data []byte) carried {
	const header, version, optionsMask, control = 8, 0xc0, 0x3f, 0x80
	if len(data) < header || data[0]&version != 0 || data[1]&control != 0 {
		return carried{}
	}
	size := header + int(data[0]&optionsMask)*4
	if len(data) < size {
		return carried{}
	}
	return carried{flow.TunnelGeneve, be16(data[2:]), be32(data[4:]) >> 8, data[size:]}
}

// openGTPU reads the header of a G-PDU (3GPP TS 29.281 §5.1): flags, message type, the
// length of what follows the first 8 bytes, TEID; then optional fields together, and
// extension headers that each name the next.
func openGTPU(data []byte, length uint32) carried {
	const (
		header, optional    = 8, 4
		versionAndType      = 0xf0
		version1            = 0x30
		anyOptional         = 0x07
		hasExtensions       = 0x04
		packet              = 0xff
		mostExtensions, end = 8, 0
	)
	if len(data) < header || data[0]&versionAndType != version1 || data[1] != packet || header+uint32(be16(data[2:])) > length {
		return carried{}
	}
	c := carried{kind: flow.TunnelGTPU, id: be32(data[4:])}
	rest := data[header:]
	if data[0]&anyOptional != 0 {
		if len(rest) < optional {
			return carried{}
		}
		next := rest[3]
		rest = rest[optional:]
		for range mostExtensions {
			if data[0]&hasExtensions == 0 || next == end {
				break
			}
			size := 0
			if len(rest) > 0 {
				size = int(rest[0]) * 4
			}
			if size == 0 || size > len(rest) {
				return carried{}
			}
			next, rest = rest[size-1], rest[size:]
		}
	}
	c.etherType, c.data = ipByVersion(rest), rest
	return c
}

// openTeredo skips the authentication and the origin that a server may put in front of
// the IPv6 packet (RFC 4380 §5.1.1). One end of it has a Teredo address, or it comes
// from a link-local one to ask for such: other datagrams may happen to use the port.
func openTeredo(data []byte) carried {
	const authentication, origin, originLength = 1, 0, 8
	if len(data) >= 4 && be16(data) == authentication { // two lengths, two values, nonce, confirmation
		size := 4 + int(data[2]) + int(data[3]) + 9
		data = data[min(size, len(data)):]
	}
	if len(data) >= originLength && be16(data) == origin {
		data = data[originLength:]
	}
	if len(data) < ipv6Header {
		return carried{}
	}
	const linkLocal, linkLocalBits = 0xfe80, 0xffc0
	if !isTeredo(data) && be16(data[8:])&linkLocalBits != linkLocal {
		return carried{}
	}
	return carried{flow.TunnelTeredo, etherIPv6, 0, data}
}

// isTeredoDatagram reports whether a UDP header is followed by a packet of Teredo. The
// port is that of its servers alone; clients and relays use any among themselves.
func isTeredoDatagram(udp []byte) bool {
	return len(udp) >= udpHeader && isTeredo(udp[udpHeader:])
}

// isTeredo reports whether data begins with an IPv6 packet of which one end is in
// 2001::/32, which is Teredo's (RFC 4380 §2.6).
func isTeredo(data []byte) bool {
	const prefix = 0x20010000
	return len(data) >= ipv6Header && data[0]>>4 == 6 && (be32(data[8:]) == prefix || be32(data[24:]) == prefix)
}

// openAYIYA reads the header of AYIYA (draft-massar-v6ops-ayiya-02 §3): lengths of
// identity and signature, operation, next header, time.
func openAYIYA(data []byte) carried {
	const header, forward = 8, 1
	if len(data) < header || data[2]&0x0f != forward {
		return carried{}
	}
	size := header + 1<<(data[0]>>4) + int(data[1]>>4)*4
	if len(data) < size {
		return carried{}
	}
	c := carried{kind: flow.TunnelAYIYA, data: data[size:]}
	switch data[3] {
	case protoIPIP:
		c.etherType = etherIPv4
	case protoIPv6:
		c.etherType = etherIPv6
	default:
		return carried{}
	}
	return c
}

// ipByVersion is the EtherType of a packet that says nothing of itself but its version.
func ipByVersion(data []byte) uint16 {
	if len(data) > 0 && data[0]>>4 == 6 {
		return etherIPv6
	}
	return etherIPv4
}
