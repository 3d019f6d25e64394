package meter

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

const (
	epoch  = int64(1_700_000_000_000_000_000)
	second = int64(time.Second)
)

// pkt describes one packet of a test; at is in seconds after epoch.
type pkt struct {
	at           float64
	src, dst     string
	sport, dport uint16
	proto        uint8
	flags        uint8
	seq          uint32
	payload      int
	vlan         uint16
	icmp         [2]uint8
	ack          uint32
	shut         bool   // the window is 0
	mss          uint16 // announced as an option
	options      int    // bytes of other options, a multiple of 4
}

func (p pkt) back() pkt {
	p.src, p.dst, p.sport, p.dport = p.dst, p.src, p.dport, p.sport
	return p
}

func (p pkt) when(at float64) pkt  { p.at = at; return p }
func (p pkt) with(flags uint8) pkt { p.flags = flags; return p }
func (p pkt) from(seq uint32) pkt  { p.seq = seq; return p }
func (p pkt) acks(ack uint32) pkt  { p.ack = ack; return p }
func (p pkt) frame() capture.Frame { return p.frameInto(nil) }
func tcp(src, dst string, sp, dp uint16) pkt {
	return pkt{src: src, dst: dst, sport: sp, dport: dp, proto: flow.ProtoTCP}
}
func udp(src, dst string, sp, dp uint16) pkt {
	return pkt{src: src, dst: dst, sport: sp, dport: dp, proto: flow.ProtoUDP}
}

func icmp(src, dst string, typ, code uint8) pkt {
	p := pkt{src: src, dst: dst, proto: flow.ProtoICMP, icmp: [2]uint8{typ, code}}
	if netip.MustParseAddr(src).Is6() {
		p.proto = flow.ProtoICMPv6
	}
	return p
}

func (p pkt) frameInto(b []byte) capture.Frame {
	src, dst := netip.MustParseAddr(p.src), netip.MustParseAddr(p.dst)
	transport := p.transport()
	b = append(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2)
	if src.Is4() {
		b = append(b, 8, 0, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(transport)+p.payload))
		b = append(b, 0, 0, 0, 0, 64, p.proto, 0, 0)
	} else {
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(transport)+p.payload))
		b = append(b, p.proto, 64)
	}
	b = append(b, src.AsSlice()...)
	b = append(b, dst.AsSlice()...)
	b = append(b, transport...)
	f := capture.Frame{Data: b, Time: epoch + int64(p.at*1e9), WireLen: uint32(len(b) + p.payload), LinkType: 1}
	if p.vlan != 0 {
		f.VLANTCI, f.VLANTPID = p.vlan, 0x8100
		f.WireLen += tagLen
	}
	return f
}

func (p pkt) transport() []byte {
	ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, p.sport), p.dport)
	switch p.proto {
	case flow.ProtoTCP:
		b := binary.BigEndian.AppendUint32(ports, p.seq)
		b = binary.BigEndian.AppendUint32(b, p.ack)
		var options []byte
		if p.mss != 0 {
			options = append(options, 2, 4, byte(p.mss>>8), byte(p.mss))
		}
		options = append(options, make([]byte, p.options)...)
		b = append(b, byte(5+len(options)/4)<<4, p.flags, 1, 0, 0, 0, 0, 0)
		if p.shut {
			b[14] = 0
		}
		return append(b, options...)
	case flow.ProtoUDP:
		return append(binary.BigEndian.AppendUint16(ports, uint16(8+p.payload)), 0, 0)
	case flow.ProtoICMP, flow.ProtoICMPv6:
		return []byte{p.icmp[0], p.icmp[1], 0, 0, 0, 1, 0, 1}
	}
	return nil
}

// script is a source that delivers what a test wrote down.
type script struct {
	frames  []capture.Frame
	idle    bool  // ErrIdle at the end instead of io.EOF
	clock   int64 // advances by 250 ms with each ErrIdle,
	still   bool  // or not at all
	rested  func()
	final   error
	dropped uint64
	next    int
}

func (s *script) Next(f *capture.Frame) error {
	if s.next < len(s.frames) {
		s.next++
		s.clock = s.frames[s.next-1].Time
		*f = s.frames[s.next-1]
		return nil
	}
	switch {
	case s.idle:
		if s.rested != nil {
			s.rested()
		}
		if !s.still {
			s.clock += second / 4
		}
		*f = capture.Frame{Time: s.clock}
		return capture.ErrIdle
	case s.final != nil:
		return s.final
	}
	return io.EOF
}

func (s *script) Stats() (capture.Stats, error) {
	return capture.Stats{Received: uint64(s.next), Dropped: s.dropped}, nil
}

func (s *script) Close() error { return nil }

// sink keeps what it was given; refuse says which calls it refuses.
type sink struct {
	batches []flow.Batch
	calls   int
	refuse  func(call int) error
}

func (s *sink) Consume(b flow.Batch) error {
	s.calls++
	if s.refuse != nil {
		if err := s.refuse(s.calls); err != nil {
			return err
		}
	}
	b.Records, b.Points = slices.Clone(b.Records), slices.Clone(b.Points)
	s.batches = append(s.batches, b)
	return nil
}

func (s *sink) records() (all []flow.Record) {
	for _, b := range s.batches {
		all = append(all, b.Records...)
	}
	return all
}

func (s *sink) input() (in flow.Input) {
	for _, b := range s.batches {
		in.Add(b.Input)
	}
	return in
}

func frames(packets []pkt) []capture.Frame {
	all := make([]capture.Frame, len(packets))
	for i, p := range packets {
		all[i] = p.frame()
	}
	return all
}

func offline() Config {
	cfg := Default()
	cfg.Interim = false
	cfg.Seed = 1
	return cfg
}

func mustNew(tb testing.TB, cfg Config) *Meter {
	tb.Helper()
	m, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// mustOpen readies a meter for single packets.
func mustOpen(tb testing.TB, m *Meter, src capture.Source, out flow.Sink) {
	tb.Helper()
	if err := m.open(src, out, nil); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.table.close)
}

// run meters the packets and checks what must hold for any input.
func run(tb testing.TB, cfg Config, packets ...pkt) *sink {
	tb.Helper()
	return runFrames(tb, cfg, frames(packets))
}

func runFrames(tb testing.TB, cfg Config, fs []capture.Frame) *sink {
	tb.Helper()
	m, out := mustNew(tb, cfg), &sink{}
	if err := m.Run(context.Background(), &script{frames: fs}, out); err != nil && !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	checkInvariants(tb, m, out)
	return out
}

func checkInvariants(tb testing.TB, m *Meter, out *sink) {
	tb.Helper()
	in, c := out.input(), m.Counters()
	if in != c.Input {
		tb.Errorf("batches say %+v, counters %+v", in, c.Input)
	}
	var sum flow.Counters
	var first, ended uint64
	for _, r := range out.records() {
		sum.Add(r.Sent)
		sum.Add(r.Received)
		if r.First {
			first++
		}
		if r.End != flow.EndNone {
			ended++
		}
		if r.Last < r.Start {
			tb.Errorf("record ends before it starts: %+v", r)
		}
	}
	if sum.Packets != c.Metered() || sum.WireBytes != in.WireBytes-in.RefusedBytes {
		tb.Errorf("records hold %d packets, %d bytes; metered were %d, %d", sum.Packets, sum.WireBytes, c.Metered(), in.WireBytes-in.RefusedBytes)
	}
	if first != c.Started || ended != c.Started || c.Active != 0 {
		tb.Errorf("%d sessions began, %d first and %d last records, %d left", c.Started, first, ended, c.Active)
	}
	var faults uint64
	for _, n := range c.Faults {
		faults += n
	}
	if faults != in.Refused {
		tb.Errorf("%d faults for %d refused packets", faults, in.Refused)
	}
	for i := 1; i < len(out.batches); i++ {
		if out.batches[i].Time < out.batches[i-1].Time {
			tb.Errorf("batch %d goes back in time", i)
		}
	}
}

// randomPackets is a stream of conversations with gaps around the time-outs.
func randomPackets(seed uint64, n int) []pkt {
	r := rand.New(rand.NewPCG(seed, 7))
	hosts := []string{"10.0.0.1", "10.0.0.2", "192.0.2.7", "2001:db8::1", "2001:db8::2"}
	ports := []uint16{80, 443, 53, 40000, 40001, 8080}
	all := make([]pkt, 0, n)
	at := 0.0
	for range n {
		p := pkt{sport: ports[r.IntN(len(ports))], dport: ports[r.IntN(len(ports))], payload: r.IntN(100), seq: uint32(r.IntN(3))}
		if r.IntN(3) == 0 {
			p.src, p.dst = hosts[3+r.IntN(2)], hosts[3+r.IntN(2)]
		} else {
			p.src, p.dst = hosts[r.IntN(3)], hosts[r.IntN(3)]
		}
		p.proto = []uint8{flow.ProtoTCP, flow.ProtoTCP, flow.ProtoUDP, flow.ProtoICMP, flow.ProtoGRE}[r.IntN(5)]
		if p.proto == flow.ProtoICMP && netip.MustParseAddr(p.src).Is6() {
			p.proto = flow.ProtoICMPv6
		}
		p.flags = []uint8{flow.TCPSyn, flow.TCPSyn | flow.TCPAck, flow.TCPAck, flow.TCPAck, flow.TCPFin | flow.TCPAck, flow.TCPRst}[r.IntN(6)]
		p.icmp = [2]uint8{[]uint8{8, 0, 3, 128, 129}[r.IntN(5)], uint8(r.IntN(2))}
		p.vlan = []uint16{0, 0, 0, 5}[r.IntN(4)]
		p.ack, p.shut, p.mss = uint32(1+r.IntN(3)), r.IntN(8) == 0, uint16(r.IntN(2)*40)
		switch r.IntN(40) {
		case 0:
			at += float64(r.IntN(400))
		case 1:
			at += 10 * float64(1+r.IntN(6)) // exactly a time-out
		default:
			at += r.Float64() / 4
		}
		p.at = at
		all = append(all, p)
	}
	return all
}
