package packet

// EtherTypes (IEEE registry).
const (
	etherIPv4     = 0x0800
	etherBridging = 0x6558 // a whole Ethernet frame (RFC 1701)
	etherIPv6     = 0x86dd
	etherVLAN     = 0x8100 // 802.1Q
	etherPPP      = 0x880b
	etherMPLS     = 0x8847
	etherMPLSUp   = 0x8848 // upstream-assigned labels, once multicast
	etherPPPoE    = 0x8864 // its session stage
	etherQinQ     = 0x88a8 // 802.1ad
	etherMACsec   = 0x88e5
	etherERSPAN   = 0x88be // type I and II; without GRE always with a header
	etherPBB      = 0x88e7 // 802.1ah
	etherCiscoCMD = 0x8909 // Cisco MetaData
	etherVNTag    = 0x8926
	etherHSR      = 0x892f
	etherETag     = 0x893f // 802.1BR
	etherNSH      = 0x894f
	etherQinQOld  = 0x9100 // before 802.1ad was settled
	etherQinQOld2 = 0x9200
	etherArista   = 0xd28b // time stamps of Arista's switches
	// etherMin is the smallest EtherType; below it the field is an 802.3 length, and
	// an 802.2 header follows.
	etherMin = 0x0600
	etherLLC = 0

	vlanMask = 0x0fff
	// maxLayers bounds the tags and headers in front of a packet: two tags name
	// networks, some more a provider's, the rest is slack.
	maxLayers = 16
	// maxLabels bounds a stack of MPLS labels.
	maxLabels = 16
)

// unwrap takes off what stands between an EtherType and an IP packet, in any order:
// tags, labels, PPPoE, 802.2, Ethernet in Ethernet. What it does not know is left to
// the caller, who finds that it is not IP.
func unwrap(etherType uint16, data []byte, h *Headers) (uint16, []byte, Fault) {
	for range maxLayers {
		var fault Fault
		switch etherType {
		case etherIPv4, etherIPv6:
			return etherType, data, FaultNone
		case etherVLAN, etherQinQ, etherQinQOld, etherQinQOld2:
			if len(data) >= 2 {
				h.addInnerVLAN(be16(data) & vlanMask)
			}
			etherType, data, fault = skipTag(data, 2)
		case etherVNTag, etherHSR:
			etherType, data, fault = skipTag(data, 4)
		case etherETag:
			etherType, data, fault = skipTag(data, 6)
		case etherPBB: // the service identifier and the customer's addresses
			etherType, data, fault = skipTag(data, 16)
		case etherBridging:
			etherType, data, fault = skipTag(data, 12)
		case etherERSPAN:
			etherType, data, fault = skipTag(data, 8+12)
		case etherCiscoCMD:
			etherType, data, fault = skipCiscoCMD(data)
		case etherArista:
			etherType, data, fault = skipTimestamp(data)
		case etherNSH:
			etherType, data, fault = skipNSH(data)
		case etherMPLS, etherMPLSUp:
			etherType, data, fault = skipLabels(data)
		case etherPPPoE:
			etherType, data, fault = decodePPPoE(data)
		case etherPPP:
			etherType, data, fault = decodePPP(data)
		case etherMACsec:
			etherType, data, fault = skipMACsec(data)
		default:
			if etherType >= etherMin {
				return etherType, data, FaultNone
			}
			etherType, data, fault = decodeLLC(data)
		}
		if fault != FaultNone {
			return 0, nil, fault
		}
	}
	return 0, nil, FaultTooManyTags
}

// skipTag skips a tag of size bytes that ends with the EtherType of what follows.
func skipTag(data []byte, size int) (uint16, []byte, Fault) {
	if len(data) < size+2 {
		return 0, nil, FaultTruncatedLink
	}
	return be16(data[size:]), data[size+2:], FaultNone
}

// skipCiscoCMD skips Cisco MetaData: version, number of 4-byte options, options.
func skipCiscoCMD(data []byte) (uint16, []byte, Fault) {
	if len(data) < 2 {
		return 0, nil, FaultTruncatedLink
	}
	return skipTag(data, 2+int(data[1])*4)
}

// skipTimestamp skips the time at which a switch of Arista's saw the frame: subtype,
// time scale, format and hardware, time.
func skipTimestamp(data []byte) (uint16, []byte, Fault) {
	const subtype, format64, format48 = 1, 1, 2
	switch {
	case len(data) < 4:
		return 0, nil, FaultTruncatedLink
	case be16(data) == subtype && data[3]>>4 == format64:
		return skipTag(data, 4+8)
	case be16(data) == subtype && data[3]>>4 == format48:
		return skipTag(data, 4+6)
	default:
		return 0, nil, FaultNotIP
	}
}

// skipMACsec skips the tag of a frame that is signed (IEEE 802.1AE §9.3). One that is
// encrypted as well cannot be read.
func skipMACsec(data []byte) (uint16, []byte, Fault) {
	const tag, channel, hasChannel, encrypted = 6, 8, 0x20, 0x0c
	switch {
	case len(data) < tag:
		return 0, nil, FaultTruncatedLink
	case data[0]&encrypted != 0:
		return 0, nil, FaultEncrypted
	case data[0]&hasChannel != 0:
		return skipTag(data, tag+channel)
	default:
		return skipTag(data, tag)
	}
}

// skipNSH skips a network service header (RFC 8300 §2.2).
func skipNSH(data []byte) (uint16, []byte, Fault) {
	if len(data) < 4 {
		return 0, nil, FaultTruncatedLink
	}
	length := int(data[1]&0x3f) * 4
	if length < 8 || length > len(data) {
		return 0, nil, FaultTruncatedLink
	}
	return nextProtocol(data[3]), data[length:], FaultNone
}

// nextProtocol is the EtherType for a next protocol of NSH and VXLAN-GPE, which have
// their registries in common as far as they go; the highest, which is reserved, for others.
func nextProtocol(protocol uint8) uint16 {
	switch protocol {
	case 1:
		return etherIPv4
	case 2:
		return etherIPv6
	case 3:
		return etherBridging
	case 4:
		return etherNSH
	case 5:
		return etherMPLS
	default:
		return 0xffff
	}
}

// decodeLLC recognises the 802.2 headers that carry IP: SNAP with an EtherType
// (RFC 1042, and 802.1H for bridged frames), IP's own service access point, and on ATM
// that of network protocols with numbers of their own (RFC 2684 §5.1, RFC 2364 §5).
func decodeLLC(data []byte) (uint16, []byte, Fault) {
	const bridgedPadding = 2 // RFC 2684 §5.2
	switch {
	case len(data) < 3:
		return 0, nil, FaultTruncatedLink
	case data[0] == 0x06 && data[1] == 0x06 && data[2] == 3:
		return etherIPv4, data[3:], FaultNone
	case data[0] == 0xaa && data[1] == 0xaa && data[2] == 3:
		return decodeSNAP(data[3:], bridgedPadding)
	case data[0] == 0xfe && data[1] == 0xfe && data[2] == 3:
		return decodeNLPID(data[3:], bridgedPadding)
	default:
		return 0, nil, FaultNotIP
	}
}

// decodeSNAP reads organisation and protocol; padding is what stands in front of a
// bridged frame, in bytes.
func decodeSNAP(data []byte, padding int) (uint16, []byte, Fault) {
	if len(data) < 5 {
		return 0, nil, FaultTruncatedLink
	}
	etherType := be16(data[3:])
	switch organisation := uint32(be16(data))<<8 | uint32(data[2]); {
	case organisation == 0x000000 || organisation == 0x0000f8:
		return etherType, data[5:], FaultNone
	case organisation == 0x0080c2 && (etherType == 1 || etherType == 7): // bridged 802.3 (RFC 2427 §4.2)
		if len(data) < 5+padding {
			return 0, nil, FaultTruncatedLink
		}
		return etherBridging, data[5+padding:], FaultNone
	default:
		return 0, nil, FaultNotIP
	}
}

// addInnerVLAN fills the first free place; what is deeper than two tags is skipped.
func (h *Headers) addInnerVLAN(id uint16) {
	if h.VLAN == 0 {
		h.VLAN = id
	} else if h.InnerVLAN == 0 {
		h.InnerVLAN = id
	}
}
