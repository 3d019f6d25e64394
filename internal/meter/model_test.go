package meter

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// model is the meter without any of its machinery: a map, and times looked at when a
// packet comes.
type model struct {
	cfg  Config
	live map[string]*modelSession
	done []flow.Record
	next uint32
}

type modelSession struct {
	flow.Record
	quality modelQuality
	crossed bool
	bySyn   bool
	isn     uint32
	fins    [2]bool
}

func (p pkt) id() string {
	a, b := fmt.Sprint(p.src, " ", p.sport), fmt.Sprint(p.dst, " ", p.dport)
	tail := fmt.Sprint(" ", p.proto, " ", p.vlan)
	if p.proto == flow.ProtoICMP || p.proto == flow.ProtoICMPv6 {
		src, dst, oneWay := flow.ICMPPorts(p.proto, p.icmp[0], p.icmp[1])
		a, b = fmt.Sprint(p.src, " ", src), fmt.Sprint(p.dst, " ", dst)
		if oneWay {
			return a + " > " + b + tail
		}
	}
	return min(a, b) + " - " + max(a, b) + tail
}

func (p pkt) key() flow.Key {
	src, dst := netip.MustParseAddr(p.src), netip.MustParseAddr(p.dst)
	k := flow.Key{
		Src: src.As16(), Dst: dst.As16(), SrcPort: p.sport, DstPort: p.dport, VLAN: p.vlan, Protocol: p.proto, Version: 6,
	}
	if src.Is4() {
		k.Version = 4
	}
	switch p.proto {
	case flow.ProtoICMP, flow.ProtoICMPv6:
		k.SrcPort, k.DstPort, _ = flow.ICMPPorts(p.proto, p.icmp[0], p.icmp[1])
	case flow.ProtoGRE:
		k.SrcPort, k.DstPort = 0, 0
	}
	return k
}

func (m *model) idle(r *flow.Record) (time.Duration, flow.EndReason) {
	switch r.State {
	case flow.StateSynSent, flow.StateSynReceived:
		return m.cfg.IdleHalfOpen, flow.EndIdleTimeout
	case flow.StateClosed, flow.StateReset:
		return m.cfg.IdleClosing, flow.EndOfFlow
	case flow.StateEstablished, flow.StateMidstream, flow.StateClosing:
		return m.cfg.IdleTCP, flow.EndIdleTimeout
	default:
	}
	switch r.Key.Protocol {
	case flow.ProtoUDP:
		return m.cfg.IdleUDP, flow.EndIdleTimeout
	case flow.ProtoICMP, flow.ProtoICMPv6:
		return m.cfg.IdleICMP, flow.EndIdleTimeout
	}
	return m.cfg.IdleOther, flow.EndIdleTimeout
}

func (m *model) end(id string, reason flow.EndReason) {
	s := m.live[id]
	s.End = reason
	s.quality.report(&s.Record)
	m.done = append(m.done, s.Record)
	delete(m.live, id)
}

func (m *model) packet(p pkt) {
	wire := p.frame().WireLen
	if p.proto == flow.ProtoGRE {
		p.sport, p.dport = 0, 0
	}
	id, t := m.find(p), p.frame().Time
	syn := p.proto == flow.ProtoTCP && p.flags&flow.TCPSyn != 0
	if s := m.live[id]; s != nil {
		closing := s.State == flow.StateClosing || s.State == flow.StateClosed || s.State == flow.StateReset
		if m.cfg.IdleClosing != 0 && closing && syn && p.flags&flow.TCPAck == 0 && s.isn != p.seq {
			m.end(id, flow.EndOfFlow)
		}
	}
	s := m.live[id]
	if s == nil {
		id = p.id()
		s = m.begin(p, t)
		m.live[id] = s
	}
	if syn && !s.bySyn {
		s.bySyn = true
		if p.forward(s) == (p.flags&flow.TCPAck != 0) {
			s.Key = s.Key.Reverse()
			s.Sent, s.Received = s.Received, s.Sent
			s.TCPFlagsSent, s.TCPFlagsReceived = s.TCPFlagsReceived, s.TCPFlagsSent
			s.fins[0], s.fins[1] = s.fins[1], s.fins[0]
			s.quality.turn()
		}
	}
	s.count(p, t, wire)
}

// find is the session that the packet is looked for in: that of its VLAN, else the
// oldest of the same ends that it goes on with.
func (m *model) find(p pkt) string {
	if s := m.live[p.id()]; s != nil {
		if !m.expired(s, p) {
			return p.id()
		}
		_, reason := m.idle(&s.Record)
		m.end(p.id(), reason)
	}
	var found *modelSession
	id := p.id()
	for other, s := range m.live {
		untagged := p
		untagged.vlan = s.Key.VLAN
		if untagged.id() == other && m.continues(s, p) && (found == nil || s.ID < found.ID) {
			found, id = s, other
		}
	}
	if found != nil {
		found.crossed = true
	}
	return id
}

func (m *model) continues(s *modelSession, p pkt) bool {
	if m.expired(s, p) {
		return false
	}
	c := s.Received
	if p.forward(s) {
		c = s.Sent
	}
	return s.crossed || c.Packets == 0 || p.proto == flow.ProtoTCP && p.flags&flow.TCPSyn == 0
}

func (m *model) expired(s *modelSession, p pkt) bool {
	timeout, _ := m.idle(&s.Record)
	t := p.frame().Time
	return timeout != 0 && max(t-s.Last, s.Last-t) >= int64(timeout)
}

// forward reports whether the packet goes from initiator to responder.
func (p pkt) forward(s *modelSession) bool {
	p.vlan = s.Key.VLAN
	return p.key() == s.Key
}

func (m *model) begin(p pkt, t int64) *modelSession {
	s := &modelSession{Record: flow.Record{ID: flow.NewID(t, m.next), Key: p.key(), Start: t, First: true}}
	m.next++
	switch p.proto {
	case flow.ProtoICMP, flow.ProtoICMPv6:
		s.ICMPType, s.ICMPCode = p.icmp[0], p.icmp[1]
	case flow.ProtoTCP, flow.ProtoUDP:
		if serviceRank(p.sport) > serviceRank(p.dport) {
			s.Key = s.Key.Reverse()
		}
	}
	if p.proto == flow.ProtoTCP {
		s.State = flow.StateMidstream
		if p.flags&flow.TCPSyn != 0 {
			s.State = flow.StateSynSent
			s.isn = p.seq
			if p.flags&flow.TCPAck != 0 {
				s.State, s.isn = flow.StateSynReceived, 0
			}
		}
	}
	return s
}

func (s *modelSession) count(p pkt, t int64, wire uint32) {
	c, flags, direction := &s.Sent, &s.TCPFlagsSent, 0
	if !p.forward(s) {
		c, flags, direction = &s.Received, &s.TCPFlagsReceived, 1
	}
	f := p.frame()
	c.Add(flow.Counters{Packets: 1, WireBytes: uint64(wire), IPBytes: uint64(len(f.Data) - 14 + p.payload), PayloadBytes: uint64(p.payload)})
	s.Last = max(s.Last, t)
	if p.proto != flow.ProtoTCP {
		if s.Sent.Packets > 0 && s.Received.Packets > 0 {
			s.State = flow.StateActive
		}
		return
	}
	if direction == 0 && p.flags&(flow.TCPSyn|flow.TCPAck) == flow.TCPSyn && !s.quality.streams[0].syn {
		s.isn = p.seq
	}
	s.quality.packet(p, direction, t)
	*flags |= p.flags
	over := s.State == flow.StateClosed || s.State == flow.StateReset
	handshake := s.State == flow.StateSynSent || s.State == flow.StateSynReceived
	switch {
	case over:
	case p.flags&flow.TCPRst != 0:
		s.State = flow.StateReset
	case p.flags&flow.TCPFin != 0:
		s.fins[direction] = true
		s.State = flow.StateClosing
		if s.fins[0] && s.fins[1] {
			s.State = flow.StateClosed
		}
	case p.flags&flow.TCPSyn != 0:
		if s.State == flow.StateSynSent && p.flags&flow.TCPAck != 0 {
			s.State = flow.StateSynReceived
		}
	case handshake && (direction == 0 || p.payload > 0):
		s.State = flow.StateEstablished
	}
}

// distinctEnds leaves out packets with equal ends, whose direction the key can't tell.
func distinctEnds(packets []pkt) []pkt {
	return slices.DeleteFunc(packets, func(p pkt) bool { return p.src == p.dst })
}

// shuffledCaptures is a file put together from several captures, in another order than
// that of time.
func shuffledCaptures(packets []pkt) (file []pkt) {
	for part := range slices.Chunk(packets, 1+len(packets)/7) {
		file = append(slices.Clone(part), file...)
	}
	return file
}

func TestAgainstModel(t *testing.T) {
	for seed := range uint64(15) {
		cfg := offline()
		switch seed % 3 {
		case 1:
			cfg = cfg.WithTimeouts(0, 0)
		case 2:
			cfg.IdleTCP, cfg.IdleUDP = 7*time.Second, 5*time.Second
		}
		packets := distinctEnds(randomPackets(seed, 3000))
		if seed%5 == 3 {
			cfg.Retain = len(packets)
			packets = shuffledCaptures(packets)
		}
		want := model{cfg: cfg, live: map[string]*modelSession{}}
		for _, p := range packets {
			want.packet(p)
		}
		end := packets[len(packets)-1].frame().Time
		for id, s := range want.live {
			timeout, reason := want.idle(&s.Record)
			if reason != flow.EndOfFlow && (timeout == 0 || max(end-s.Last, s.Last-end) < int64(timeout)) {
				reason = flow.EndForced
			}
			want.end(id, reason)
		}
		got := run(t, cfg, packets...).records()
		byID := func(a, b flow.Record) int { return cmp.Compare(a.ID, b.ID) }
		slices.SortFunc(got, byID)
		slices.SortFunc(want.done, byID)
		if !slices.Equal(want.done, got) {
			diff := gocmp.Diff(want.done, got)
			t.Fatalf("seed %d: %d sessions, the model has %d (-model +meter):\n%s", seed, len(got), len(want.done), diff[:min(len(diff), 3000)])
		}
	}
}

// Interim records of a session must add up to the one record it has without them.
func TestInterimAddsUp(t *testing.T) {
	for seed := range uint64(10) {
		packets := distinctEnds(randomPackets(seed, 3000))
		whole := run(t, offline(), packets...).records()
		cfg := offline()
		cfg.Interim = true
		folded := map[uint64]flow.Record{}
		for _, r := range run(t, cfg, packets...).records() {
			old, known := folded[r.ID]
			if r.First == known || known && old.End != flow.EndNone || known && old.Key != r.Key {
				t.Fatalf("seed %d: record %+v after %+v", seed, r, old)
			}
			r.Sent.Add(old.Sent)
			r.Received.Add(old.Received)
			r.SentTCP.Add(old.SentTCP)
			r.ReceivedTCP.Add(old.ReceivedTCP)
			r.First = true
			folded[r.ID] = r
		}
		for _, want := range whole {
			got := folded[want.ID]
			if got.Key == want.Key.Reverse() { // a SYN came after the first record had left
				got.Key, got.Sent, got.Received = want.Key, got.Received, got.Sent
				got.SentTCP, got.ReceivedTCP = got.ReceivedTCP, got.SentTCP
				got.TCPFlagsSent, got.TCPFlagsReceived, got.State = got.TCPFlagsReceived, got.TCPFlagsSent, want.State
				got.RTTClient, got.RTTServer, got.ResetByResponder = want.RTTClient, want.RTTServer, want.ResetByResponder
			}
			if got != want && got.State == want.State {
				t.Fatalf("seed %d (-whole +interim):\n%s", seed, gocmp.Diff(want, got))
			}
		}
		if len(folded) != len(whole) {
			t.Errorf("seed %d: %d sessions with interim records, %d without", seed, len(folded), len(whole))
		}
	}
}

func TestDeterministicWhateverTheSeed(t *testing.T) {
	packets := randomPackets(3, 5000)
	cfg := offline()
	cfg.MaxSessions = 40
	var first []flow.Batch
	for seed := range uint64(4) {
		cfg.Seed = seed // 0 is random
		m, out := mustNew(t, cfg), &sink{}
		if err := m.Run(context.Background(), &script{frames: frames(packets)}, out); err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, m, out)
		if first == nil {
			first = out.batches
		}
		if !reflect.DeepEqual(first, out.batches) {
			t.Fatalf("hash seed %d changes the output", seed)
		}
	}
}
