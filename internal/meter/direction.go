package meter

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// evidence says what the direction of a biflow rests on; more beats less.
type evidence uint8

const (
	byFirstPacket evidence = iota
	byPort
	bySyn
)

// orient reports whether the packet goes from responder to initiator, and how that
// is known.
func orient(h *packet.Headers) (backwards bool, by evidence) {
	switch h.Protocol {
	case flow.ProtoTCP:
		if h.TCPFlags&flow.TCPSyn != 0 {
			return h.TCPFlags&flow.TCPAck != 0, bySyn
		}
	case flow.ProtoUDP, flow.ProtoSCTP:
	default:
		return false, byFirstPacket
	}
	if toMany(h) {
		return false, byFirstPacket
	}
	src, dst := serviceRank(h.SrcPort), serviceRank(h.DstPort)
	if src == dst {
		return false, byFirstPacket
	}
	return src > dst, byPort
}

// toMany reports whether a packet is addressed to a group or to all, who begin nothing.
func toMany(h *packet.Headers) bool {
	if h.Version == 6 {
		return h.Dst[0] == 0xff
	}
	return h.Dst[12]&0xf0 == 0xe0 || h.Dst[12] == 0xff
}

// serviceRank says how likely a server listens on the port.
func serviceRank(port uint16) int {
	rank := 0
	if port < 1024 {
		rank = 1
	}
	if isService(port) {
		rank += 2
	}
	return rank
}

// isService knows the ports that servers are commonly found on (IANA
// service-names-port-numbers, and what is used without being registered).
func isService(port uint16) bool {
	switch port {
	case 20, 21, 22, 23, 25, 37, 43, 49, 53, 67, 69, 70, 79, 80, 88, 102, 110, 111, 113, 119, 123, 135, 137, 138, 139,
		143, 161, 162, 177, 179, 194, 199, 264, 389, 427, 443, 444, 445, 464, 465, 500, 502, 512, 513, 514, 515, 520,
		521, 523, 524, 540, 543, 544, 546, 547, 548, 554, 563, 587, 593, 623, 631, 636, 646, 666, 700, 749, 853, 860,
		873, 902, 989, 990, 992, 993, 994, 995,
		1080, 1194, 1352, 1433, 1434, 1521, 1701, 1720, 1723, 1812, 1813, 1883, 1900, 1935, 2049, 2055, 2082, 2083,
		2152, 2181, 2375, 2376, 2379, 2404, 3128, 3260, 3268, 3269, 3306, 3389, 3478, 3544, 3690, 3868, 4317, 4369, 4500,
		4739, 4789, 5000, 5001, 5004, 5060, 5061, 5201, 5222, 5223, 5228, 5269, 5353, 5355, 5432, 5601, 5671, 5672, 5683,
		5684, 5900, 5938, 5985, 5986, 6000, 6343, 6379, 6443, 6514, 6667, 6697, 6881, 7000, 7687, 8000, 8008, 8009,
		8080, 8081, 8086, 8088, 8123, 8333, 8443, 8883, 8888, 9000, 9042, 9090, 9092, 9100, 9200, 9300, 9418, 9443,
		10050, 10051, 11211, 15672, 19302, 20000, 25565, 27015, 27017, 32400, 41641, 44818, 47808, 50051, 51820:
		return true
	}
	return false
}

// reconsider turns a biflow round if a SYN contradicts what its direction rested on,
// and as long as no record told anyone about it. It returns the packet's direction.
func (m *Meter) reconsider(i uint32, e *hot, h *packet.Headers, direction uint) uint {
	c := m.table.cold(i)
	if c.evidence == bySyn || e.marks&recorded != 0 {
		return direction
	}
	c.evidence = bySyn
	fromResponder := h.TCPFlags&flow.TCPAck != 0
	if fromResponder == (direction == 1) {
		return direction
	}
	k := e.key()
	e.setKey(k.reverse())
	e.count[0], e.count[1] = e.count[1], e.count[0]
	c.packets[0], c.packets[1] = c.packets[1], c.packets[0]
	e.flags[0], e.flags[1] = e.flags[1], e.flags[0]
	if seen := e.marks & seenBoth; seen == seenSent || seen == seenReceived {
		e.marks ^= seenBoth
	}
	if (e.flags[0]|e.flags[1])&flow.TCPRst != 0 {
		e.marks ^= responderReset
	}
	m.table.turnQuality(i, e)
	if e.marks&tunnelled != 0 {
		reverseTunnel(m.table.tunnel(i))
	}
	return 1 - direction
}
