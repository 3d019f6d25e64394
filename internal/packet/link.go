package packet

// The LINKTYPE_ numbers that Decode knows (https://www.tcpdump.org/linktypes.html).
const (
	LinkNull         = 0   // BSD loopback, address family in the byte order of the host
	LinkEthernet     = 1   // IEEE 802.3
	LinkSLIP         = 8   // SLIP behind the pseudo-header of the BSDs
	LinkPPP          = 9   // PPP, as it is or in HDLC-like framing
	LinkFDDI         = 10  // FDDI
	LinkRaw12        = 12  // raw IP, as DLT_RAW of most systems was once written to files
	LinkRaw14        = 14  // raw IP, as DLT_RAW of OpenBSD was
	LinkPPPHDLC      = 50  // PPP in HDLC-like framing, or Cisco HDLC
	LinkPPPEther     = 51  // PPPoE without Ethernet
	LinkATM          = 100 // LLC over ATM (RFC 2684)
	LinkRaw          = 101 // raw IP, the version in its first nibble
	LinkCiscoHDLC    = 104 // Cisco HDLC
	LinkWLAN         = 105 // IEEE 802.11
	LinkFrameRelay   = 107 // Frame Relay (RFC 2427, Cisco)
	LinkLoop         = 108 // OpenBSD loopback, address family in network byte order
	LinkEnc          = 109 // OpenBSD, packets inside IPsec
	LinkLinuxSLL     = 113 // Linux cooked capture, version 1
	LinkPFLog        = 117 // log of the packet filter of the BSDs
	LinkPrism        = 119 // 802.11 behind a Prism or an AVS header
	LinkIPOverFC     = 122 // IP over Fibre Channel
	LinkRadiotap     = 127 // 802.11 behind a radiotap header
	LinkFireWire     = 138 // Apple IP over IEEE 1394
	LinkAVS          = 163 // 802.11 behind an AVS header
	LinkPPPD         = 166 // PPP of Linux, the address byte replaced by a direction
	LinkPPI          = 192 // another link type behind a per-packet information header
	LinkPPPDirection = 204 // PPP behind a direction byte
	LinkIPNet        = 226 // Solaris ipnet
	LinkIPv4         = 228 // raw IPv4
	LinkIPv6         = 229 // raw IPv6
	LinkNFLog        = 239 // Linux netfilter log
	LinkNetAnalyzer  = 240 // Ethernet behind 4 bytes of Hilscher netANALYZER
	LinkIPoIB        = 242 // IP over InfiniBand
	LinkPKTAP        = 258 // another link type behind a header of macOS
	LinkMPacket      = 274 // Ethernet with its preamble
	LinkLinuxSLL2    = 276 // Linux cooked capture, version 2
	LinkBroadcomTag  = 281 // Ethernet with a Broadcom switch tag
	LinkBroadcomPre  = 282 // Ethernet behind a Broadcom switch tag
	LinkDSA          = 284 // Ethernet with a DSA switch tag
	LinkEDSA         = 285 // Ethernet with a DSA switch tag of its own EtherType

	ethernetHeader = 14
	nullHeader     = 4
)

// framing tells where a link header of fixed length has its EtherType, and that
// length; 0 for link types of another make.
func framing(linkType uint16) (etherType, length int) {
	switch linkType {
	case LinkEthernet:
		return 12, ethernetHeader
	case LinkLinuxSLL:
		return 14, 16
	case LinkLinuxSLL2:
		return 0, 20
	case LinkCiscoHDLC:
		return 2, 4
	case LinkFireWire, LinkNetAnalyzer, LinkBroadcomTag, LinkBroadcomPre, LinkDSA:
		return 16, 18
	case LinkMPacket, LinkEDSA:
		return 20, 22
	case LinkIPoIB:
		return 40, 44
	default:
		return 0, 0
	}
}

// decodeLink strips the link header and tells what follows it.
func decodeLink(linkType uint16, data []byte, h *Headers) (etherType uint16, rest []byte, fault Fault) {
	if at, length := framing(linkType); length != 0 {
		if len(data) < length {
			return 0, nil, FaultTruncatedLink
		}
		return unwrap(be16(data[at:]), data[length:], h)
	}
	switch linkType {
	case LinkIPv4:
		return etherIPv4, data, FaultNone
	case LinkIPv6:
		return etherIPv6, data, FaultNone
	case LinkNull, LinkLoop:
		return decodeLoopback(data)
	case LinkATM:
		return unwrap(etherLLC, data, h)
	case LinkPPPEther:
		return unwrap(etherPPPoE, data, h)
	case LinkPPP, LinkPPPHDLC, LinkPPPDirection, LinkPPPD:
		etherType, data, fault = decodePPPLink(linkType, data)
	case LinkFrameRelay:
		etherType, data, fault = decodeFrameRelay(data)
	case LinkWLAN, LinkRadiotap, LinkPrism, LinkAVS:
		etherType, data, fault = decodeWLANLink(linkType, data)
	case LinkPPI, LinkPKTAP:
		return decodeWrapped(linkType, data, h)
	case LinkNFLog:
		return decodeNFLog(data)
	default:
		return decodeBare(linkType, data, h)
	}
	if fault != FaultNone {
		return 0, nil, fault
	}
	return unwrap(etherType, data, h)
}

// decodeBare reads link types whose header says nothing that matters here.
func decodeBare(linkType uint16, data []byte, h *Headers) (etherType uint16, rest []byte, fault Fault) {
	switch linkType {
	case LinkRaw, LinkRaw12, LinkRaw14:
		return decodeRaw(data)
	case LinkSLIP:
		return decodeBehind(16, data)
	case LinkEnc:
		return decodeBehind(12, data)
	case LinkIPNet:
		return decodeBehind(24, data)
	case LinkPFLog: // its length without padding is in its first byte
		if len(data) == 0 {
			return 0, nil, FaultTruncatedLink
		}
		return decodeBehind((int(data[0])+3)&^3, data)
	case LinkFDDI: // frame control and two addresses, then LLC
		return decodeLLCBehind(13, data, h)
	case LinkIPOverFC: // two addresses, then LLC
		return decodeLLCBehind(16, data, h)
	default:
		return 0, nil, FaultUnsupportedLink
	}
}

func decodeBehind(length int, data []byte) (uint16, []byte, Fault) {
	if len(data) < length {
		return 0, nil, FaultTruncatedLink
	}
	return decodeRaw(data[length:])
}

func decodeLLCBehind(length int, data []byte, h *Headers) (uint16, []byte, Fault) {
	if len(data) < length {
		return 0, nil, FaultTruncatedLink
	}
	return unwrap(etherLLC, data[length:], h)
}

// decodeRaw goes by the version nibble, the only thing a raw IP packet says of itself.
func decodeRaw(data []byte) (uint16, []byte, Fault) {
	if len(data) == 0 {
		return 0, nil, FaultTruncatedIP
	}
	switch data[0] >> 4 {
	case 4:
		return etherIPv4, data, FaultNone
	case 6:
		return etherIPv6, data, FaultNone
	default:
		return 0, nil, FaultBadIPVersion
	}
}

// decodeLoopback reads the address family of the BSDs in whichever byte order the
// capturing host had. IPv6 has a number of its own on each of them.
func decodeLoopback(data []byte) (uint16, []byte, Fault) {
	if len(data) < nullHeader {
		return 0, nil, FaultTruncatedLink
	}
	family := be32(data)
	if family > 0xffff {
		family = le32(data)
	}
	switch family {
	case 2:
		return etherIPv4, data[nullHeader:], FaultNone
	case 10, 24, 28, 30: // Linux, NetBSD and OpenBSD, FreeBSD, macOS
		return etherIPv6, data[nullHeader:], FaultNone
	default:
		return 0, nil, FaultNotIP
	}
}

// decodeWrapped reads the headers that carry the link type of what is behind them, in
// little-endian order: PPI (version, flags, length, link type) and PKTAP (length,
// record type, link type). Neither is found within another.
func decodeWrapped(linkType uint16, data []byte, h *Headers) (uint16, []byte, Fault) {
	if len(data) < 12 {
		return 0, nil, FaultTruncatedLink
	}
	length, inner := uint32(le16(data[2:])), le32(data[4:])
	if linkType == LinkPKTAP {
		length, inner = le32(data), le32(data[8:])
	}
	switch {
	case length < 8 || length > uint32(len(data)):
		return 0, nil, FaultTruncatedLink
	case inner > 0xffff || inner == LinkPPI || inner == LinkPKTAP:
		return 0, nil, FaultUnsupportedLink
	default:
		return decodeLink(uint16(inner), data[length:], h)
	}
}

// decodeNFLog finds the packet among the attributes of a netfilter log message. Their
// numbers are in the byte order of the host, nearly always little-endian.
func decodeNFLog(data []byte) (uint16, []byte, Fault) {
	const header, attribute, payload = 4, 4, 9
	if len(data) < header {
		return 0, nil, FaultTruncatedLink
	}
	for data = data[header:]; len(data) >= attribute; {
		length, kind := int(le16(data)), le16(data[2:])
		if length < attribute || kind&0x3fff > 0xff {
			length, kind = int(be16(data)), be16(data[2:])
		}
		if length < attribute {
			break
		}
		if kind&0x3fff == payload {
			return decodeRaw(data[attribute:min(length, len(data))])
		}
		data = data[min((length+3)&^3, len(data)):]
	}
	return 0, nil, FaultTruncatedLink
}
