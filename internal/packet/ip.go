package packet

import "encoding/binary"

const (
	ipv4Header = 20
	ipv6Header = 40

	ipv4MoreFragments = 0x2000
	ipv4OffsetMask    = 0x1fff
)

// decodeIPv4 reads an IPv4 header (RFC 791 §3.1); space is what the link carried on
// the wire, the packet and its padding.
func decodeIPv4(data []byte, space uint32, h *Headers) (body, Fault) {
	if len(data) < ipv4Header {
		return body{}, FaultTruncatedIP
	}
	p := (*[ipv4Header]byte)(data)
	headerLen := uint32(p[0]&0x0f) * 4
	switch {
	case p[0]>>4 != 4:
		return body{}, FaultBadIPVersion
	case headerLen < ipv4Header:
		return body{}, FaultBadIPHeaderLength
	case headerLen > uint32(len(data)):
		return body{}, FaultTruncatedIP
	}
	total := uint32(be16(p[2:]))
	if total == 0 { // segmentation offload: the length is filled in for each segment later
		total = space
	}
	if total < headerLen {
		return body{}, FaultBadIPLength
	}
	h.Version = 4
	h.Protocol = p[9]
	mapIPv4(&h.Src, (*[4]byte)(p[12:16]))
	mapIPv4(&h.Dst, (*[4]byte)(p[16:20]))

	if frag := be16(p[6:]); frag&(ipv4MoreFragments|ipv4OffsetMask) != 0 {
		h.FragmentID = uint32(be16(p[4:]))
		h.Fragment = FragmentFirst
		if frag&ipv4OffsetMask != 0 {
			h.Fragment = FragmentLater
		}
	}
	return decodePayload(data, headerLen, total, space, h)
}

// mapIPv4 makes to the IPv4-mapped IPv6 address of from (RFC 4291 §2.5.5.2).
func mapIPv4(to *[16]byte, from *[4]byte) {
	binary.LittleEndian.PutUint64(to[:], 0)
	// One store: that of a whole word can be loaded again before it reached the cache.
	binary.LittleEndian.PutUint64(to[8:], uint64(binary.LittleEndian.Uint32(from[:]))<<32|0xffff<<16)
}

// decodeIPv6 reads an IPv6 header (RFC 8200 §3) and its extension headers.
func decodeIPv6(data []byte, space uint32, h *Headers) (body, Fault) {
	if len(data) < ipv6Header {
		return body{}, FaultTruncatedIP
	}
	p := (*[ipv6Header]byte)(data)
	if p[0]>>4 != 6 {
		return body{}, FaultBadIPVersion
	}
	h.Version = 6
	h.Src = [16]byte(p[8:24])
	h.Dst = [16]byte(p[24:40])
	h.Protocol = p[6]

	total := ipv6Header + uint32(be16(p[4:]))
	if total == ipv6Header && h.Protocol != protoNoNext {
		var fault Fault
		if total, fault = jumboLength(data, space, h.Protocol); fault != FaultNone {
			return body{}, fault
		}
	}
	headerLen := uint32(ipv6Header)
	if isExtension(h.Protocol) {
		var fault Fault
		if headerLen, fault = skipExtensions(data, min(total, space), h); fault != FaultNone {
			return body{}, fault
		}
	}
	return decodePayload(data, headerLen, total, space, h)
}

// body is what follows the headers of an IP packet, as far as it was captured.
type body struct {
	data []byte
	// partial says that the packet is not whole even on the wire: a first fragment,
	// or a frame shorter than its IP header says.
	partial bool
}

// decodePayload settles the lengths and reads the transport header. A header that
// claims more than its frame carried is not believed, else anyone could inflate the
// counters; the rest of such a packet is treated as if it had been cut off.
func decodePayload(data []byte, headerLen, total, space uint32, h *Headers) (body, Fault) {
	partial := h.Fragment != FragmentNone
	if total > space {
		total, partial = space, true
	}
	h.IPLen = total
	h.PayloadLen = total - headerLen
	if uint32(len(data)) > total {
		data = data[:total]
	}
	b := body{data[headerLen:], partial}
	if h.Fragment == FragmentLater {
		return b, FaultNone
	}
	return b, decodeTransport(b.data, partial, h)
}
