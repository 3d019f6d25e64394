package packet

// Bits of the 802.11 frame control field (IEEE 802.11 §9.2.4.1), first and second byte.
const (
	wlanVersion   = 0x03
	wlanType      = 0x0c
	wlanData      = 0x08
	wlanNoData    = 0x40
	wlanQoS       = 0x80
	wlanToDS      = 0x01
	wlanFromDS    = 0x02
	wlanProtected = 0x40
	wlanOrder     = 0x80
	// wlanAMSDU is in the first byte of the QoS control field.
	wlanAMSDU = 0x80
)

// decodeWLANLink skips what the capturing driver put in front of 802.11.
func decodeWLANLink(linkType uint16, data []byte) (uint16, []byte, Fault) {
	const avsCookie, avsCookieMask = 0x80211000, 0xfffff000
	if linkType == LinkWLAN {
		return decodeWLAN(data, false)
	}
	if len(data) < 8 {
		return 0, nil, FaultTruncatedLink
	}
	length, padded := uint32(0), false
	switch {
	case linkType == LinkRadiotap:
		length = uint32(le16(data[2:]))
		padded = hasRadiotapPadding(data[:min(length, uint32(len(data)))])
	case be32(data)&avsCookieMask == avsCookie:
		length = be32(data[4:])
	case linkType == LinkPrism: // message and its length, in the host's byte order
		if length = le32(data[4:]); length > 0xffff {
			length = be32(data[4:])
		}
	}
	if length < 8 || length > uint32(len(data)) {
		return 0, nil, FaultTruncatedLink
	}
	return decodeWLAN(data[length:], padded)
}

// hasRadiotapPadding reads of the radiotap fields the flags alone, the second field,
// which say whether the 802.11 header is padded to a multiple of four bytes.
func hasRadiotapPadding(header []byte) bool {
	const timestamp, flags, more, padding = 1 << 0, 1 << 1, 1 << 31, 0x20
	if len(header) < 8 {
		return false
	}
	present, at := le32(header[4:]), 8
	for word := present; word&more != 0; at += 4 {
		if len(header) < at+4 {
			return false
		}
		word = le32(header[at:])
	}
	if present&timestamp != 0 {
		at = (at+7)&^7 + 8
	}
	return present&flags != 0 && at < len(header) && header[at]&padding != 0
}

// decodeWLAN reads the header of an 802.11 data frame (IEEE 802.11 §9.3.2.1), behind
// which there is an 802.2 header. All other frames, and fragments but the first, carry
// no packet. Of an aggregate (A-MSDU) the first packet is taken.
func decodeWLAN(data []byte, padded bool) (uint16, []byte, Fault) {
	const header, address, control, sequenceControl, subframe = 24, 6, 2, 22, 14
	if len(data) < 2 {
		return 0, nil, FaultTruncatedLink
	}
	kind, flags := data[0], data[1]
	if kind&(wlanVersion|wlanType) != wlanData || kind&wlanNoData != 0 {
		return 0, nil, FaultNotIP
	}
	if flags&wlanProtected != 0 {
		return 0, nil, FaultEncrypted
	}
	length := header
	if flags&wlanToDS != 0 && flags&wlanFromDS != 0 {
		length += address
	}
	qos := length
	if kind&wlanQoS != 0 {
		length += control
		if flags&wlanOrder != 0 {
			length += 4
		}
	}
	if len(data) < length {
		return 0, nil, FaultTruncatedLink
	}
	aggregate := kind&wlanQoS != 0 && data[qos]&wlanAMSDU != 0
	if data[sequenceControl]&0x0f != 0 {
		return 0, nil, FaultNotIP
	}
	if padded {
		length = (length + 3) &^ 3
	}
	if aggregate {
		length += subframe
	}
	if len(data) < length {
		return 0, nil, FaultTruncatedLink
	}
	return etherLLC, data[length:], FaultNone
}
