package filter

// primitive reads a condition that begins with a keyword. The qualifiers are what a bare
// value behind it takes over.
func (p *parser) primitive() (node, qualifiers) {
	none := qualifiers{none: true}
	t := p.next()
	if t.kind != tokWord {
		p.fail(t, "unexpected here", "write a condition like host 10.0.0.1, tcp port 443, net 10.0.0.0/8, vlan 5 or tcp[13] & 2 != 0")
		return nil, none
	}
	if reason, ok := unsupported[t.word]; ok {
		p.fail(t, reason, "filter by addresses, ports, protocols, tags or header bytes like ether[0]")
		return nil, none
	}
	if proto := protocols[t.word]; proto != nil {
		return p.afterProtocol(t, proto)
	}
	switch t.word {
	case "src", "dst", "host", "net", "port", "portrange", "proto":
		return p.head(t, nil)
	case "broadcast", "multicast":
		return &cast{t, nil, t.word == "multicast"}, none
	case "inbound", "outbound":
		return &direction{t, t.word == "outbound"}, none
	case "less":
		return &relation{"<=", length{}, number{p.bound().number}}, none
	case "greater":
		return &relation{">=", length{}, number{p.bound().number}}, none
	case "ifindex":
		return &ifindexNode{t, p.bound().number}, none
	case "pppoed":
		return &numberNode{t, protoLink, etherPPPoED}, none
	case "vlan", "mpls", "pppoes":
		return p.tag(t), none
	default:
		p.fail(t, "unexpected here", "begin a condition with host, net, port, src, dst, a protocol or a header like tcp[13]")
		return nil, none
	}
}

// bound reads the number after a keyword.
func (p *parser) bound() token {
	t := p.next()
	if t.kind != tokNumber {
		p.fail(t, "expected a number", "write one like 64 or 0x40")
	}
	return t
}

// afterProtocol reads what a protocol's name is followed by, if anything.
func (p *parser) afterProtocol(t token, proto *protocol) (node, qualifiers) {
	next := p.peek()
	if next.kind == tokWord {
		switch next.word {
		case "src", "dst", "host", "net", "port", "portrange", "proto":
			return p.head(p.next(), proto)
		case "broadcast", "multicast":
			p.next()
			return &cast{next, proto, next.word == "multicast"}, qualifiers{none: true}
		}
		if reason, ok := unsupported[next.word]; ok {
			p.fail(next, reason, "filter by addresses, ports, protocols, tags or header bytes like ether[0]")
		}
	}
	if proto == protoLink {
		p.fail(next, "link layer without a condition", "write ether host, ether src, ether dst, ether proto, ether broadcast or ether[offset]")
	}
	return &presence{t, proto}, qualifiers{none: true}
}

// head reads qualifiers, of which t is the first after the protocol, and their value.
func (p *parser) head(t token, proto *protocol) (node, qualifiers) {
	q := qualifiers{proto: proto}
	if t.word == "src" || t.word == "dst" {
		q.dir = p.direction(t)
		switch next := p.peek(); {
		case next.is("host"), next.is("net"), next.is("port"), next.is("portrange"):
			q.kind = p.next().word
		case next.is("proto"):
			p.fail(next, "a protocol has no direction", "leave src or dst away")
		}
	} else {
		q.kind = t.word
	}
	return p.values(q), q
}

func (p *parser) direction(t token) string {
	join := p.peek()
	if !join.is("and") && !join.is("or") {
		return t.word
	}
	p.next()
	if other := p.peek(); !other.is("src") && !other.is("dst") || other.word == t.word {
		p.fail(other, "unexpected here", `write "src or dst", "src and dst", or an address or port after the direction`)
		return ""
	}
	p.next()
	if join.is("or") {
		return ""
	}
	return bothWays
}

// tag reads the number of "vlan", "mpls" or "pppoes", if there is one.
func (p *parser) tag(t token) node {
	n := &tag{at: t}
	i := p.at
	for p.list[i].is("(") {
		i++
	}
	if p.list[i].kind != tokNumber {
		return n
	}
	opened := i - p.at
	n.numbered, n.number = true, p.list[i].number
	limit := map[string]uint32{"vlan": 4095, "mpls": 1<<20 - 1, "pppoes": 65535}[t.word]
	if n.number > limit {
		p.fail(p.list[i], "number is too large", "write at most "+(token{number: limit}).decimal())
		return n
	}
	p.at = i + 1
	for range opened {
		p.expect(")")
	}
	return n
}
