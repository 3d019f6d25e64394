package filter

import "encoding/binary"

// toward joins the tests of a source and a destination as a direction asks.
func toward(dir string, source, destination cond) cond {
	switch dir {
	case "src":
		return source
	case "dst":
		return destination
	case bothWays:
		return all(source, destination)
	default:
		return anyOf(source, destination)
	}
}

func (n *hostNode) compile(g *generator) cond {
	if n.six {
		return all(g.carries(n.at, etherIPv6), toward(n.q.dir, n.words(g, 8), n.words(g, 24)))
	}
	in := func(proto *protocol, source, destination uint32) cond {
		if n.q.proto != nil && n.q.proto != proto {
			return always(false)
		}
		return all(g.carries(n.at, proto.etherType), toward(n.q.dir, n.word(g, source), n.word(g, destination)))
	}
	is := in(protoIP, 12, 16)
	if n.q.proto == nil && g.labels > 0 {
		return is
	}
	return anyOf(is, in(protoARP, 14, 24), in(protoRARP, 14, 24))
}

// word tests an IPv4 address.
func (n *hostNode) word(g *generator, off uint32) cond {
	is := make([]cond, 0, len(n.nets))
	for _, net := range n.nets {
		is = append(is, net.word(g, off, 0))
	}
	return anyOf(is...)
}

// words tests an IPv6 address.
func (n *hostNode) words(g *generator, off uint32) cond {
	is := make([]cond, 0, len(n.nets))
	for _, net := range n.nets {
		is = append(is, all(net.word(g, off, 0), net.word(g, off, 1), net.word(g, off, 2), net.word(g, off, 3)))
	}
	return anyOf(is...)
}

func (n network) word(g *generator, off uint32, i int) cond {
	if n.mask[i] == 0 {
		return always(true)
	}
	return compare(g.payloadField(off+4*uint32(i), bpfW), n.mask[i], bpfJEQ, n.addr[i])
}

func (n *macNode) compile(g *generator) cond {
	if g.kind != linkEthernet {
		g.fail(n.at, "link layer without Ethernet addresses", "capture on Ethernet, and write ether before pppoes")
		return always(false)
	}
	return toward(n.q.dir, g.etherAddress(6, n.mac), g.etherAddress(0, n.mac))
}

// etherAddress looks at the end of an address first, as libpcap does: it matters where
// the frame is cut.
func (g *generator) etherAddress(off uint32, mac [6]byte) cond {
	return all(
		equal(g.linkField(off+2, bpfW), binary.BigEndian.Uint32(mac[2:])),
		equal(g.linkField(off, bpfH), uint32(binary.BigEndian.Uint16(mac[:]))),
	)
}

// compile looks for ports right behind the IP header, and not in later fragments.
func (n *portNode) compile(g *generator) cond {
	among := func(field place) cond {
		if n.proto != nil {
			return equal(field, n.proto.ipProto)
		}
		return anyOf(equal(field, protoSCTP.ipProto), equal(field, protoTCP.ipProto), equal(field, protoUDP.ipProto))
	}
	return anyOf(
		all(g.carries(n.at, etherIPv6), among(g.payloadField(6, bpfB)),
			toward(n.q.dir, n.within(g.payloadField(40, bpfH)), n.within(g.payloadField(42, bpfH)))),
		all(g.carries(n.at, etherIPv4), among(g.payloadField(9, bpfB)), g.firstFragment(),
			toward(n.q.dir, n.within(g.transportField(0, bpfH)), n.within(g.transportField(2, bpfH)))),
	)
}

func (n *portNode) within(field place) cond {
	is := make([]cond, 0, len(n.ranges))
	for _, r := range n.ranges {
		if r.single() {
			is = append(is, equal(field, uint32(r.low)))
			continue
		}
		is = append(is, all(compare(field, wholeMask, bpfJGE, uint32(r.low)), not(compare(field, wholeMask, bpfJGT, uint32(r.high)))))
	}
	return anyOf(is...)
}

func (g *generator) firstFragment() cond {
	return compare(g.payloadField(6, bpfH), 0x1fff, bpfJEQ, 0)
}
