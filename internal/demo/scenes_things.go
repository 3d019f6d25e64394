package demo

import (
	"net/netip"
	"time"
)

// forever is more rounds than any play has.
const forever = 1 << 40

// surveillance is the camera's picture, sent abroad for as long as the play goes, from its VLAN.
func surveillance(p *play) {
	there := places[9]
	f := p.outward(camera, there, 443)
	f.rounds = forever
	f.body = []step{{from: client, after: 250 * ms, size: 22 * kB, rate: 5 * mbit}}
	p.tls(f, there.serverName("camera"), there.rtt)
	p.start(0, f)
}

// tunnel is WireGuard to a friend: keep-alives and a little traffic.
func tunnel(p *play) {
	there := places[11]
	f := p.outward(router, there, 51820)
	f.proto = protoUDP
	f.rounds = forever
	f.body = []step{
		{from: client, after: 60 * ms, data: []byte{4, 0, 0, 0}, size: 480},
		{from: server, after: there.rtt, data: []byte{4, 0, 0, 0}, size: 960},
	}
	p.start(0, f)
}

// branchOffice is an IPsec tunnel: a protocol without ports.
func branchOffice(p *play) {
	there := places[3]
	f := &flow{ends: [2]end{router.end(false, 0), there.end(false, 0)}, proto: protoESP, rounds: 12}
	f.body = []step{
		{from: client, after: 150 * ms, data: noise(p.random, 24), size: 320},
		{from: server, after: there.rtt, data: noise(p.random, 24), size: 720},
	}
	p.start(0, f)
}

func thermostatReport(p *play) {
	there := places[6]
	f := p.outward(thermostat, there, 8883)
	name := there.serverName("mqtt")
	wait := p.ask(thermostat, name, f.ends[server])
	f.head = []step{{from: client, after: ms, size: 140}, {from: server, after: there.rtt, size: 30}}
	p.tls(f, name, there.rtt)
	p.start(wait, f)
}

// group is a multicast or broadcast end.
func group(addr string, port uint16) end {
	e := end{addr: netip.MustParseAddr(addr), port: port, ttl: 1}
	switch raw := e.addr.AsSlice(); {
	case e.addr.Is6():
		e.mac = [6]byte{0x33, 0x33, raw[12], raw[13], raw[14], raw[15]}
	case e.addr.IsMulticast():
		e.mac = [6]byte{0x01, 0x00, 0x5e, raw[1] & 0x7f, raw[2], raw[3]}
	default:
		e.mac = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	return e
}

// to is a single datagram to a group.
func (p *play) to(from, group end, data []byte) {
	f := &flow{ends: [2]end{from, group}, proto: protoUDP, head: []step{{from: client, data: data}}}
	p.start(p.duration(0, 300*ms), f)
}

// serviceDiscovery is multicast DNS (RFC 6762), over both protocols.
func serviceDiscovery(p *play) {
	h := p.one(everyone)
	query := dnsMessage(0, "_services._dns-sd._udp.local", netip.Addr{}, false, false)
	p.to(h.end(false, 5353), group("224.0.0.251", 5353), query)
	if h.v6 == "" {
		return
	}
	local := h.end(true, 5353)
	raw := local.addr.As16()
	raw = [16]byte{0: 0xfe, 1: 0x80, 8: 0x00, 11: 0xff, 12: 0xfe, 15: raw[15]}
	local.addr = netip.AddrFrom16(raw)
	p.to(local, group("ff02::fb", 5353), query)
}

// deviceDiscovery is SSDP.
func deviceDiscovery(p *play) {
	h := p.one([]host{television, console, desktop})
	p.to(h.end(false, p.port()), group("239.255.255.250", 1900),
		[]byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n"))
}

// lease is a machine that asks for its address again (DHCP).
func lease(p *play) {
	h := p.one(browsing)
	from := h.end(false, 68)
	request := make([]byte, 300)
	copy(request, []byte{1, 1, 6, 0})
	copy(request[28:], from.mac[:])
	copy(request[236:], []byte{0x63, 0x82, 0x53, 0x63, 53, 1, 3, 255})
	from.addr = netip.IPv4Unspecified()
	p.to(from, group("255.255.255.255", 67), request)
}

func whoHas(p *play) {
	p.single(p.duration(0, 500*ms), arpRequest(p.one(everyone), p.one(everyone).v4))
}

// membership is an IGMP report (RFC 2236): a protocol of its own.
func membership(p *play) {
	f := &flow{ends: [2]end{television.end(false, 0), group("239.255.255.250", 0)}, proto: protoIGMP}
	f.ends[client].ttl = 1
	f.head = []step{{from: client, after: time.Millisecond, data: []byte{0x16, 0, 0, 0, 239, 255, 255, 250}}}
	p.start(0, f)
}
