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
// right away with an Ethernet frame.
func behindLabels(data []byte) (uint16, []byte, Fault) {
	const controlWord = 4
	if len(data) == 0 {
		return 0, nil, FaultTruncatedLink
	}
	first := data[0]
	switch {
	case first>>4 == 4 && first&0x0f >= ipv4Header/4:
		return etherIPv4, data, FaultNone
	case first>>4 == 6:
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
// EtherType.
func isFrame(data []byte) bool {
	if len(data) < ethernetHeader {
		return false
	}
	switch be16(data[12:]) {
	case etherIPv4, etherIPv6, etherVLAN, etherQinQ, etherMPLS, etherPPPoE:
		return true
	default:
		return false
	}
}
