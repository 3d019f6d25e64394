package demo

import (
	"fmt"
	"time"
)

// scene is something that happens again and again.
type scene struct {
	first, every time.Duration // every 0: once
	steady       bool          // the same at all hours
	play         func(*play)
}

const (
	second = time.Second
	mbit   = 1e6
	kB     = 1000
	megaB  = 1000 * kB
)

// scenes is the day's programme. What is far from others in time comes early
// once, so that the first minute shows everything.
var scenes = []scene{
	{first: 0, every: 700 * ms, play: browse},
	{first: 200 * ms, every: 1300 * ms, play: visitor},
	{first: 100 * ms, every: 900 * ms, play: chatter},
	{first: 300 * ms, every: 110 * second, play: video},
	{first: 2 * second, every: 90 * second, play: download},
	{first: 35 * second, every: 150 * second, play: backup},
	{first: 12 * second, every: 170 * second, play: call},
	{first: 8 * second, every: 90 * second, play: fileShare},
	{first: 2 * second, every: 5 * second, steady: true, play: clock},
	{first: 5 * second, every: 50 * second, play: shell},
	{first: 4 * second, every: 12 * second, play: mail},
	{first: 6 * second, every: 25 * second, steady: true, play: ping},
	{first: 22 * second, every: 240 * second, steady: true, play: portScan},
	{first: 9 * second, every: 20 * second, steady: true, play: guessedPassword},
	{first: 1500 * ms, every: 9 * second, play: plainWeb},
	{first: 7 * second, every: 15 * second, steady: true, play: noAnswer},
	{first: 500 * ms, play: surveillance},
	{first: 600 * ms, play: tunnel},
	{first: 10 * second, every: 30 * second, steady: true, play: branchOffice},
	{first: 3500 * ms, every: 10 * second, steady: true, play: thermostatReport},
	{first: 700 * ms, every: 6 * second, steady: true, play: serviceDiscovery},
	{first: 900 * ms, every: 20 * second, steady: true, play: deviceDiscovery},
	{first: 15 * second, every: 60 * second, steady: true, play: lease},
	{first: 400 * ms, every: 3 * second, steady: true, play: whoHas},
	{first: 11 * second, every: 60 * second, steady: true, play: membership},
}

// somewhere is a place; those early in the list come up more often.
func (p *play) somewhere() place {
	r := p.random.Float64()
	return places[int(r*r*float64(len(places)))]
}

func (p *play) port() uint16 { return uint16(32768 + p.random.IntN(28000)) }

func (p *play) one(hosts []host) host { return hosts[p.random.IntN(len(hosts))] }

func (p *play) between(low, high int) int { return low + p.random.IntN(high-low) }

func (p *play) duration(low, high time.Duration) time.Duration {
	return low + time.Duration(p.random.Int64N(int64(high-low)))
}

// six chooses IPv6 at times, where both sides have it.
func (p *play) six(h host, there place) bool {
	return h.v6 != "" && there.v6 != "" && p.random.IntN(100) < 35
}

// outward is a flow from a host to a place.
func (p *play) outward(h host, there place, port uint16) *flow {
	six := p.six(h, there)
	return &flow{ends: [2]end{h.end(six, p.port()), there.end(six, port)}, vlan: h.vlan}
}

// ask looks a name up, at the router or at a public resolver, and returns when the
// answer is there.
func (p *play) ask(h host, name string, answer end) time.Duration {
	six := answer.addr.Is6()
	id, missing := uint16(p.random.Uint32()), answer.port == 0
	f := &flow{proto: protoUDP, vlan: h.vlan}
	wait := 3 * ms
	f.ends = [2]end{h.end(false, p.port()), router.end(false, 53)}
	if p.random.IntN(4) == 0 {
		resolver := resolvers[p.random.IntN(len(resolvers))]
		f.ends[server], wait = resolver.end(false, 53), resolver.rtt
	}
	f.head = []step{
		{from: client, data: dnsMessage(id, name, end{}.addr, six, false)},
		{from: server, after: wait, data: dnsMessage(id, name, answer.addr, six, missing)},
	}
	p.start(0, f)
	return wait + 2*ms
}

// tls puts the handshake of TLS 1.3 before what a flow does.
func (p *play) tls(f *flow, name string, rtt time.Duration) {
	f.head = append([]step{
		{from: client, after: ms, data: clientHello(p.random, name)},
		{from: server, after: rtt, data: serverHello(p.random), size: p.between(2800, 4600), rate: 40 * mbit},
		{from: client, after: 2 * ms, size: 80},
	}, f.head...)
	f.tcp(rtt)
}

// browse opens a page: a name, then HTTPS or QUIC, some objects, the end.
func browse(p *play) {
	h, there := p.one(browsing), p.somewhere()
	f := p.outward(h, there, 443)
	name := there.serverName([]string{"www", "news", "shop", "img", "api"}[p.random.IntN(5)])
	wait := p.ask(h, name, f.ends[server])
	f.rounds = p.between(1, 6)
	f.body = []step{
		{from: client, after: p.duration(20*ms, 900*ms), size: p.between(300, 900)},
		{from: server, after: there.rtt, size: p.between(2*kB, 70*kB), rate: float64(p.between(2, 12)) * mbit},
	}
	if p.random.IntN(10) < 3 {
		f.proto = protoUDP
		f.head = []step{
			{from: client, data: append([]byte{0xc3, 0, 0, 0, 1, 8}, noise(p.random, 60)...), size: 1200},
			{from: server, after: there.rtt, data: append([]byte{0xc3, 0, 0, 0, 1, 0}, noise(p.random, 60)...), size: 1200},
		}
	} else {
		p.tls(f, name, there.rtt)
		if p.random.IntN(20) == 0 {
			f.tail = []step{{from: server, flags: rst, after: 50 * ms}}
		}
	}
	p.start(wait, f)
}

// visitor comes from anywhere to the web server of this network.
func visitor(p *play) {
	there := places[p.random.IntN(len(places))]
	six := p.six(webServer, there)
	f := &flow{ends: [2]end{there.end(six, p.port()), webServer.end(six, 443)}, rounds: p.between(1, 5)}
	f.body = []step{
		{from: client, after: p.duration(50*ms, 1500*ms), size: p.between(300, 1200)},
		{from: server, after: 4 * ms, size: p.between(2*kB, 50*kB), rate: 6 * mbit},
	}
	p.tls(f, "www.home.example.org", there.rtt)
	p.start(0, f)
}

// chatter is names asked for, some of which do not exist.
func chatter(p *play) {
	h, there := p.one(everyone), p.somewhere()
	answer := there.end(false, 443)
	name := there.serverName(fmt.Sprintf("host%d", p.random.IntN(400)))
	if p.random.IntN(8) == 0 {
		answer = end{}
		name = fmt.Sprintf("wpad%d.home.example.org", p.random.IntN(9))
	}
	p.ask(h, name, answer)
}

// video comes in bursts, as players fetch it, for some minutes.
func video(p *play) {
	h := p.one([]host{television, tablet, laptop})
	there := places[p.random.IntN(8)]
	f := p.outward(h, there, 443)
	name := there.serverName("video")
	wait := p.ask(h, name, f.ends[server])
	f.rounds = p.between(20, 45)
	f.body = []step{
		{from: client, after: p.duration(2500*ms, 4500*ms), size: 700},
		{from: server, after: there.rtt, size: p.between(700*kB, 1500*kB), rate: 10 * mbit},
	}
	p.tls(f, name, there.rtt)
	p.start(wait, f)
}

func download(p *play) {
	h, there := p.one([]host{desktop, laptop, console}), places[p.random.IntN(20)]
	f := p.outward(h, there, 443)
	name := there.serverName("files")
	wait := p.ask(h, name, f.ends[server])
	f.head = []step{
		{from: client, after: 5 * ms, size: 600},
		{from: server, after: there.rtt, size: p.between(6*megaB, 24*megaB), rate: float64(p.between(4, 10)) * mbit},
	}
	p.tls(f, name, there.rtt)
	p.start(wait, f)
}

// backup goes up from the NAS to a store abroad.
func backup(p *play) {
	there := []place{places[1], places[17], places[2]}[p.random.IntN(3)]
	f := p.outward(nas, there, 443)
	name := there.serverName("backup")
	wait := p.ask(nas, name, f.ends[server])
	f.rounds = p.between(6, 14)
	f.body = []step{
		{from: client, after: 200 * ms, size: p.between(1*megaB, 3*megaB), rate: 5 * mbit},
		{from: server, after: there.rtt, size: 300},
	}
	p.tls(f, name, there.rtt)
	p.start(wait, f)
}
