package packet

// decodeUsual reads what nearly all packets are: TCP or UDP in IPv4 without options or
// IPv6 without extensions, whole and captured with all its headers, in an Ethernet
// frame without tags, and in no tunnel. It reports whether the frame is such a packet;
// for those it gives what decodeAny gives, at less than half the cost.
func (d *Decoder) decodeUsual(data []byte, wireLen uint32, h *Headers) bool {
	const begin4, begin6 = ethernetHeader + ipv4Header, ethernetHeader + ipv6Header
	if len(data) < begin4+tcpHeader {
		return false
	}
	p := (*[begin4 + tcpHeader]byte)(data)
	space := max(wireLen, uint32(len(data))) - ethernetHeader
	switch be16(p[12:]) {
	case etherIPv4:
		total := uint32(be16(p[16:]))
		if p[14] != 4<<4|ipv4Header/4 || be16(p[20:])&(ipv4MoreFragments|ipv4OffsetMask) != 0 || total < ipv4Header || total > space {
			return false
		}
		h.clear()
		h.Version, h.Protocol, h.IPLen = 4, p[23], total
		mapIPv4(&h.Src, (*[4]byte)(p[26:]))
		mapIPv4(&h.Dst, (*[4]byte)(p[30:]))
		return d.decodeUsualTransport(p[23], data[begin4:], total-ipv4Header, h)
	case etherIPv6:
		length := uint32(be16(p[18:]))
		if p[14]>>4 != 6 || length == 0 || ipv6Header+length > space || len(data) < begin6+tcpHeader {
			return false
		}
		h.clear()
		h.Version, h.Protocol, h.IPLen = 6, p[20], ipv6Header+length
		h.Src = [16]byte(p[22:38])
		h.Dst = [16]byte(p[38:54])
		return d.decodeUsualTransport(p[20], data[begin6:], length, h)
	}
	return false
}

// decodeUsualTransport reads a TCP or UDP header that is whole and without faults;
// length is that of the header and what follows.
func (d *Decoder) decodeUsualTransport(protocol uint8, data []byte, length uint32, h *Headers) bool {
	p := (*[tcpHeader]byte)(data)
	headerLen := uint32(udpHeader)
	h.SrcPort = be16(p[0:])
	h.DstPort = be16(p[2:])
	switch protocol {
	case protoTCP:
		headerLen = uint32(p[12]>>4) * 4
		if headerLen < tcpHeader {
			return false
		}
		h.TCPSeq = be32(p[4:])
		h.TCPAck = be32(p[8:])
		h.TCPFlags = p[13]
		h.TCPWindow = be16(p[14:])
		h.TCPHeaderLen = uint8(headerLen)
		if p[13]&tcpSYN != 0 {
			h.TCPMSS = readMSS(data[tcpHeader:min(headerLen, uint32(len(data)))])
		}
	case protoUDP:
		if d.Decapsulate != 0 && (isTunnelPort(h.SrcPort, h.DstPort) || isTeredoDatagram(data)) {
			return false
		}
		if said := uint32(be16(p[4:])); said != 0 {
			if said > length {
				return false
			}
			length = said
		}
	default:
		return false
	}
	h.PayloadLen = length - headerLen
	return headerLen <= length
}
