package packet

// The LINKTYPE_ numbers that Decode knows (https://www.tcpdump.org/linktypes.html).
const (
	LinkNull       = 0   // BSD loopback, address family in the byte order of the host
	LinkEthernet   = 1   // IEEE 802.3
	LinkRaw12      = 12  // raw IP, as DLT_RAW of most systems was once written to files
	LinkRaw14      = 14  // raw IP, as DLT_RAW of OpenBSD was
	LinkRaw        = 101 // raw IP, the version in its first nibble
	LinkLoop       = 108 // OpenBSD loopback, address family in network byte order
	LinkLinuxSLL   = 113 // Linux cooked capture, version 1
	LinkIPv4       = 228 // raw IPv4
	LinkIPv6       = 229 // raw IPv6
	LinkLinuxSLL2  = 276 // Linux cooked capture, version 2
	ethernetHeader = 14
	sllHeader      = 16
	sll2Header     = 20
	nullHeader     = 4
	vlanTag        = 4
	snapHeader     = 8
)

// EtherTypes (IEEE registry).
const (
	etherIPv4    = 0x0800
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100 // 802.1Q
	etherQinQ    = 0x88a8 // 802.1ad
	etherQinQOld = 0x9100 // before 802.1ad was settled
	// etherMin is the smallest EtherType; below it the field is an 802.3 length.
	etherMin = 0x0600

	vlanMask = 0x0fff
	// maxTags bounds the tags of one frame: two name networks, the rest is slack.
	maxTags = 8
)

// decodeLink strips the link header and tells what follows it.
func decodeLink(linkType uint16, data []byte, h *Headers) (etherType uint16, rest []byte, fault Fault) {
	switch linkType {
	case LinkEthernet:
		if len(data) < ethernetHeader {
			return 0, nil, FaultTruncatedLink
		}
		etherType, rest = be16(data[12:]), data[ethernetHeader:]
		if etherType == etherIPv4 || etherType == etherIPv6 {
			return etherType, rest, FaultNone
		}
		return decodeTags(etherType, rest, h)
	case LinkLinuxSLL:
		if len(data) < sllHeader {
			return 0, nil, FaultTruncatedLink
		}
		return decodeTags(be16(data[14:]), data[sllHeader:], h)
	case LinkLinuxSLL2:
		if len(data) < sll2Header {
			return 0, nil, FaultTruncatedLink
		}
		return decodeTags(be16(data), data[sll2Header:], h)
	case LinkRaw, LinkRaw12, LinkRaw14:
		return decodeRaw(data)
	case LinkIPv4:
		return etherIPv4, data, FaultNone
	case LinkIPv6:
		return etherIPv6, data, FaultNone
	case LinkNull, LinkLoop:
		return decodeLoopback(data)
	default:
		return 0, nil, FaultUnsupportedLink
	}
}

// decodeTags walks VLAN tags and an 802.2 SNAP header, in any order.
func decodeTags(etherType uint16, data []byte, h *Headers) (uint16, []byte, Fault) {
	for range maxTags {
		switch {
		case etherType == etherVLAN || etherType == etherQinQ || etherType == etherQinQOld:
			if len(data) < vlanTag {
				return 0, nil, FaultTruncatedLink
			}
			h.addInnerVLAN(be16(data) & vlanMask)
			etherType, data = be16(data[2:]), data[vlanTag:]
		case etherType < etherMin && len(data) >= snapHeader && isSNAP(data):
			etherType, data = be16(data[6:]), data[snapHeader:]
		default:
			return etherType, data, FaultNone
		}
	}
	return 0, nil, FaultTooManyTags
}

// addInnerVLAN fills the first free place; what is deeper than two tags is skipped.
func (h *Headers) addInnerVLAN(id uint16) {
	if h.VLAN == 0 {
		h.VLAN = id
	} else if h.InnerVLAN == 0 {
		h.InnerVLAN = id
	}
}

// isSNAP recognises an 802.2 header that carries an EtherType (RFC 1042).
func isSNAP(data []byte) bool {
	return len(data) >= snapHeader && data[0] == 0xaa && data[1] == 0xaa && data[2] == 3 &&
		data[3] == 0 && data[4] == 0 && data[5] == 0
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
		family = uint32(data[3])<<24 | uint32(data[2])<<16 | uint32(data[1])<<8 | uint32(data[0])
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
