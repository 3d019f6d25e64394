package filter

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

func (t token) decimal() string { return strconv.FormatUint(uint64(t.number), 10) }

// value reads an address, a network, a port or a protocol, as the qualifiers say.
func (p *parser) value(q qualifiers) node {
	t := p.next()
	switch t.kind {
	case tokName, tokNumber, tokDotted, tokIPv6, tokMAC:
	case tokEnd, tokSymbol, tokWord:
		remedy := "write an address, a port or a number, as the word before it asks for"
		if t.kind == tokWord {
			remedy += `; a name that is also a keyword needs a backslash, as in ip proto \tcp`
		}
		p.fail(t, "expected a value", remedy)
		return nil
	}
	if q.none {
		p.fail(t, "value without a keyword", "write what it is: host, net, port or proto")
		return nil
	}
	switch q.kind {
	case "port", "portrange":
		return p.port(t, q)
	case "proto":
		return p.protocolNumber(t, q)
	default:
		return p.address(t, q)
	}
}

func (p *parser) address(t token, q qualifiers) node {
	if !hasAddresses(q.proto) {
		p.fail(t, q.proto.name+" packets are not found by address", "write ip, ip6, arp, rarp or nothing before host or net, and join the protocol with and")
		return nil
	}
	if t.kind == tokMAC {
		if q.proto != protoLink || q.kind == "net" {
			p.fail(t, "Ethernet address", "write ether host, ether src or ether dst before it")
			return nil
		}
		return &macNode{t, q, t.mac}
	}
	if t.kind == tokName {
		p.fail(t, "names are not looked up", "write the address")
		return nil
	}
	if q.proto == protoLink {
		p.fail(t, "no Ethernet address", "write one like 00:1b:2c:3d:4e:5f, or leave ether away")
		return nil
	}
	if t.kind == tokIPv6 {
		return p.address6(t, q)
	}
	return p.address4(t, q)
}

func hasAddresses(proto *protocol) bool {
	switch proto {
	case nil, protoLink, protoIP, protoIP6, protoARP, protoRARP:
		return true
	default:
		return false
	}
}

// address4 reads an IPv4 address or network. What is short is a network, even after "host".
func (p *parser) address4(t token, q qualifiers) node {
	if q.proto == protoIP6 {
		p.fail(t, "IPv4 address after ip6", "write an IPv6 address, or ip")
		return nil
	}
	var n network
	if t.kind == tokNumber {
		n.addr[0], n.mask[0] = t.number, math.MaxUint32
		for q.kind == "net" && n.addr[0] != 0 && n.addr[0]>>24 == 0 {
			n.addr[0] <<= 8
			n.mask[0] <<= 8
		}
		if p.peek().is("/") {
			p.fail(p.peek(), "prefix length after a single number", "write two to four numbers, as in 10.0.0.0/8")
		}
		return host(t, q, n)
	}
	n.addr[0], n.mask[0] = t.dotted.value, math.MaxUint32<<(32-t.dotted.bits)
	switch {
	case p.accept("/"):
		length := p.prefixLength(t, q, 32)
		n.mask[0] = math.MaxUint32 << (32 - length)
	case p.accept("mask"):
		p.wantNet(t, q)
		mask := p.next()
		if mask.kind != tokDotted {
			p.fail(mask, "no network mask", "write one like 255.255.255.0")
		}
		n.mask[0] = mask.dotted.value
	default:
		return host(t, q, n)
	}
	if host := n.addr[0] &^ n.mask[0]; host != 0 {
		p.fail(t, "network address with bits behind its prefix", "write "+ipv4(n.addr[0]&n.mask[0]))
	}
	return host(t, q, n)
}

func host(t token, q qualifiers, n network) node {
	return &hostNode{at: t, q: q, nets: []network{n}, six: t.kind == tokIPv6}
}

func ipv4(a uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], a)
	return netip.AddrFrom4(b).String()
}

func (p *parser) wantNet(t token, q qualifiers) {
	if q.kind != "net" {
		p.fail(t, "network where an address is expected", "write net before it")
	}
}

func (p *parser) prefixLength(t token, q qualifiers, limit uint32) uint32 {
	length := p.next()
	if length.kind != tokNumber || length.number > limit {
		p.fail(length, "no prefix length", "write a number from 0 to "+(token{number: limit}).decimal())
		return 0
	}
	if q.kind != "net" && (limit == 32 || length.number < limit) {
		p.wantNet(t, q)
	}
	return length.number
}

func (p *parser) address6(t token, q qualifiers) node {
	if q.proto != nil && q.proto != protoIP6 {
		p.fail(t, "IPv6 address after "+q.proto.name, "write an IPv4 address, or ip6")
		return nil
	}
	length := uint32(128)
	if p.accept("/") {
		length = p.prefixLength(t, q, 128)
	}
	var n network
	whole := t.ipv6.As16()
	net, err := t.ipv6.Prefix(int(length))
	if err != nil || net.Addr() != t.ipv6 {
		p.fail(t, "network address with bits behind its prefix", "write "+net.Addr().String())
		return nil
	}
	for i := range n.addr {
		n.addr[i] = binary.BigEndian.Uint32(whole[4*i:])
		if bits := int(length) - 32*i; bits > 0 {
			n.mask[i] = math.MaxUint32 << (32 - min(bits, 32))
		}
	}
	return host(t, q, n)
}

// port reads a port or, after "portrange", two with a dash between them.
func (p *parser) port(t token, q qualifiers) node {
	if q.proto != nil && !q.proto.ports {
		p.fail(t, q.proto.name+" has no ports", "write tcp, udp, sctp or nothing before port, and join the rest with and")
		return nil
	}
	low, high := t.word, t.word
	if dash := strings.IndexByte(t.word, '-'); q.kind == "portrange" && dash > 0 && t.kind == tokName {
		low, high = t.word[:dash], t.word[dash+1:]
	}
	from, ok := p.service(t, low)
	to, also := p.service(t, high)
	if !ok || !also {
		return nil
	}
	between := portRange{min(from.port, to.port), max(from.port, to.port)}
	n := &portNode{at: t, q: q, ranges: []portRange{between}, proto: q.proto}
	named := from.proto
	if to.proto != named {
		named = nil
	}
	if named != nil {
		if q.proto != nil && q.proto != named {
			p.fail(t, "service of "+named.name, "write "+named.name+", or the port's number")
		}
		n.proto = named
	}
	return n
}

// service is a port by its number or name.
func (p *parser) service(t token, text string) (service, bool) {
	if t.kind == tokNumber {
		if t.number > math.MaxUint16 {
			p.fail(t, "no port", "write a number from 0 to 65535")
			return service{}, false
		}
		return service{port: uint16(t.number)}, true
	}
	if isNumber(text) {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || len(text) > 1 && text[0] == '0' {
			p.fail(t, "no port "+strconv.Quote(text), "write decimal numbers from 0 to 65535, without leading zeros")
			return service{}, false
		}
		return service{port: uint16(n)}, true
	}
	known, ok := services[text]
	if !ok {
		remedy := "write the port's number"
		if q := strings.IndexByte(text, '-'); q > 0 && isNumber(text[:q]) {
			remedy = "write portrange before a range"
		}
		p.fail(t, "unknown service "+strconv.Quote(text), remedy)
	}
	return known, ok
}

func (p *parser) protocolNumber(t token, q qualifiers) node {
	names, limit := ipProtocols, uint32(math.MaxUint8)
	switch {
	case q.proto == protoLink:
		names, limit = linkProtocols, math.MaxUint16
	case q.proto != nil && q.proto != protoIP && q.proto != protoIP6:
		p.fail(t, q.proto.name+" carries no protocol numbers", "write ether proto, ip proto, ip6 proto or proto")
		return nil
	}
	n := &numberNode{t, q.proto, t.number}
	switch t.kind {
	case tokName:
		number, ok := names[t.word]
		if !ok {
			p.fail(t, "unknown protocol", "write its number")
		}
		n.number = number
	case tokNumber:
		if t.number > limit {
			p.fail(t, "no protocol number", "write a number from 0 to "+(token{number: limit}).decimal())
		}
	default:
		p.fail(t, "no protocol", "write a number from 0 to "+(token{number: limit}).decimal()+", or a name")
	}
	return n
}
