package packet

// Protocols of PPP (IANA ppp-numbers).
const (
	pppIPv4       = 0x0021
	pppEncrypted  = 0x0053
	pppIPv6       = 0x0057
	pppMPLS       = 0x0281
	pppMPLSUp     = 0x0283
	pppAddress    = 0xff
	pppControl    = 0x03
	hdlcUnicast   = 0x0f
	hdlcBroadcast = 0x8f
)

// decodePPPLink reads PPP as it is captured on its own.
func decodePPPLink(linkType uint16, data []byte) (uint16, []byte, Fault) {
	if len(data) < 2 {
		return 0, nil, FaultTruncatedLink
	}
	switch {
	case linkType == LinkPPPDirection:
		return decodePPP(data[1:])
	case linkType == LinkPPPD && data[1] == pppControl:
		return decodePPP(data[2:])
	case (data[0] == hdlcUnicast || data[0] == hdlcBroadcast) && data[1] == 0:
		return skipTag(data, 2)
	default:
		return decodePPP(data)
	}
}

// decodePPP reads the protocol field (RFC 1661 §2), which may be compressed to one
// byte, behind address and control (RFC 1662 §3.1), which may be left out.
func decodePPP(data []byte) (uint16, []byte, Fault) {
	if len(data) >= 2 && data[0] == pppAddress && data[1] == pppControl {
		data = data[2:]
	}
	if len(data) < 2 {
		return 0, nil, FaultTruncatedLink
	}
	// The last byte of a protocol number is odd, those before are even.
	protocol, rest := uint16(data[0]), data[1:]
	if data[0]&1 == 0 {
		protocol, rest = be16(data), data[2:]
	}
	switch protocol {
	case pppIPv4:
		return etherIPv4, rest, FaultNone
	case pppIPv6:
		return etherIPv6, rest, FaultNone
	case pppMPLS, pppMPLSUp:
		return etherMPLS, rest, FaultNone
	case pppEncrypted:
		return 0, nil, FaultEncrypted
	default:
		return 0, nil, FaultNotIP
	}
}

// decodePPPoE reads the header of a PPPoE session (RFC 2516 §4): version and type,
// code 0, session, length.
func decodePPPoE(data []byte) (uint16, []byte, Fault) {
	const header, versionAndType = 6, 0x11
	if len(data) < header {
		return 0, nil, FaultTruncatedLink
	}
	if data[0] != versionAndType || data[1] != 0 {
		return 0, nil, FaultNotIP
	}
	return decodePPP(data[header:])
}

// decodeFrameRelay reads a Q.922 address and what says the protocol: an NLPID
// (RFC 2427 §3), or with Cisco's encapsulation an EtherType.
func decodeFrameRelay(data []byte) (uint16, []byte, Fault) {
	const (
		unnumbered = 0x03
		lastByte   = 1
		longest    = 4
	)
	length := 1
	for length <= min(longest, len(data)) && data[length-1]&lastByte == 0 {
		length++
	}
	if length > longest {
		return 0, nil, FaultNotIP
	}
	if len(data) < length+2 {
		return 0, nil, FaultTruncatedLink
	}
	rest := data[length:]
	if rest[0] != unnumbered {
		return be16(rest), rest[2:], FaultNone
	}
	rest = rest[1:]
	if rest[0] == 0 && len(rest) > 1 { // padding, so that what follows is aligned
		rest = rest[1:]
	}
	return decodeNLPID(rest, 0)
}

// decodeNLPID reads the number of a network protocol (RFC 2427 §3, ISO/IEC TR 9577);
// padding is that of decodeSNAP.
func decodeNLPID(data []byte, padding int) (uint16, []byte, Fault) {
	const ipv4, ipv6, snap, ppp = 0xcc, 0x8e, 0x80, 0xcf
	if len(data) == 0 {
		return 0, nil, FaultTruncatedLink
	}
	switch data[0] {
	case ipv4:
		return etherIPv4, data[1:], FaultNone
	case ipv6:
		return etherIPv6, data[1:], FaultNone
	case ppp:
		return etherPPP, data[1:], FaultNone
	case snap:
		return decodeSNAP(data[1:], padding)
	default:
		return 0, nil, FaultNotIP
	}
}
