package demo

import "time"

// call is speech over RTP, fifty packets a second each way.
func call(p *play) {
	there := places[p.random.IntN(12)]
	f := p.outward(p.one([]host{workLaptop, phone}), there, uint16(16384+2*p.random.IntN(4000)))
	f.proto = protoUDP
	f.rounds = p.between(1500, 5000)
	voice := append([]byte{0x80, 0x00}, noise(p.random, 10)...)
	f.body = []step{
		{from: client, after: 10 * ms, data: voice, size: 172},
		{from: server, after: 10 * ms, data: voice, size: 172},
	}
	p.start(0, f)
}

// fileShare moves files between machines of this network.
func fileShare(p *play) {
	h := p.one([]host{desktop, laptop, workLaptop})
	six := p.random.IntN(2) == 0
	f := &flow{ends: [2]end{h.end(six, p.port()), nas.end(six, 445)}}
	f.rounds = p.between(2, 6)
	f.body = []step{
		{from: client, after: p.duration(100*ms, 3*second), data: []byte("\x00\x00\x00\x44\xfeSMB"), size: 180},
		{from: server, after: ms, data: []byte("\x00\x0f\x00\x00\xfeSMB"), size: p.between(200*kB, 2*megaB), rate: 12 * mbit},
	}
	f.tcp(300 * time.Microsecond)
	p.start(0, f)
}

func clock(p *play) {
	there := p.somewhere()
	f := p.outward(p.one(everyone), there, 123)
	f.proto = protoUDP
	f.head = []step{
		{from: client, data: ntpMessage(3)},
		{from: server, after: there.rtt, data: ntpMessage(4)},
	}
	p.start(0, f)
}

// shell is someone typing for a minute or so.
func shell(p *play) {
	there := places[p.random.IntN(16)]
	f := p.outward(p.one([]host{desktop, workLaptop}), there, 22)
	f.head = []step{
		{from: server, after: there.rtt, data: []byte("SSH-2.0-OpenSSH_9.6\r\n")},
		{from: client, after: 2 * ms, data: []byte("SSH-2.0-OpenSSH_9.9\r\n")},
		{from: client, after: 2 * ms, size: 1200},
		{from: server, after: there.rtt, size: 1100},
	}
	f.rounds = p.between(50, 300)
	f.body = []step{
		{from: client, after: p.duration(80*ms, 500*ms), size: 36},
		{from: server, after: there.rtt, size: p.between(36, 400)},
	}
	f.tcp(there.rtt)
	p.start(0, f)
}

// mail is fetched (IMAP over TLS) and at times sent (submission).
func mail(p *play) {
	there := places[1+p.random.IntN(4)]
	h := p.one(browsing)
	if p.random.IntN(3) > 0 {
		f := p.outward(h, there, 993)
		name := there.serverName("imap")
		wait := p.ask(h, name, f.ends[server])
		f.rounds = p.between(2, 6)
		f.body = []step{
			{from: client, after: 30 * ms, size: 90},
			{from: server, after: there.rtt, size: p.between(400, 60*kB), rate: 8 * mbit},
		}
		p.tls(f, name, there.rtt)
		p.start(wait, f)
		return
	}
	f := p.outward(h, there, 587)
	f.head = []step{
		{from: server, after: there.rtt, data: []byte("220 mail.example.net ESMTP\r\n")},
		{from: client, after: ms, data: []byte("EHLO laptop.home.example.org\r\n")},
		{from: server, after: there.rtt, data: []byte("250-mail.example.net\r\n250 STARTTLS\r\n")},
		{from: client, after: ms, data: []byte("STARTTLS\r\n")},
		{from: server, after: there.rtt, data: []byte("220 ready\r\n")},
		{from: client, after: ms, data: clientHello(p.random, "mail.example.net")},
		{from: server, after: there.rtt, data: serverHello(p.random), size: 3200, rate: 20 * mbit},
		{from: client, after: 40 * ms, size: p.between(3*kB, 900*kB), rate: 4 * mbit},
		{from: server, after: there.rtt, size: 60},
	}
	f.tcp(there.rtt)
	p.start(0, f)
}

func ping(p *play) {
	there := p.somewhere()
	f := p.outward(desktop, there, 0)
	f.ends[client].port = 0
	request, reply, id := byte(8), byte(0), uint16(p.random.Uint32())
	f.proto = protoICMP
	if f.ends[client].addr.Is6() {
		f.proto, request, reply = protoICMPv6, 128, 129
	}
	f.rounds = p.between(5, 20)
	f.body = []step{
		{from: client, after: second - there.rtt, data: echo(request, id)},
		{from: server, after: there.rtt, data: echo(reply, id)},
	}
	p.start(0, f)
}

// portScan knocks at many ports of the web server; all but two are closed.
func portScan(p *play) {
	from := places[p.random.IntN(len(places))]
	port := p.port()
	for i, target := range p.random.Perm(1024)[:350] {
		f := &flow{ends: [2]end{from.end(false, port+uint16(i%16)), webServer.end(false, uint16(target+1))}, proto: protoTCP}
		answer := byte(rst)
		if target+1 == 443 || target+1 == 80 {
			answer = syn
		}
		f.head = []step{{from: client, flags: syn}, {from: server, flags: answer, after: ms}}
		if answer == syn {
			f.head = append(f.head, step{from: client, flags: rst, after: from.rtt})
		}
		p.start(time.Duration(i)*50*ms+p.duration(0, 30*ms), f)
	}
}

// guessedPassword is a stranger at the web server's SSH, sent away after some tries.
func guessedPassword(p *play) {
	from := places[len(places)/3+p.random.IntN(len(places)*2/3)]
	f := &flow{ends: [2]end{from.end(false, p.port()), webServer.end(false, 22)}, rounds: 3}
	f.head = []step{
		{from: server, after: 2 * ms, data: []byte("SSH-2.0-OpenSSH_9.6\r\n")},
		{from: client, after: from.rtt, data: []byte("SSH-2.0-Go\r\n")},
		{from: client, after: ms, size: 900},
		{from: server, after: 3 * ms, size: 1000},
	}
	f.body = []step{{from: client, after: from.rtt, size: 84}, {from: server, after: 900 * ms, size: 52}}
	f.tcp(from.rtt)
	p.start(0, f)
}

func plainWeb(p *play) {
	h, there := p.one([]host{television, printer, console, desktop}), p.somewhere()
	f := p.outward(h, there, 80)
	name := there.serverName("update")
	wait := p.ask(h, name, f.ends[server])
	f.head = []step{
		{from: client, after: ms, data: []byte("GET /latest HTTP/1.1\r\nHost: " + name + "\r\nUser-Agent: demo\r\n\r\n")},
		{from: server, after: there.rtt, data: []byte("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"),
			size: p.between(2*kB, 700*kB), rate: 5 * mbit},
	}
	f.tcp(there.rtt)
	p.start(wait, f)
}

// noAnswer is a host that is not there: SYN, and again, and again.
func noAnswer(p *play) {
	there := p.somewhere()
	f := p.outward(thermostatOrPrinter(p), there, 8443)
	f.proto = protoTCP
	f.seq[client] = p.random.Uint32()
	f.head = []step{{from: client, flags: syn}}
	for _, after := range []time.Duration{second, 2 * second, 4 * second} {
		again := *f
		again.head = []step{{from: client, flags: syn}}
		p.start(after, &again)
	}
	p.start(0, f)
}

func thermostatOrPrinter(p *play) host { return p.one([]host{thermostat, printer}) }
