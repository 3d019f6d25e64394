package packet

import "netflow-monitor/internal/flow"

// Flags of GRE (RFC 2784, RFC 2890; routing: RFC 1701; acknowledgement: RFC 2637).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007

	// Protocols that only GRE carries.
	greWCCP    = 0x883e
	greERSPAN  = etherERSPAN
	greERSPAN3 = 0x22eb

	// minVSID is the smallest identifier of a virtual subnet (RFC 7637 §3.2).
	minVSID = 0x1000
)

// openGREinUDP reads a GRE header behind UDP's (RFC 8086 §3): no version but 0, and
// neither routing nor reserved flags.
func openGREinUDP(data []byte) carried {
	const reserved = 0x0fff
	if len(data) < 4 || be16(data)&(greRouting|reserved) != 0 {
		return carried{}
	}
	return openGRE(data)
}

// openGRE reads a GRE header and, behind it, ERSPAN's.
func openGRE(data []byte) carried {
	if len(data) < 4 {
		return carried{}
	}
	flags, protocol := be16(data), be16(data[2:])
	version := flags & greVersion
	if version > 1 || version == 1 && protocol != etherPPP {
		return carried{}
	}
	size := 4
	if flags&(greChecksum|greRouting) != 0 {
		size += 4
	}
	keyAt := size
	for _, field := range [...]uint16{greKey, greSequence} {
		if flags&field != 0 {
			size += 4
		}
	}
	if version == 1 && flags&greAck != 0 {
		size += 4
	}
	if len(data) < size {
		return carried{}
	}
	c := carried{flow.TunnelGRE, protocol, 0, data[size:]}
	if flags&greKey != 0 {
		c.id = greID(flags, protocol, be32(data[keyAt:]))
	}
	if flags&greRouting != 0 && !c.skipRoutes() {
		return carried{}
	}
	switch protocol {
	case greWCCP: // version 2 puts 4 bytes in front of the packet, the first of them 0x40 at times
		c.etherType = etherIPv4
		if len(c.data) > 4 && (c.data[0]>>4 != 4 || c.data[0]&0x0f < ipv4Header/4) {
			c.data = c.data[4:]
		}
	case greERSPAN, greERSPAN3:
		return openERSPAN(protocol, flags&greSequence != 0, c.data)
	}
	return c
}

// greID is what a key names: with enhanced GRE the call in its lower half, with NVGRE
// the virtual subnet in its upper 24 bits, else all of it.
func greID(flags, protocol uint16, key uint32) uint32 {
	switch {
	case flags&greVersion == 1:
		return key & 0xffff
	case flags == greKey && protocol == etherBridging && key>>8 >= minVSID:
		return key >> 8
	default:
		return key
	}
}

// skipRoutes skips the source route entries (RFC 1701): address family, offset,
// length, route; the last is empty.
func (c *carried) skipRoutes() bool {
	const entry = 4
	for len(c.data) >= entry {
		length := int(c.data[3])
		last := be16(c.data) == 0 && length == 0
		if len(c.data) < entry+length {
			return false
		}
		if c.data = c.data[entry+length:]; last {
			return true
		}
	}
	return false
}

// openERSPAN reads the header of a mirrored frame (draft-foschiano-erspan-03): type I
// has none and no sequence number, type II 8 bytes, type III 12 or 20.
func openERSPAN(protocol uint16, sequence bool, data []byte) carried {
	const sessionMask = 0x03ff
	c := carried{kind: flow.TunnelERSPAN, etherType: etherBridging, data: data}
	var size int
	var bareIP bool
	switch {
	case protocol == greERSPAN3:
		const platform, frameType, ipFrame = 0x01, 0x7c, 2 << 2
		if size = 12; len(data) < size || data[0]>>4 != 2 {
			return carried{}
		}
		if data[11]&platform != 0 {
			size += 8
		}
		bareIP = data[10]&frameType == ipFrame
	case sequence:
		if size = 8; len(data) < size || data[0]>>4 != 1 {
			return carried{}
		}
	default:
		return c
	}
	if len(data) < size {
		return carried{}
	}
	c.id = uint32(be16(data[2:]) & sessionMask)
	if c.data = data[size:]; bareIP {
		c.etherType = ipByVersion(c.data)
	}
	return c
}
