package filter

import "strconv"

const (
	tagLength    = 4 // of a VLAN tag and of an MPLS label
	pppoeHeader  = 6
	pppProtocol  = 2
	vlanNumber   = 0x0fff
	labelNumber  = 0xfffff000
	sessionField = 0x0000ffff
)

func (n *tag) compile(g *generator) cond {
	switch n.at.word {
	case "vlan":
		return n.vlan(g)
	case "mpls":
		return n.label(g)
	default:
		return n.session(g)
	}
}

// vlan moves everything behind it into the tag. The kernel takes the outermost tag out
// of the frame, if it can; then nothing moves.
func (n *tag) vlan(g *generator) cond {
	if g.labels > 0 {
		g.fail(n.at, "no VLAN tag behind MPLS labels", "write vlan before mpls")
		return always(false)
	}
	if g.kind != linkEthernet {
		g.fail(n.at, "link type "+strconv.Itoa(int(g.linkType))+" has no VLAN tags here", "capture on Ethernet")
		return always(false)
	}
	field := g.typeField(bpfH)
	inFrame := anyOf(equal(field, etherVLAN), equal(field, etherQinQ), equal(field, etherQinQOld))
	if n.numbered {
		inFrame = all(inFrame, compare(g.payloadField(0, bpfH), vlanNumber, bpfJEQ, n.number))
	}
	g.vlans++
	if !g.kernel || g.vlans > 1 {
		g.etherType += tagLength
		g.payload += tagLength
		return inFrame
	}
	g.shifted = true
	removed := equal(ask(askVLANPresent), 1)
	if !n.numbered {
		return anyOf(removed, inFrame)
	}
	number := compare(ask(askVLANTag), vlanNumber, bpfJEQ, n.number)
	return anyOf(all(removed, number), all(not(removed), inFrame))
}

func (n *tag) label(g *generator) cond {
	var is cond
	switch {
	case g.labels > 0:
		is = compare(g.lastLabel(), 1, bpfJEQ, 0)
	case g.kind == linkEthernet || g.kind == linkPPP || g.kind == linkHDLC:
		is = g.carries(n.at, etherMPLS)
	default:
		g.fail(n.at, "link type "+strconv.Itoa(int(g.linkType))+" has no MPLS labels here", "capture on Ethernet or PPP")
		return always(false)
	}
	if n.numbered {
		is = all(is, compare(g.payloadField(0, bpfW), labelNumber, bpfJEQ, n.number<<12))
	}
	g.payload += tagLength
	g.labels++
	return is
}

// session continues as PPP, whose header follows that of PPPoE (RFC 2516).
func (n *tag) session(g *generator) cond {
	is := g.carries(n.at, etherPPPoES)
	if n.numbered {
		is = all(is, compare(g.payloadField(0, bpfW), sessionField, bpfJEQ, n.number))
	}
	g.kind = linkPPP
	g.linkHeader = g.payload + pppoeHeader
	g.etherType = g.linkHeader
	g.payload = g.linkHeader + pppProtocol
	return is
}
