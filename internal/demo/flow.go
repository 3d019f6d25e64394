package demo

import (
	"encoding/binary"
	"time"
)

// The sides of a flow.
const (
	client = 0
	server = 1
)

// step is something that one side sends.
type step struct {
	from  int
	after time.Duration // since the step before
	flags byte          // of TCP, besides ACK and PSH
	data  []byte        // what the payload begins with
	size  int           // payload in bytes; as many packets as it takes
	rate  float64       // bit/s of a payload of several packets
}

// flow is a conversation: the head once, the body as often as rounds says, the tail once.
type flow struct {
	ends             [2]end
	proto            byte
	vlan             uint16
	head, body, tail []step
	rounds           int

	part, at, round int // where it is: 0 head, 1 body, 2 tail
	sent            int // of the current step
	unanswered      int // segments since the last acknowledgement
	seq             [2]uint32
}

func (f *flow) steps() []step { return [][]step{f.head, f.body, f.tail}[f.part] }

// settle moves on to the next step that there is and reports whether there is one.
func (f *flow) settle() bool {
	for f.at >= len(f.steps()) || f.part == 1 && f.rounds == 0 {
		f.at = 0
		switch f.part {
		case 1:
			f.round++
			if f.round < f.rounds && len(f.body) > 0 {
				return true
			}
		case 2:
			return false
		}
		f.part++
	}
	return true
}

// mss is the largest payload of a packet.
func (f *flow) mss() int {
	switch {
	case f.proto != protoTCP:
		return 1252
	case f.ends[0].addr.Is6():
		return 1440
	}
	return 1460
}

// next makes the packet that is due, says how long after it the next one is, and
// whether there is a next one.
func (f *flow) next(p *packet) (wait time.Duration, more bool) {
	s := &f.steps()[f.at]
	mss := f.mss()
	every := 2
	if f.proto != protoTCP {
		every = 5
	}
	if f.unanswered >= every || f.unanswered > 0 && f.sent >= s.size {
		f.answer(p, s)
		if f.sent < s.size {
			return gap(mss, s.rate), true
		}
		return f.advance()
	}

	n := min(mss, s.size-f.sent)
	*p = packet{from: f.ends[s.from], to: f.ends[1-s.from], vlan: f.vlan, proto: f.proto, size: n}
	if f.sent == 0 {
		p.data = s.data
	}
	if f.proto == protoICMP || f.proto == protoICMPv6 {
		p.data = numbered(s.data, f.round)
	}
	if f.proto == protoTCP {
		f.stamp(p, s, f.sent+n == s.size)
	}
	f.sent += n
	bulk := s.size > mss
	if bulk {
		f.unanswered++
		if f.unanswered >= every || f.sent >= s.size {
			return 100 * time.Microsecond, true
		}
		return gap(n, s.rate), true
	}
	return f.advance()
}

// stamp fills in what TCP needs.
func (f *flow) stamp(p *packet, s *step, last bool) {
	p.flags = s.flags
	if s.flags&syn == 0 || s.from == server {
		p.flags |= ack
		p.ack = f.seq[1-s.from]
	}
	if p.size > 0 && last {
		p.flags |= psh
	}
	p.seq = f.seq[s.from]
	f.seq[s.from] += uint32(p.size)
	if s.flags&(syn|fin) != 0 {
		f.seq[s.from]++
	}
}

// answer acknowledges segments; QUIC and the like do the same in a small datagram.
func (f *flow) answer(p *packet, s *step) {
	f.unanswered = 0
	*p = packet{from: f.ends[1-s.from], to: f.ends[s.from], vlan: f.vlan, proto: f.proto}
	if f.proto == protoTCP {
		p.flags, p.seq, p.ack = ack, f.seq[1-s.from], f.seq[s.from]
		return
	}
	p.size = 33
}

func (f *flow) advance() (time.Duration, bool) {
	f.at++
	f.sent = 0
	if !f.settle() {
		return 0, false
	}
	return f.steps()[f.at].after, true
}

func gap(bytes int, rate float64) time.Duration {
	return time.Duration(float64(bytes*8) / rate * float64(time.Second))
}

// numbered is an echo with its sequence number.
func numbered(data []byte, round int) []byte {
	out := append([]byte(nil), data...)
	if len(out) >= 8 && (out[0] == 8 || out[0] == 0 || out[0] == 128 || out[0] == 129) {
		binary.BigEndian.PutUint16(out[6:], uint16(round))
	}
	return out
}

// tcp adds a handshake and an orderly end to the body of a conversation.
func (f *flow) tcp(rtt time.Duration) {
	f.proto = protoTCP
	f.head = append([]step{
		{from: client, flags: syn},
		{from: server, flags: syn, after: rtt},
		{from: client, after: ms},
	}, f.head...)
	f.tail = append(f.tail,
		step{from: client, flags: fin, after: 2 * ms},
		step{from: server, flags: fin, after: rtt},
		step{from: client, after: ms},
	)
}
