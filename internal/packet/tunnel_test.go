package packet

import (
	"testing"

	"netflow-monitor/internal/flow"
)

// tunnelled is a tunnel header in front of an inner packet.
type tunnelled struct {
	name  string
	kind  flow.TunnelKind
	id    uint32
	proto uint8  // of the outer packet
	port  uint16 // for UDP
	head  []byte
	inner []byte // a packet with an IP header, ipv4(TCP) by default
	tail  int    // bytes behind the inner packet
}

// outer4 and outer6 are the packet in its tunnel.
func (c *tunnelled) outer4() []byte { return ipv4(c.proto, c.payload()) }
func (c *tunnelled) outer6() []byte { return ipv6(c.proto, c.payload()) }

func (c *tunnelled) payload() []byte {
	payload := join(c.head, c.packet(), zeros(c.tail))
	if c.proto == protoUDP {
		payload = datagram(40000, c.port, payload)
	}
	return payload
}

func (c *tunnelled) packet() []byte {
	if c.inner == nil {
		return ipv4(protoTCP, tcp(10))
	}
	return c.inner
}

func datagram(src, dst uint16, payload []byte) []byte {
	return join(u16(src), u16(dst), u16(uint16(8+len(payload))), u16(0), payload)
}

// tunnelHeaders are all tunnel headers and their variants.
func tunnelHeaders() []tunnelled {
	eth, packet6 := ethernet(etherIPv4, nil), ipv6(protoTCP, tcp(10))
	teredo := edit(packet6, 8, 0x20, 1, 0, 0)
	gre := func(flags, protocol uint16, rest ...[]byte) []byte {
		return join(u16(flags), u16(protocol), join(rest...))
	}
	udp := func(name string, kind flow.TunnelKind, id uint32, port uint16, head ...[]byte) tunnelled {
		return tunnelled{name: name, kind: kind, id: id, proto: protoUDP, port: port, head: join(head...)}
	}
	ip := func(name string, kind flow.TunnelKind, id uint32, proto uint8, head ...[]byte) tunnelled {
		return tunnelled{name: name, kind: kind, id: id, proto: proto, head: join(head...)}
	}
	carrying := func(c tunnelled, inner []byte) tunnelled { c.inner = inner; return c }
	const ppp, key = 0x880b, 0x01020304
	gtp := func(flags, more byte) []byte { return join([]byte{flags, 0xff}, u16(50+uint16(more)), u32(77)) }
	auth := join([]byte{0, 1, 2, 3}, zeros(5), zeros(9))
	return []tunnelled{
		ip("ipip", flow.TunnelIPIP, 0, protoIPIP),
		carrying(ip("6in4", flow.Tunnel6in4, 0, protoIPv6), packet6),
		ip("gre", flow.TunnelGRE, 0, protoGRE, gre(0, etherIPv4)),
		carrying(ip("gre, ipv6", flow.TunnelGRE, 0, protoGRE, gre(0, etherIPv6)), packet6),
		ip("gre, checksum, key, sequence", flow.TunnelGRE, key, protoGRE, gre(0xb000, etherIPv4, u32(1), u32(key), u32(2))),
		ip("gre, routes", flow.TunnelGRE, 0, protoGRE, gre(0x4000, etherIPv4, u32(0), []byte{8, 0, 0, 4}, u32(9), u32(0))),
		ip("gre, frames", flow.TunnelGRE, 0, protoGRE, gre(0, etherBridging, eth)),
		ip("gre, tagged frames with key", flow.TunnelGRE, 42, protoGRE, gre(0x2000, etherBridging, u32(42), eth)),
		ip("nvgre", flow.TunnelGRE, 0x5001, protoGRE, gre(0x2000, etherBridging, u32(0x500107), eth)),
		ip("gre, mpls", flow.TunnelGRE, 0, protoGRE, gre(0, etherMPLS, label(16, 1))),
		ip("gre, ppp", flow.TunnelGRE, 9, protoGRE, gre(0x3081, ppp, u16(54), u16(9), u32(1), u32(2), []byte{0xff, 3, 0, pppIPv4})),
		ip("gre, wccp", flow.TunnelGRE, 0, protoGRE, gre(0, greWCCP)),
		ip("gre, wccp 2", flow.TunnelGRE, 0, protoGRE, gre(0, greWCCP, u32(1))),
		ip("gre, wccp 2, other bucket", flow.TunnelGRE, 0, protoGRE, gre(0, greWCCP, u32(0x40000102))),
		ip("erspan", flow.TunnelERSPAN, 0, protoGRE, gre(0, greERSPAN, eth)),
		ip("erspan 2", flow.TunnelERSPAN, 0x123, protoGRE, gre(0x1000, greERSPAN, u32(1), u16(0x1007), u16(0x0123), u32(0), eth)),
		ip("erspan 3", flow.TunnelERSPAN, 0x123, protoGRE, gre(0x1000, greERSPAN3, u32(1), u16(0x2007), u16(0x0123), zeros(8), eth)),
		ip("erspan 3, platform", flow.TunnelERSPAN, 0x123, protoGRE, gre(0x1000, greERSPAN3, u32(1), u16(0x2007), u16(0x0123), zeros(7), []byte{1}, zeros(8), eth)),
		ip("erspan 3, ip", flow.TunnelERSPAN, 0x123, protoGRE, gre(0x1000, greERSPAN3, u32(1), u16(0x2007), u16(0x0123), zeros(6), []byte{8, 0})),
		udp("gre in udp", flow.TunnelGRE, 0, portGRE, gre(0, etherIPv4)),
		udp("vxlan", flow.TunnelVXLAN, 0x010203, portVXLAN, u32(0x08000000), u32(0x01020300), eth),
		udp("vxlan, old port", flow.TunnelVXLAN, 5, portVXLANOld, u32(0x08000000), u32(0x500), eth),
		udp("vxlan-gpe, ip", flow.TunnelVXLAN, 5, portVXLANGPE, u32(0x0c000001), u32(0x500)),
		carrying(udp("vxlan-gpe, ipv6", flow.TunnelVXLAN, 5, portVXLANGPE, u32(0x0c000002), u32(0x500)), packet6),
		udp("vxlan-gpe, unannounced ip", flow.TunnelVXLAN, 5, portVXLANGPE, u32(0x08000001), u32(0x500)),
		udp("vxlan-gpe, frames", flow.TunnelVXLAN, 5, portVXLANGPE, u32(0x0c000003), u32(0x500), eth),
		udp("vxlan-gpe, service header", flow.TunnelVXLAN, 5, portVXLANGPE, u32(0x0c000004), u32(0x500), []byte{0, 6, 1, 1}, zeros(20)),
		udp("geneve", flow.TunnelGeneve, 5, portGeneve, u32(0x00006558), u32(0x500), eth),
		udp("geneve, options, ip", flow.TunnelGeneve, 5, portGeneve, u32(0x02000800), u32(0x500), zeros(8)),
		udp("gtp-u", flow.TunnelGTPU, 77, portGTPU, gtp(0x30, 0)),
		carrying(udp("gtp-u, ipv6", flow.TunnelGTPU, 77, portGTPU, gtp(0x30, 20)), packet6),
		udp("gtp-u, sequence", flow.TunnelGTPU, 77, portGTPU, gtp(0x32, 4), zeros(4)),
		udp("gtp-u, extensions", flow.TunnelGTPU, 77, portGTPU, gtp(0x34, 16), []byte{0, 0, 0, 0x85, 1, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0, 0}),
		carrying(udp("teredo", flow.TunnelTeredo, 0, portTeredo), teredo),
		carrying(udp("teredo, origin", flow.TunnelTeredo, 0, portTeredo, zeros(8)), teredo),
		carrying(udp("teredo, authentication, origin", flow.TunnelTeredo, 0, portTeredo, auth, zeros(8)), teredo),
		udp("l2tp", flow.TunnelL2TP, 9, portL2TP, []byte{0, 2, 0, 8, 0, 9, 0xff, 3, 0, pppIPv4}),
		udp("l2tp, all fields", flow.TunnelL2TP, 9, portL2TP, []byte{0x4a, 2, 0, 70, 0, 8, 0, 9, 0, 1, 0, 1, 0, 2, 0, 0, pppIPv4}),
		udp("l2tp 3 in udp", flow.TunnelL2TP, 9, portL2TP, u32(3<<16), u32(9), zeros(4), eth),
		ip("l2tp 3", flow.TunnelL2TP, 9, protoL2TP, u32(9), eth),
		ip("l2tp 3, cookie and sublayer", flow.TunnelL2TP, 9, protoL2TP, u32(9), u32(0xdeadbeef), u32(0xfeedcafe), u32(1), eth),
		ip("l2tp 3, address like a type", flow.TunnelL2TP, 9, protoL2TP, u32(9), zeros(4), edit(eth, 8, 8, 0)),
		ip("l2tp 3, ppp", flow.TunnelL2TP, 9, protoL2TP, u32(9), []byte{0xff, 3, 0, pppIPv4}),
		carrying(udp("ayiya", flow.TunnelAYIYA, 0, portAYIYA, []byte{0x42, 0x51, 0x11, protoIPv6}, zeros(4+16+20)), packet6),
		udp("ayiya, ipv4", flow.TunnelAYIYA, 0, portAYIYA, []byte{0x40, 0, 0x01, protoIPIP}, zeros(4+16)),
	}
}

func (h Headers) in(tunnel flow.Tunnel) Headers {
	h.TunnelDepth = 1
	h.Tunnel = tunnel
	return h
}

func TestTunnels(t *testing.T) {
	outer4, outer6 := headers4(0, 0, 0), headers6(0, 0, 0)
	for _, c := range tunnelHeaders() {
		want := headers4(protoTCP, 50, 10).withTCP()
		if c.packet()[0]>>4 == 6 {
			want = headers6(protoTCP, 70, 10).withTCP()
			want.Src = [16]byte(c.packet()[8:])
		}
		tunnel := flow.Tunnel{Src: outer4.Src, Dst: outer4.Dst, ID: c.id, Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{c.kind}}
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time with padding within the tunnel
				tunnel.Src, tunnel.Dst = outer4.Src, outer4.Dst
				decodeTest{link: LinkRaw, data: c.outer4(), want: want.in(tunnel)}.run(t)
				tunnel.Src, tunnel.Dst = outer6.Src, outer6.Dst
				decodeTest{link: LinkEthernet, data: ethernet(etherIPv6, c.outer6()), want: want.in(tunnel)}.run(t)
				c.tail = 6
			}
			c.tail = 0
			c.checkOff(t)
			c.checkPrefixes(t)
		})
	}
}

// checkOff fails if the tunnel is undone though only all others should be.
func (c *tunnelled) checkOff(t *testing.T) {
	t.Helper()
	d := Decoder{Decapsulate: flow.AllTunnels &^ c.kind.Set()}
	var h Headers
	if fault := d.Decode(LinkRaw, c.outer4(), 0, &h); fault != FaultNone || h.TunnelDepth != 0 || h.Protocol != c.proto {
		t.Errorf("%v, depth %d, protocol %d", fault, h.TunnelDepth, h.Protocol)
	}
}

// checkPrefixes cuts the packet everywhere: by the capture, in which case the inner
// packet counts once its IP header is there; by the sender, in which case it does if
// it is whole; and by fragmentation.
func (c *tunnelled) checkPrefixes(t *testing.T) {
	t.Helper()
	whole := c.outer4()
	at := len(whole) - len(c.packet())
	header := ipv4Header
	if c.packet()[0]>>4 == 6 {
		header = ipv6Header
	}
	for n := range whole {
		h, fault := checkFrame(t, LinkRaw, whole[:n], uint32(len(whole)))
		inner := n >= at+header
		if n >= ipv4Header && (fault != FaultNone || (h.TunnelDepth == 1) != inner || inner && h.Cut != (n < at+header+tcpHeader)) {
			t.Errorf("captured %d of %d: %v, depth %d, cut %v", n, len(whole), fault, h.TunnelDepth, h.Cut)
		}
		if n < ipv4Header+udpHeader {
			continue
		}
		short := edit(whole[:n], 2, byte(n>>8), byte(n))
		if c.proto == protoUDP {
			short = edit(short, 24, byte((n-20)>>8), byte(n-20))
		}
		// A mirrored packet may have been cut by who mirrored it.
		mirrored := inner && c.kind == flow.TunnelERSPAN
		if h, fault = checkFrame(t, LinkRaw, short, 0); fault != FaultNone || (h.TunnelDepth == 1) != mirrored {
			t.Errorf("sent %d of %d: %v, depth %d", n, len(whole), fault, h.TunnelDepth)
		}
		fragment := edit(short, 6, 0x20)
		if h, fault = checkFrame(t, LinkRaw, fragment, 0); fault != FaultNone || (h.TunnelDepth == 1) != inner {
			t.Errorf("fragment of %d of %d: %v, depth %d", n, len(whole), fault, h.TunnelDepth)
		}
		if h, fault = checkFrame(t, LinkRaw, edit(short, 7, 1), 0); fault != FaultNone || h.TunnelDepth != 0 {
			t.Errorf("later fragment: %v, depth %d", fault, h.TunnelDepth)
		}
	}
}

func TestTunnelsThatAreNone(t *testing.T) {
	packet := ipv4(protoTCP, tcp(10))
	frame := ethernet(etherIPv4, packet)
	arp := ethernet(0x0806, zeros(46))
	for _, test := range []struct {
		name     string
		protocol uint8
		port     uint16
		payload  []byte
	}{
		{"gre keepalive", protoGRE, 0, u32(0)},
		{"gre of another version", protoGRE, 0, join(u32(0x00020800), packet)},
		{"enhanced gre without ppp", protoGRE, 0, join(u32(0x20010800), u32(0), packet)},
		{"ppp that is no packet", protoGRE, 0, join(u32(0x3001880b), u32(9), u32(1), []byte{0xff, 3, 0xc0, 0x21}, zeros(8))},
		{"erspan of another version", protoGRE, 0, join(u32(0x100088be), u32(1), u16(0x2007), u16(1), u32(0), frame)},
		{"gre in udp with routes", protoUDP, portGRE, join(u32(0x40000800), u32(0), u32(0), packet)},
		{"vxlan without identifier", protoUDP, portVXLAN, join(u32(0), u32(0x500), frame)},
		{"vxlan, arp", protoUDP, portVXLAN, join(u32(0x08000000), u32(0x500), arp)},
		{"vxlan-gpe, control", protoUDP, portVXLANGPE, join(u32(0x0d000001), u32(0x500), packet)},
		{"vxlan-gpe, version 1", protoUDP, portVXLANGPE, join(u32(0x1c000001), u32(0x500), packet)},
		{"vxlan-gpe, unknown protocol", protoUDP, portVXLANGPE, join(u32(0x0c000077), u32(0x500), packet)},
		{"geneve, control", protoUDP, portGeneve, join(u32(0x00800800), u32(0x500), packet)},
		{"geneve, version 1", protoUDP, portGeneve, join(u32(0x40000800), u32(0x500), packet)},
		{"gtp-u echo", protoUDP, portGTPU, join([]byte{0x32, 1}, u16(50), u32(0), packet)},
		{"gtp prime", protoUDP, portGTPU, join([]byte{0x20, 0xff}, u16(50), u32(0), packet)},
		{"gtp-u, wrong length", protoUDP, portGTPU, join([]byte{0x30, 0xff}, u16(51), u32(0), packet)},
		{"gtp-u, extension of length 0", protoUDP, portGTPU, join([]byte{0x34, 0xff}, u16(58), u32(0), []byte{0, 0, 0, 0x85, 0, 0, 0, 0}, packet)},
		{"teredo bubble", protoUDP, portTeredo, edit(ipv6(protoNoNext, nil), 8, 0x20, 1, 0, 0)},
		{"teredo between others", protoUDP, portTeredo, ipv6(protoTCP, tcp(10))},
		{"teredo with ipv4", protoUDP, portTeredo, packet},
		{"l2tp control", protoUDP, portL2TP, join([]byte{0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0})},
		{"l2tp 3 control", protoL2TP, 0, join(u32(0), frame)},
		{"l2tp 3 without a packet", protoL2TP, 0, join(u32(9), zeros(60))},
		{"ayiya, echo", protoUDP, portAYIYA, join([]byte{0x40, 0, 2, protoIPIP}, zeros(20), packet)},
		{"ayiya, text", protoUDP, portAYIYA, join([]byte{0x40, 0, 1, 59}, zeros(20), packet)},
		{"ip within ip of another version", protoIPIP, 0, ipv6(protoTCP, tcp(10))},
		{"ip within ip with a false header", protoIPIP, 0, edit(packet, 0, 0x44)},
		{"ip within ip with a false tcp header", protoIPIP, 0, edit(packet, 32, 0x40)},
		{"a name query from the port of vxlan", protoUDP, portVXLAN, udp(40)},
		{"nothing", protoUDP, portVXLAN, nil},
		{"another port", protoUDP, 4788, join(u32(0x08000000), u32(0x500), frame)},
	} {
		t.Run(test.name, func(t *testing.T) {
			payload := test.payload
			if test.protocol == protoUDP {
				payload = datagram(test.port, test.port, payload)
			}
			h, fault := checkFrame(t, LinkEthernet, ethernet(etherIPv4, ipv4(test.protocol, payload)), 0)
			if fault != FaultNone || h.TunnelDepth != 0 || h.Protocol != test.protocol || h.SrcPort != test.port {
				t.Errorf("%v, %+v", fault, h)
			}
		})
	}
}

// Some tunnels answer from their own port.
func TestTunnelSourcePorts(t *testing.T) {
	for _, c := range tunnelHeaders() {
		if c.proto != protoUDP {
			continue
		}
		either := c.kind == flow.TunnelTeredo || c.kind == flow.TunnelL2TP || c.kind == flow.TunnelAYIYA
		frame := ipv4(protoUDP, datagram(c.port, 40000, join(c.head, c.packet())))
		if h, fault := checkFrame(t, LinkRaw, frame, 0); fault != FaultNone || (h.TunnelDepth == 1) != either {
			t.Errorf("%s: %v, depth %d", c.name, fault, h.TunnelDepth)
		}
	}
}

// Between clients and relays of Teredo only addresses tell.
func TestTeredoOfAnyPort(t *testing.T) {
	other := ipv6(protoTCP, tcp(10))
	for _, test := range []struct {
		name   string
		packet []byte
		inside bool
	}{
		{"from a client", edit(other, 8, 0x20, 1, 0, 0), true},
		{"to a client", edit(other, 24, 0x20, 1, 0, 0), true},
		{"between others", other, false},
		{"another version", edit(other, 0, 0x40, 0, 0, 0, 0, 30, protoTCP, 0, 0x20, 1, 0, 0), false},
		{"longer than the datagram", edit(other, 4, 0, 31, protoTCP, 0, 0x20, 1, 0, 0), false},
	} {
		for _, frame := range [][]byte{
			ethernet(etherIPv4, ipv4(protoUDP, datagram(50000, 50001, test.packet))),
			ethernet(etherVLAN, tag(7, etherIPv6, ipv6(protoUDP, datagram(50000, 50001, test.packet)))),
		} {
			h, fault := checkFrame(t, LinkEthernet, frame, 0)
			checkUsual(t, frame, 0)
			if fault != FaultNone || (h.Tunnel.Kinds[0] == flow.TunnelTeredo) != test.inside {
				t.Errorf("%s: %v, %+v", test.name, fault, h)
			}
		}
	}
}

// A tag within a tunnel counts only if the frame has none, nor had one that the kernel
// took out.
func TestTunnelTags(t *testing.T) {
	const header = 0x08000000
	inner := ethernet(etherVLAN, tag(9, etherIPv4, ipv4(protoTCP, tcp(10))))
	outer := ipv4(protoUDP, datagram(33333, portVXLAN, join(u32(header), u32(0x500), inner)))
	twice := ipv4(protoUDP, datagram(33333, portVXLAN, join(u32(header), u32(0x500), ethernet(etherVLAN, tag(6, etherIPv4, outer)))))
	for _, test := range []struct {
		frame           []byte
		vlan, innerVLAN uint16
		below           uint16 // a tag that the kernel took out
	}{
		{ethernet(etherIPv4, outer), 9, 0, 0},
		{ethernet(etherIPv4, twice), 6, 0, 0},
		{ethernet(etherVLAN, tag(7, etherIPv4, outer)), 7, 0, 7},
		{ethernet(etherVLAN, tag(7, etherVLAN, tag(8, etherIPv4, outer))), 7, 8, 7},
	} {
		h, fault := checkFrame(t, LinkEthernet, test.frame, 0)
		if fault != FaultNone || h.TunnelDepth == 0 || h.VLAN != test.vlan || h.InnerVLAN != test.innerVLAN || h.TunnelTags != (test.below == 0) {
			t.Errorf("%v, %+v", fault, h)
		}
		h.AddOuterVLAN(5)
		if h.VLAN != 5 || h.InnerVLAN != test.below {
			t.Errorf("behind tag 5: %d, %d", h.VLAN, h.InnerVLAN)
		}
	}
}

// What is nested deeper than can be told is metered as the session at the limit.
func TestNestedTunnels(t *testing.T) {
	packet := ipv4(protoTCP, tcp(10))
	vxlan := join(u32(0x08000000), u32(0x500), ethernet(etherIPv4, nil))
	kinds := []flow.TunnelKind{flow.TunnelVXLAN, flow.TunnelGRE, flow.TunnelIPIP}
	for depth := range 2 * flow.MaxTunnelDepth {
		want := [flow.MaxTunnelDepth]flow.TunnelKind{}
		for i := range min(depth, flow.MaxTunnelDepth) {
			want[i] = kinds[(depth-1-i)%len(kinds)]
		}
		h, fault := checkFrame(t, LinkRaw, packet, 0)
		if fault != FaultNone || int(h.TunnelDepth) != min(depth, flow.MaxTunnelDepth) || depth > 0 && h.Tunnel.Kinds != want {
			t.Errorf("depth %d: %v, %+v, want %v", depth, fault, h, want)
		}
		if inside := depth <= flow.MaxTunnelDepth; inside != (h.Protocol == protoTCP) {
			t.Errorf("depth %d: protocol %d", depth, h.Protocol)
		}
		switch kinds[depth%len(kinds)] {
		case flow.TunnelVXLAN:
			packet = ipv4(protoUDP, datagram(1, portVXLAN, join(vxlan, packet)))
		case flow.TunnelGRE:
			packet = ipv4(protoGRE, join(u32(0x20000800), u32(uint32(depth)), packet))
		default:
			packet = ipv4(protoIPIP, packet)
		}
	}
}

// The identifier is the outermost that there is, the ends are those of the outermost.
func TestTunnelOfTunnel(t *testing.T) {
	inner := ipv4(protoUDP, datagram(1, portVXLAN, join(u32(0x08000000), u32(0x500), ethernet(etherIPv4, ipv4(protoTCP, tcp(1))))))
	h, fault := checkFrame(t, LinkRaw, ipv6(protoIPIP, inner), 0)
	if fault != FaultNone || h.Tunnel.ID != 5 || h.Tunnel.Src != addr6a || h.TunnelDepth != 2 {
		t.Errorf("%v, %+v", fault, h)
	}
	h, fault = checkFrame(t, LinkRaw, ipv6(protoGRE, join(u32(0x20000800), u32(9), inner)), 0)
	if fault != FaultNone || h.Tunnel.ID != 9 {
		t.Errorf("%v, %+v", fault, h)
	}
}
