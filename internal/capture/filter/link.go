package filter

import "strconv"

// linkKind is what a link header looks like.
type linkKind uint8

const (
	linkUnknown linkKind = iota // only its bytes and lengths can be tested
	linkEthernet
	linkCooked1
	linkCooked2
	linkRaw  // IP, the version in its first byte
	linkRaw4 // IPv4 only
	linkRaw6
	linkNull // a BSD's loopback, address family in the byte order of its host
	linkPPP
	linkHDLC
)

// linkLayout says where a link header has the type of what follows, and where it ends.
type linkLayout struct {
	kind              linkKind
	etherType, header uint32
}

// links are the LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html) whose headers
// are known.
var links = map[uint16]linkLayout{
	0:   {linkNull, 0, 4},
	1:   {linkEthernet, 12, 14},
	9:   {linkPPP, 2, 4},
	12:  {linkRaw, 0, 0},
	14:  {linkRaw, 0, 0},
	50:  {linkPPP, 2, 4},
	101: {linkRaw, 0, 0},
	104: {linkHDLC, 2, 4},
	108: {linkNull, 0, 4},
	113: {linkCooked1, 14, 16},
	228: {linkRaw4, 0, 0},
	229: {linkRaw6, 0, 0},
	276: {linkCooked2, 0, 20},
}

// Values of the protocol field of a cooked capture that are no EtherTypes.
const (
	cookedNovell = 1 // IPX in 802.3 without an 802.2 header
	cooked8022   = 4
)

// pppTypes are the PPP protocol numbers of some EtherTypes and access points.
var pppTypes = map[uint32]uint32{
	etherIPv4: 0x0021, etherIPv6: 0x0057, etherMPLS: 0x0281, etherAppleTalk: 0x0029, 0x6003: 0x0027, 0x0600: 0x0025,
	sapOSI: 0x0023, sapSTP: 0x0031, sapIPX: 0x002b,
}

// carries tests whether the link header, or what was written as tags before, says that
// a protocol follows.
func (g *generator) carries(at token, etherType uint32) cond {
	if g.labels > 0 {
		return g.labelled(at, etherType)
	}
	field := g.typeField(bpfH)
	switch g.kind {
	case linkEthernet:
		return g.ethernetCarries(etherType)
	case linkCooked1, linkCooked2:
		return g.cookedCarries(etherType)
	case linkPPP:
		if number, ok := pppTypes[etherType]; ok {
			etherType = number
		}
		return equal(field, etherType)
	case linkHDLC:
		if etherType == sapOSI {
			etherType = sapOSI<<8 | sapOSI
		}
		return equal(field, etherType)
	case linkRaw:
		return g.version(etherType)
	case linkRaw4:
		return always(etherType == etherIPv4)
	case linkRaw6:
		return always(etherType == etherIPv6)
	case linkNull:
		return g.family(etherType)
	default:
		g.fail(at, "link type "+strconv.Itoa(int(g.linkType))+" has headers that cannot be filtered by protocol",
			"filter by len, less, greater or bytes like ether[0]")
		return always(false)
	}
}

// version goes by the first bits of an IP header.
func (g *generator) version(etherType uint32) cond {
	first := g.payloadField(0, bpfB)
	switch etherType {
	case etherIPv4:
		return compare(first, 0xf0, bpfJEQ, 0x40)
	case etherIPv6:
		return compare(first, 0xf0, bpfJEQ, 0x60)
	default:
		return always(false)
	}
}

// family goes by the address families of the BSDs, of macOS and of Linux, in whichever
// byte order they were written.
func (g *generator) family(etherType uint32) cond {
	families := map[uint32][]uint32{etherIPv4: {2}, etherIPv6: {10, 24, 28, 30}}[etherType]
	is := make([]cond, 0, 2*len(families))
	for _, family := range families {
		is = append(is, equal(g.typeField(bpfW), family), equal(g.typeField(bpfW), family<<24))
	}
	return anyOf(is...)
}

// labelled looks behind MPLS labels: the last one says so, but not what follows it.
func (g *generator) labelled(at token, etherType uint32) cond {
	if etherType != etherIPv4 && etherType != etherIPv6 {
		g.fail(at, "not found behind MPLS labels", "behind mpls, write ip, ip6 or what they carry")
		return always(false)
	}
	return all(compare(g.lastLabel(), 1, bpfJEQ, 1), g.version(etherType))
}

func (g *generator) ethernetCarries(etherType uint32) cond {
	field := g.typeField(bpfH)
	isLength := not(compare(field, wholeMask, bpfJGT, etherMaxLength))
	switch {
	case etherType == sapOSI || etherType == sapNetBEUI:
		return all(isLength, equal(g.payloadField(0, bpfH), etherType<<8|etherType))
	case etherType == sapIPX:
		return anyOf(equal(field, etherIPX), all(isLength, anyOf(
			g.snap(0, etherIPX), equal(g.payloadField(0, bpfB), sapIPX), equal(g.payloadField(0, bpfH), sapNovell))))
	case etherType == etherAppleTalk:
		return anyOf(equal(field, etherType), all(isLength, g.snap(0x080007, etherType)))
	case etherType == etherAppleARP:
		return anyOf(equal(field, etherType), all(isLength, g.snap(0, etherType)))
	case etherType <= etherMaxLength:
		return all(isLength, equal(g.payloadField(0, bpfB), etherType))
	default:
		return equal(field, etherType)
	}
}

func (g *generator) cookedCarries(etherType uint32) cond {
	field := g.typeField(bpfH)
	has8022 := equal(field, cooked8022)
	switch {
	case etherType == sapOSI || etherType == sapNetBEUI:
		return all(has8022, equal(g.payloadField(0, bpfH), etherType<<8|etherType))
	case etherType == sapIPX:
		return anyOf(equal(field, etherIPX), equal(field, cookedNovell),
			all(has8022, anyOf(equal(g.payloadField(0, bpfB), sapIPX), g.snap(0, etherIPX))))
	case etherType == etherAppleTalk:
		return anyOf(equal(field, etherType), all(has8022, g.snap(0x080007, etherType)))
	case etherType == etherAppleARP:
		return anyOf(equal(field, etherType), all(has8022, g.snap(0, etherType)))
	case etherType <= etherMaxLength:
		return all(has8022, equal(g.payloadField(0, bpfB), etherType))
	default:
		return equal(field, etherType)
	}
}

// snap tests an 802.2 header with a SNAP extension (RFC 1042).
func (g *generator) snap(organisation, etherType uint32) cond {
	return all(
		equal(g.payloadField(4, bpfW), organisation<<16|etherType),
		equal(g.payloadField(0, bpfW), 0xaaaa0300|organisation>>16),
	)
}
