package packet

// Protocols whose headers Decode reads (IANA protocol-numbers).
const (
	protoICMP    = 1
	protoTCP     = 6
	protoUDP     = 17
	protoDCCP    = 33
	protoICMPv6  = 58
	protoSCTP    = 132
	protoUDPLite = 136

	tcpHeader  = 20
	udpHeader  = 8
	icmpHeader = 8
	sctpHeader = 12
	dccpHeader = 12

	tcpSYN          = 0x02
	tcpOptionEnd    = 0
	tcpOptionNop    = 1
	tcpOptionMSS    = 2
	tcpOptionMSSLen = 4
)

// decodeTransport reads what stands in front of the payload. On entry PayloadLen is
// the length of all that follows the IP headers, of which data was captured. partial
// says that the packet is not whole even on the wire: a first fragment, or a frame
// shorter than its IP header says.
func decodeTransport(data []byte, partial bool, h *Headers) Fault {
	switch h.Protocol {
	case protoTCP:
		return decodeTCP(data, partial, h)
	case protoUDP:
		return decodeUDP(data, partial, h)
	case protoUDPLite:
		return decodePorts(data, udpHeader, partial, h)
	case protoSCTP:
		return decodePorts(data, sctpHeader, partial, h)
	case protoDCCP:
		return decodeDCCP(data, partial, h)
	case protoICMP, protoICMPv6:
		return decodeICMP(data, partial, h)
	default:
		return FaultNone
	}
}

// decodeTCP reads a TCP header (RFC 9293 §3.1).
func decodeTCP(data []byte, partial bool, h *Headers) Fault {
	if len(data) < tcpHeader {
		if len(data) >= 14 {
			h.TCPFlags = data[13]
		}
		return short(data, tcpHeader, partial, h)
	}
	p := (*[tcpHeader]byte)(data)
	h.SrcPort = be16(p[0:])
	h.DstPort = be16(p[2:])
	h.TCPSeq = be32(p[4:])
	h.TCPAck = be32(p[8:])
	h.TCPFlags = p[13]
	h.TCPWindow = be16(p[14:])
	headerLen := uint32(p[12]>>4) * 4
	if headerLen < tcpHeader {
		return FaultBadTransportLength
	}
	h.TCPHeaderLen = uint8(headerLen)
	if h.TCPFlags&tcpSYN != 0 {
		h.TCPMSS = readMSS(data[tcpHeader:min(headerLen, uint32(len(data)))])
	}
	return h.takeHeader(headerLen, partial)
}

// readMSS finds the maximum segment size among TCP options (RFC 9293 §3.2), or 0.
func readMSS(options []byte) uint16 {
	for len(options) >= tcpOptionMSSLen {
		switch options[0] {
		case tcpOptionEnd:
			return 0
		case tcpOptionNop:
			options = options[1:]
			continue
		case tcpOptionMSS:
			if options[1] != tcpOptionMSSLen {
				return 0
			}
			return be16(options[2:])
		}
		size := int(options[1])
		if size < 2 || size > len(options) {
			return 0
		}
		options = options[size:]
	}
	return 0
}

// decodeUDP reads a UDP header (RFC 768). A length of 0 means that the IP length
// counts: jumbograms (RFC 2675 §4) and segmentation offload.
func decodeUDP(data []byte, partial bool, h *Headers) Fault {
	if len(data) < udpHeader {
		return short(data, udpHeader, partial, h)
	}
	p := (*[udpHeader]byte)(data)
	h.SrcPort = be16(p[0:])
	h.DstPort = be16(p[2:])
	length := uint32(be16(p[4:]))
	if length != 0 && !partial {
		if length < udpHeader || length > h.PayloadLen {
			return FaultBadTransportLength
		}
		h.PayloadLen = length
	}
	return h.takeHeader(udpHeader, partial)
}

// decodePorts reads a header of fixed length that begins with the two ports: SCTP's
// (RFC 9260 §3.1) and UDP-Lite's (RFC 3828 §3.1).
func decodePorts(data []byte, headerLen int, partial bool, h *Headers) Fault {
	if len(data) < headerLen {
		return short(data, headerLen, partial, h)
	}
	h.SrcPort = be16(data)
	h.DstPort = be16(data[2:])
	return h.takeHeader(uint32(headerLen), partial)
}

// decodeDCCP reads a DCCP generic header (RFC 4340 §5.1), which says its own length.
func decodeDCCP(data []byte, partial bool, h *Headers) Fault {
	if len(data) < dccpHeader {
		return short(data, dccpHeader, partial, h)
	}
	h.SrcPort = be16(data)
	h.DstPort = be16(data[2:])
	headerLen := uint32(data[4]) * 4
	if headerLen < dccpHeader {
		return FaultBadTransportLength
	}
	return h.takeHeader(headerLen, partial)
}

// decodeICMP reads type and code (RFC 792, RFC 4443 §2.1).
func decodeICMP(data []byte, partial bool, h *Headers) Fault {
	if len(data) >= 2 {
		h.ICMPType, h.ICMPCode = data[0], data[1]
	}
	if len(data) < icmpHeader {
		return short(nil, icmpHeader, partial, h)
	}
	return h.takeHeader(icmpHeader, partial)
}

// takeHeader takes the transport header off the payload.
func (h *Headers) takeHeader(length uint32, partial bool) Fault {
	if length > h.PayloadLen {
		if !partial {
			return FaultBadTransportLength
		}
		length = h.PayloadLen
	}
	h.PayloadLen -= length
	return FaultNone
}

// short deals with a transport header of which less than its fixed part is there.
// If the capture or the fragment ends too early, that is no fault of the packet, and
// the ports may still be there; else its sender made it so.
func short(data []byte, fixed int, partial bool, h *Headers) Fault {
	if len(data) >= 4 {
		h.SrcPort, h.DstPort = be16(data), be16(data[2:])
	}
	headerLen := uint32(fixed)
	if headerLen > h.PayloadLen && !partial {
		return FaultTruncatedTransport
	}
	h.Cut = true
	h.PayloadLen -= min(headerLen, h.PayloadLen)
	return FaultNone
}
