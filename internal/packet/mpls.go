package packet

// skipLabels skips a stack of MPLS labels (RFC 3032 §2.1).
func skipLabels(data []byte) (uint16, []byte, Fault) {
	const label, bottomOfStack = 4, 1
	for range maxLabels {
		if len(data) < label {
			return 0, nil, FaultTruncatedLink
		}
		bottom := data[2]&bottomOfStack != 0
		if data = data[label:]; bottom {
			return behindLabels(data)
		}
	}
	return 0, nil, FaultTooManyTags
}

// behindLabels guesses what a label stack carries, for it does not say: IP begins
// with its version, a pseudowire with a control word that begins with 0 (RFC 4385), or
// right away with an Ethernet frame, whose first address may look like a version too.
func behindLabels(data []byte) (uint16, []byte, Fault) {
	const controlWord = 4
	if len(data) == 0 {
		return 0, nil, FaultTruncatedLink
	}
	first := data[0]
	switch {
	case first>>4 == 4 && first&0x0f >= ipv4Header/4 && (isIPv4(data) || !isFrameOfIP(data)):
		return etherIPv4, data, FaultNone
	case first>>4 == 6 && !isFrameOfIP(data):
		return etherIPv6, data, FaultNone
	case first>>4 == 0 && isFrame(data[min(controlWord, len(data)):]):
		return etherBridging, data[controlWord:], FaultNone
	case isFrame(data):
		return etherBridging, data, FaultNone
	default:
		return 0, nil, FaultNotIP
	}
}

// isFrame reports whether data looks like an Ethernet frame that carries IP, by its
// EtherType and the version of the packet right behind it.
func isFrame(data []byte) bool {
	if len(data) <= ethernetHeader {
		return false
	}
	switch version := data[ethernetHeader] >> 4; be16(data[12:]) {
	case etherIPv4:
		return version == 4
	case etherIPv6:
		return version == 6
	case etherVLAN, etherQinQ, etherMPLS, etherPPPoE:
		return true
	default:
		return false
	}
}

// isFrameOfIP is isFrame for where an IP packet is as likely: no address in such a
// packet passes for a frame by chance.
func isFrameOfIP(data []byte) bool {
	const mostTags, tagSize = 2, 4
	for at := ethernetHeader; at <= ethernetHeader+mostTags*tagSize && at < len(data); at += tagSize {
		switch be16(data[at-2:]) {
		case etherIPv4:
			return isIPv4(data[at:])
		case etherIPv6:
			return data[at]>>4 == 6
		case etherVLAN, etherQinQ:
		default:
			return false
		}
	}
	return false
}

// isIPv4 reports whether data begins with an IPv4 header whose checksum is right
// (RFC 1071): the words with their carries add up to 0xffff.
func isIPv4(data []byte) bool {
	if len(data) < ipv4Header || data[0]>>4 != 4 {
		return false
	}
	size := int(data[0]&0x0f) * 4
	if size < ipv4Header || size > len(data) {
		return false
	}
	sum := uint32(0)
	for at := 0; at < size; at += 2 {
		sum += uint32(be16(data[at:]))
	}
	return sum%0xffff == 0
}
