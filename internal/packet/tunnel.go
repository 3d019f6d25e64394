package packet

import (
	"math"

	"netflow-monitor/internal/flow"
)

// Protocols that carry packets (IANA protocol-numbers).
const (
	protoIPIP = 4
	protoIPv6 = 41
	protoGRE  = 47
	protoL2TP = 115
)

// mayCarry reports whether it is worth looking for a tunnel header in the packet behind
// these, which begins with that of the transport. Later fragments begin with none.
func (h *Headers) mayCarry(packet []byte) bool {
	switch h.Protocol {
	case protoUDP:
		return (isTunnelPort(h.SrcPort, h.DstPort) || isTeredoDatagram(packet)) && h.Fragment != FragmentLater
	case protoIPIP, protoIPv6, protoGRE, protoL2TP:
		return h.Fragment != FragmentLater
	default:
		return false
	}
}

// carried is what a tunnel's header says of the packet behind it; kind is TunnelNone
// where there is no such header.
type carried struct {
	kind      flow.TunnelKind
	etherType uint16
	id        uint32
	data      []byte
}

// undoTunnels replaces the headers of a packet by those of the packet within it, as
// often as there is one. What carries anything but a sound IP packet stays itself: a
// control message, a bubble that only keeps an address translation open (RFC 4380
// §2.8), or what only looks like a tunnel. So does what is nested deeper than a record
// can tell: it is metered where the limit leaves it, so that it is not lost.
func (d *Decoder) undoTunnels(outer body, h *Headers) {
	for h.mayCarry(outer.data) && h.TunnelDepth < flow.MaxTunnelDepth {
		payload := outer.data
		if h.Protocol == protoUDP {
			payload = payload[min(udpHeader, len(payload)):]
		}
		payload = payload[:min(uint32(len(payload)), h.PayloadLen)]
		c := h.open(payload, outer.partial)
		if c.kind == flow.TunnelNone || !d.Decapsulate.Has(c.kind) {
			return
		}
		var inner Headers
		etherType, rest, fault := unwrap(c.etherType, c.data, &inner)
		if fault != FaultNone {
			return
		}
		// A mirrored packet may have been cut; others are as long as they say.
		space := h.PayloadLen - uint32(len(payload)-len(rest))
		if !outer.partial && c.kind != flow.TunnelERSPAN && !fits(etherType, rest, space) {
			return
		}
		packet, fault := decodeIP(etherType, rest, space, &inner)
		if fault != FaultNone || inner.Protocol == protoNoNext {
			return
		}
		inner.enclose(h, &c)
		outer, *h = packet, inner
	}
}

// enclose notes that the packet came in outer.
func (h *Headers) enclose(outer *Headers, c *carried) {
	h.TunnelTags = h.VLAN != 0
	if outer.VLAN != 0 {
		h.VLAN, h.InnerVLAN, h.TunnelTags = outer.VLAN, outer.InnerVLAN, outer.TunnelTags
	}
	h.Tunnel = flow.Tunnel{Src: outer.Src, Dst: outer.Dst}
	if outer.TunnelDepth > 0 {
		h.Tunnel = outer.Tunnel
	}
	if h.Tunnel.ID == 0 {
		h.Tunnel.ID = c.id
	}
	if h.Fragment == FragmentNone && (outer.TunnelDepth == 0 || outer.FragmentOuter) {
		h.Fragment, h.FragmentID, h.FragmentOuter = outer.Fragment, outer.FragmentID, outer.Fragment != FragmentNone
	}
	h.Tunnel.Kinds[outer.TunnelDepth] = c.kind
	h.TunnelDepth = outer.TunnelDepth + 1
}

// open reads the tunnel header that the packet's payload begins with. Of a partial
// packet the header may say more than there is.
func (h *Headers) open(payload []byte, partial bool) carried {
	switch h.Protocol {
	case protoIPIP:
		return carried{flow.TunnelIPIP, etherIPv4, 0, payload}
	case protoIPv6:
		return carried{flow.Tunnel6in4, etherIPv6, 0, payload}
	case protoGRE:
		return openGRE(payload)
	case protoL2TP:
		return openL2TPv3(payload)
	case protoUDP:
		length := h.PayloadLen
		if partial {
			length = math.MaxUint16
		}
		return openUDP(h.SrcPort, h.DstPort, payload, length)
	default:
		return carried{}
	}
}

// fits reports whether data begins with an IP header whose packet is no longer than
// space, the bytes that there are for it on the wire.
func fits(etherType uint16, data []byte, space uint32) bool {
	switch {
	case etherType == etherIPv4 && len(data) >= ipv4Header:
		return data[0]>>4 == 4 && uint32(be16(data[2:])) <= space
	case etherType == etherIPv6 && len(data) >= ipv6Header:
		return data[0]>>4 == 6 && ipv6Header+uint32(be16(data[4:])) <= space
	default:
		return false
	}
}
