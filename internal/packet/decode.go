package packet

import "netflow-monitor/internal/flow"

// Decoder reads frames. Its zero value undoes no tunnels.
type Decoder struct {
	// Decapsulate are the kinds of tunnels of which the inner packet is read.
	Decapsulate flow.TunnelSet
}

// Decode reads the headers of one frame into h, of which it leaves nothing but, for
// packets in no tunnel, Tunnel.
// linkType is the LINKTYPE_ number of data and wireLen the frame's length on the
// wire in bytes; data may be shorter (snap length). Where the kernel took a VLAN
// tag out of the frame, wireLen is the length without it. A frame whose IP header
// was captured is metered even if its transport header was cut off (Headers.Cut).
// If the result is not FaultNone, h holds what was read before the fault.
func (d *Decoder) Decode(linkType uint16, data []byte, wireLen uint32, h *Headers) Fault {
	if linkType == LinkEthernet && d.decodeUsual(data, wireLen, h) {
		return FaultNone
	}
	return d.decodeAny(linkType, data, wireLen, h)
}

func (d *Decoder) decodeAny(linkType uint16, data []byte, wireLen uint32, h *Headers) Fault {
	h.clear()
	h.Src, h.Dst = [16]byte{}, [16]byte{}
	etherType, rest, fault := decodeLink(linkType, data, h)
	if fault != FaultNone {
		return fault
	}
	// The length of the IP packet and of what pads it, on the wire.
	space := uint32(len(rest))
	if wireLen > uint32(len(data)) {
		space += wireLen - uint32(len(data))
	}
	packet, fault := decodeIP(etherType, rest, space, h)
	if fault == FaultNone && d.Decapsulate != 0 && h.mayCarry(packet.data) {
		d.undoTunnels(packet, h)
	}
	return fault
}

// decodeIP reads the IP packet that etherType announced.
func decodeIP(etherType uint16, data []byte, space uint32, h *Headers) (body, Fault) {
	switch etherType {
	case etherIPv4:
		return decodeIPv4(data, space, h)
	case etherIPv6:
		return decodeIPv6(data, space, h)
	default:
		return body{}, FaultNotIP
	}
}

// AddOuterVLAN puts in front the 802.1Q tag that the kernel took out of the frame
// before delivering it. A priority tag (identifier 0) names no VLAN and is ignored.
func (h *Headers) AddOuterVLAN(tci uint16) {
	id := tci & vlanMask
	if id == 0 {
		return
	}
	if h.InnerVLAN = h.VLAN; h.TunnelTags {
		h.InnerVLAN, h.TunnelTags = 0, false
	}
	h.VLAN = id
}

func be16(b []byte) uint16 {
	_ = b[1]
	return uint16(b[0])<<8 | uint16(b[1])
}

func be32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func le16(b []byte) uint16 {
	_ = b[1]
	return uint16(b[1])<<8 | uint16(b[0])
}

func le32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[3])<<24 | uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0])
}
