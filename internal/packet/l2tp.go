package packet

import "netflow-monitor/internal/flow"

// openL2TP reads the header of L2TP over UDP. Version 2 (RFC 2661 §3.1) carries PPP;
// version 3 (RFC 3931 §4.1.2.1) has its session behind two reserved bytes.
func openL2TP(data []byte) carried {
	const (
		control     = 0x8000
		hasLength   = 0x4000
		hasSequence = 0x0800
		hasOffset   = 0x0200
		reserved    = 0x34f0
		versionMask = 0x000f
	)
	if len(data) < 6 {
		return carried{}
	}
	flags := be16(data)
	switch {
	case flags&control != 0 || flags&reserved != 0:
		return carried{}
	case flags&versionMask == 3:
		return openL2TPv3(data[4:])
	case flags&versionMask != 2:
		return carried{}
	}
	at := 2
	if flags&hasLength != 0 {
		at += 2
	}
	sessionAt := at + 2
	size := at + 4
	if flags&hasSequence != 0 {
		size += 4
	}
	if flags&hasOffset != 0 {
		if size += 2; len(data) < size {
			return carried{}
		}
		size += int(be16(data[size-2:]))
	}
	if len(data) < size {
		return carried{}
	}
	return carried{flow.TunnelL2TP, etherPPP, uint32(be16(data[sessionAt:])), data[size:]}
}

// openL2TPv3 reads the header of L2TPv3 over IP (RFC 3931 §4.1.1.1): the session, which
// is 0 in control messages. How long the cookie behind it is, whether there is a
// sublayer, and what the session carries, only its ends know: the first place is taken
// where the one that is possible looks like a frame with IP.
func openL2TPv3(data []byte) carried {
	const session, sublayer, longestCookie = 4, 4, 8
	if len(data) < session || be32(data) == 0 {
		return carried{}
	}
	c := carried{kind: flow.TunnelL2TP, id: be32(data)}
	for size := session; size <= session+longestCookie+sublayer && size < len(data); size += 4 {
		rest := data[size:]
		if isFrame(rest) {
			c.etherType, c.data = etherBridging, rest
			return c
		}
		if len(rest) > 4 && be16(rest) == pppAddress<<8|pppControl && (be16(rest[2:]) == pppIPv4 || be16(rest[2:]) == pppIPv6) {
			c.etherType, c.data = etherPPP, rest
			return c
		}
	}
	return carried{}
}
