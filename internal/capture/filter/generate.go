package filter

import (
	"math"
	"strconv"

	"golang.org/x/net/bpf"
)

// generator turns a tree of conditions into tests, and keeps where the part that is
// being compiled looks. After its first error, which it keeps, its result is of no use.
type generator struct {
	linkType uint16
	kernel   bool
	err      *Error

	kind linkKind
	// linkHeader, etherType and payload are offsets of the link header, of its type
	// field and of what follows it with all tags.
	linkHeader, etherType, payload uint32
	// shifted is set behind the first VLAN tag in the kernel.
	shifted      bool
	vlans        int
	labels       int
	shiftMatters bool
}

// generate compiles; a nil tree matches everything.
func generate(tree node, linkType uint16, o Options) ([]bpf.RawInstruction, *Error) {
	layout := links[linkType]
	g := &generator{linkType: linkType, kernel: o.Kernel, kind: layout.kind, etherType: layout.etherType, payload: layout.header}
	if g.kernel && (g.kind == linkCooked1 || g.kind == linkCooked2) {
		return nil, &Error{
			Reason: "no cooked link header in the kernel", Remedy: "compile for the link type of the socket's data: Ethernet or raw IP",
		}
	}
	var c cond = always(true)
	if tree != nil {
		c = tree.compile(g)
	}
	if g.err != nil {
		return nil, g.err
	}
	var prologue []bpf.RawInstruction
	if g.shiftMatters {
		prologue = measureShift()
	}
	return assemble(c, prologue, o.SnapLen)
}

func (g *generator) fail(at token, reason, remedy string) {
	if g.err == nil {
		g.err = faultAt(at, reason, remedy)
	}
}

// linkField is a field of the link header itself, tags or not.
func (g *generator) linkField(off uint32, size uint16) place {
	return place{mode: bpfABS, size: size, off: g.linkHeader + off}
}

func (g *generator) typeField(size uint16) place {
	return g.shift(place{mode: bpfABS, size: size, off: g.etherType})
}

// payloadField is a field of what follows the link header, as a rule of the IP header.
func (g *generator) payloadField(off uint32, size uint16) place {
	return g.shift(place{mode: bpfABS, size: size, off: g.payload + off})
}

// transportField is a field behind the IPv4 header.
func (g *generator) transportField(off uint32, size uint16) place {
	p := g.payloadField(off, size)
	p.index.header, p.index.at = true, g.payload
	return p
}

func (g *generator) shift(p place) place {
	p.index.shifted = g.shifted
	g.shiftMatters = g.shiftMatters || g.shifted
	return p
}

// lastLabel is the byte of the last MPLS label that says whether more follow.
func (g *generator) lastLabel() place {
	return g.shift(place{mode: bpfABS, size: bpfB, off: g.payload - 2})
}

func ask(what uint32) place { return place{mode: bpfABS, size: bpfW, off: what} }

func packetLength() place { return place{mode: bpfLEN, size: bpfW} }

func (n *junction) compile(g *generator) cond {
	left := n.left.compile(g)
	right := n.right.compile(g)
	if n.or {
		return anyOf(left, right)
	}
	return all(left, right)
}

func (n *negation) compile(g *generator) cond { return not(n.of.compile(g)) }

func (n *numberNode) compile(g *generator) cond {
	if n.proto == protoLink {
		return g.carries(n.at, n.number)
	}
	var is []cond
	if n.proto != protoIP6 {
		is = append(is, all(g.carries(n.at, etherIPv4), equal(g.payloadField(9, bpfB), n.number)))
	}
	if n.proto != protoIP {
		is = append(is, all(g.carries(n.at, etherIPv6), g.next6(n.number)))
	}
	return anyOf(is...)
}

// next6 tests the header that follows IPv6, or a fragment header.
func (g *generator) next6(number uint32) cond {
	next := g.payloadField(6, bpfB)
	return anyOf(equal(next, number), all(equal(next, protoIPv6Fragment), equal(g.payloadField(40, bpfB), number)))
}

func (n *presence) compile(g *generator) cond { return g.present(n.at, n.proto) }

func (g *generator) present(at token, proto *protocol) cond {
	if !proto.transport() {
		return g.carries(at, proto.etherType)
	}
	var is []cond
	if proto.over4 {
		is = append(is, all(g.carries(at, etherIPv4), equal(g.payloadField(9, bpfB), proto.ipProto)))
	}
	if proto.over6 {
		is = append(is, all(g.carries(at, etherIPv6), g.next6(proto.ipProto)))
	}
	return anyOf(is...)
}

func (n *cast) compile(g *generator) cond {
	switch {
	case n.proto == nil || n.proto == protoLink:
		if g.kind != linkEthernet {
			g.fail(n.at, "link layer without broadcast and multicast addresses", "write ip multicast or ip6 multicast, or capture on Ethernet")
			return always(false)
		}
		if n.multicast {
			return not(compare(g.linkField(0, bpfB), 1, bpfJEQ, 0))
		}
		return g.etherAddress(0, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	case n.proto == protoIP && n.multicast:
		return all(g.carries(n.at, etherIPv4), compare(g.payloadField(16, bpfB), wholeMask, bpfJGE, 224))
	case n.proto == protoIP6 && n.multicast:
		return all(g.carries(n.at, etherIPv6), equal(g.payloadField(24, bpfB), 255))
	case n.proto == protoIP:
		g.fail(n.at, "the network's mask is not known", "write the broadcast address, as in ip dst host 192.168.1.255 or ip dst host 255.255.255.255")
	default:
		g.fail(n.at, n.proto.name+" has no such addresses", "write ether broadcast, ether multicast, ip multicast or ip6 multicast")
	}
	return always(false)
}

func (n *direction) compile(g *generator) cond {
	var out cond
	switch {
	case g.kernel:
		out = equal(ask(askType), packetOutgoing)
	case g.kind == linkCooked1:
		out = equal(g.linkField(0, bpfH), packetOutgoing)
	case g.kind == linkCooked2:
		out = equal(g.linkField(10, bpfB), packetOutgoing)
	default:
		g.fail(n.at, "a file of link type "+strconv.Itoa(int(g.linkType))+" does not tell the direction of its packets",
			"write src or dst with an address, or capture live")
		return always(false)
	}
	if n.outbound {
		return out
	}
	return not(out)
}

func (n *ifindexNode) compile(g *generator) cond {
	switch {
	case g.kernel:
		return equal(ask(askInterface), n.number)
	case g.kind == linkCooked2:
		return equal(g.linkField(4, bpfW), n.number)
	default:
		g.fail(n.at, "a file of link type "+strconv.Itoa(int(g.linkType))+" does not tell the interface of its packets", "capture live on one interface")
		return always(false)
	}
}

// offset adds to an offset; what lies beyond the largest packet is refused, because the
// kernel takes such offsets for questions.
func (g *generator) offset(at token, p place, by uint32) place {
	p.off += by
	if p.off > math.MaxInt32 {
		g.fail(at, "offset before or beyond any packet", "write an offset from 0 on")
	}
	return p
}
