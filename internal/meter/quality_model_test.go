package meter

import (
	"slices"

	"netflow-monitor/internal/flow"
)

// modelQuality is the quality of a TCP session by a naive observer, who remembers
// every sequence number and every packet of the handshake.
type modelQuality struct {
	streams   [2]modelStream
	counts    [2]flow.TCPCounters
	resets    []int // directions, in the order they came
	handshake []modelStep
}

type modelStream struct {
	begun, syn, shut bool
	first, next, isn uint32
	seen             map[uint32]bool
	mss              int // of what the direction sends
}

// modelStep is one step of a handshake: a SYN, a SYN-ACK or the ACK.
type modelStep struct {
	kind byte
	at   int64
}

func (q *modelQuality) turn() {
	slices.Reverse(q.streams[:])
	slices.Reverse(q.counts[:])
	for i := range q.resets {
		q.resets[i] = 1 - q.resets[i]
	}
}

func (q *modelQuality) packet(p pkt, d int, t int64) {
	n := &q.counts[d]
	if p.flags&flow.TCPRst != 0 {
		n.Resets++
		q.resets = append(q.resets, d)
		return
	}
	s, other := &q.streams[d], &q.streams[1-d]
	if p.shut && !s.shut {
		n.ZeroWindows++
	}
	s.shut = p.shut
	if p.flags&flow.TCPSyn != 0 && p.mss != 0 {
		other.mss = max(int(p.mss), 48)
	}
	q.step(p, d, t)
	s.segment(p, n)
	mss := s.mss
	if mss == 0 {
		mss = 1460
		if p.key().Version == 6 {
			mss = 1440
		}
	}
	options := p.options
	if p.mss != 0 {
		options += 4
	}
	if p.payload+options > mss {
		for rest := p.payload - (mss - options); rest > 0; rest -= mss - options {
			n.OffloadedPackets++
		}
	}
}

// step remembers what matters for the round trip times.
func (q *modelQuality) step(p pkt, d int, t int64) {
	fresh := !q.streams[0].begun && !q.streams[1].begun
	switch p.flags & (flow.TCPSyn | flow.TCPAck) {
	case flow.TCPSyn:
		if d == 0 && (fresh || len(q.handshake) > 0) {
			q.handshake = append(q.handshake, modelStep{'s', t})
		}
	case flow.TCPSyn | flow.TCPAck:
		answers := !q.streams[0].syn || p.ack-q.streams[0].isn-1 < synReach
		if d == 1 && answers && (fresh || len(q.handshake) > 0) {
			q.handshake = append(q.handshake, modelStep{'S', t})
		}
	case flow.TCPAck:
		if d == 0 && len(q.handshake) > 0 {
			q.handshake = append(q.handshake, modelStep{'a', t})
		}
	}
}

func (q *modelQuality) rtt() (client, server int64) {
	var syns, answers []int64
	for _, step := range q.handshake {
		switch {
		case step.kind == 's' && len(answers) == 0:
			syns = append(syns, step.at)
		case step.kind == 'S':
			answers = append(answers, step.at)
		case step.kind == 'a' && len(answers) == 0:
			return 0, 0 // the answer was not captured
		case step.kind == 'a':
			return known(answers, step.at), known(syns, answers[0])
		}
	}
	if len(answers) > 0 {
		server = known(syns, answers[0])
	}
	return 0, server
}

// known is the time from a segment to its answer, 0 if it was sent more than once.
func known(sent []int64, answered int64) int64 {
	if len(sent) == 0 || slices.Max(sent)-sent[0] > duplicateTime || answered < sent[0] {
		return 0
	}
	return max(answered-sent[0], 1)
}

// segment tells new from old numbers.
func (s *modelStream) segment(p pkt, n *flow.TCPCounters) {
	seq := p.seq
	var numbers []uint32
	payload := map[uint32]bool{}
	if p.flags&flow.TCPSyn != 0 {
		if s.begun && !s.syn {
			n.OutOfOrder++
			s.syn, s.isn = true, seq
			return
		}
		if !s.syn {
			s.syn, s.isn = true, seq
		}
		numbers = append(numbers, seq)
		seq++
	}
	for range p.payload {
		payload[seq] = true
		numbers = append(numbers, seq)
		seq++
	}
	if p.flags&flow.TCPFin != 0 {
		numbers = append(numbers, seq)
		seq++
	}
	fresh := !s.begun
	if fresh {
		s.begun, s.first, s.next, s.seen = true, p.seq, seq, map[uint32]bool{}
	}
	if len(numbers) == 0 {
		return
	}
	keepAlive := !fresh && p.flags&(flow.TCPSyn|flow.TCPFin) == 0 && p.payload == 1 && p.seq == s.next-1
	var again, bytes uint64
	for _, x := range numbers {
		if s.seen[x] || int32(x-s.first) < 0 {
			again++
			if payload[x] {
				bytes++
			}
		}
	}
	switch {
	case keepAlive:
		return
	case again > 0:
		n.Retransmits++
		n.RetransmittedBytes += bytes
	case int32(p.seq-s.next) < 0 && !fresh:
		n.OutOfOrder++
	}
	for _, x := range numbers {
		s.seen[x] = true
	}
	if int32(seq-s.next) > 0 {
		s.next = seq
	}
}

func (q *modelQuality) report(r *flow.Record) {
	r.SentTCP, r.ReceivedTCP = q.counts[0], q.counts[1]
	r.ResetByResponder = len(q.resets) > 0 && q.resets[0] == 1
	r.RTTClient, r.RTTServer = q.rtt()
}
