package meter

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

func (p pkt) carrying(n int) pkt  { p.payload = n; return p }
func (p pkt) announces(n int) pkt { p.mss = uint16(n); return p }
func (p pkt) optional(n int) pkt  { p.options = n; return p }
func (p pkt) shutting() pkt       { p.shut = true; return p }
func ms(n int64) int64            { return n * 1e6 }
func (p pkt) in(other pkt) capture.Frame {
	outer, inner := other.frame(), p.frame()
	outer.Data = append(outer.Data[:34:34], inner.Data[14:]...) // IPv4 in IPv4
	outer.Data[23] = 4
	total := len(outer.Data) - 14 + p.payload
	outer.Data[16], outer.Data[17] = byte(total>>8), byte(total)
	outer.WireLen, outer.Time = uint32(14+total), inner.Time
	return outer
}

// quality is what the tests of one session compare.
type quality struct {
	Sent, Received flow.TCPCounters
	Client, Server int64
}

func TestQuality(t *testing.T) {
	c := tcp("10.0.0.1", "10.0.0.2", 40000, 80).from(1000)
	s := c.back().from(5000).acks(1001)
	c6 := tcp("2001:db8::1", "2001:db8::2", 40000, 80)
	opening := []pkt{c.with(syn), s.with(syn | ack).when(0.03), c.with(ack).from(1001).when(0.04)}
	data := func(seq uint32, n int) pkt { return c.with(ack).from(1001 + seq).carrying(n).when(1) }
	tests := []struct {
		name    string
		packets []pkt
		want    quality
	}{
		{"handshake", opening, quality{Server: ms(30), Client: ms(10)}},
		{"syn captured twice", slices.Concat([]pkt{c.with(syn)}, opening), quality{
			Sent: flow.TCPCounters{Retransmits: 1}, Server: ms(30), Client: ms(10),
		}},
		{"syn sent again", []pkt{c.with(syn), c.with(syn).when(1), s.with(syn | ack).when(1.1), c.with(ack).from(1001).when(1.2)}, quality{
			Sent: flow.TCPCounters{Retransmits: 1}, Client: ms(100),
		}},
		{"syn sent again with a new number", []pkt{
			c.with(syn).from(1 << 28), c.with(syn).when(1), s.with(syn | ack).when(1.1), c.with(ack).from(1001).when(1.2),
		}, quality{Client: ms(100), Server: ms(100)}},
		{"syn-ack sent again", []pkt{c.with(syn), s.with(syn | ack).when(0.1), s.with(syn | ack).when(1.1), c.with(ack).from(1001).when(1.2)}, quality{
			Received: flow.TCPCounters{Retransmits: 1}, Server: ms(100),
		}},
		{"syn-ack to another syn", []pkt{c.with(syn), s.with(syn | ack).acks(1 << 30), c.with(ack).from(1001).when(1.2)}, quality{}},
		{"syn-ack not captured", []pkt{c.with(syn), c.with(ack).from(1001).when(0.1)}, quality{}},
		{"syn not captured", []pkt{s.with(syn | ack), c.with(ack).from(1001).when(0.01)}, quality{Client: ms(10)}},
		{"retransmitted", []pkt{data(0, 100), data(100, 100), data(0, 100), data(200, 10)}, quality{
			Sent: flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 100},
		}},
		{"partly new", []pkt{data(0, 100), data(50, 100), data(150, 1)}, quality{Sent: flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 50}}},
		{"out of order", []pkt{data(0, 100), data(200, 100), data(100, 100), data(300, 100)}, quality{Sent: flow.TCPCounters{OutOfOrder: 1}}},
		{"late, then again", []pkt{data(0, 100), data(200, 100), data(100, 100), data(100, 100)}, quality{
			Sent: flow.TCPCounters{OutOfOrder: 1, Retransmits: 1, RetransmittedBytes: 100},
		}},
		{"two gaps, filled from above", []pkt{data(0, 10), data(20, 10), data(40, 10), data(30, 10), data(10, 10), data(30, 10)}, quality{
			Sent: flow.TCPCounters{OutOfOrder: 2, Retransmits: 1, RetransmittedBytes: 10},
		}},
		{"fin sent again", []pkt{data(0, 10), data(10, 5).with(fin | ack), data(10, 5).with(fin | ack), data(15, 0).with(fin | ack)}, quality{
			Sent: flow.TCPCounters{Retransmits: 2, RetransmittedBytes: 5},
		}},
		{"numbers begin anew", []pkt{data(^uint32(0)-1010, 20), data(^uint32(0)-990, 10), data(^uint32(0)-1000, 10)}, quality{
			Sent: flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 10},
		}},
		{"keep-alive", []pkt{data(0, 10), data(9, 1), data(9, 0), data(10, 0), data(10, 10)}, quality{}},
		{"implausible numbers", []pkt{data(0, 10), data(1<<31, 10), data(10, 10), data(20, 10), data(10, 10)}, quality{
			Sent: flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 10},
		}},
		{"window closed twice", []pkt{s.with(ack), s.with(ack).shutting(), s.with(ack).shutting(), s.with(ack), s.with(ack).shutting(), s.with(rst).shutting()}, quality{
			Received: flow.TCPCounters{ZeroWindows: 2, Resets: 1},
		}},
		{"joined, size announced", []pkt{
			c.with(syn).announces(1000), s.with(syn | ack).announces(1400), data(0, 1400), data(1400, 1400).optional(12), data(2800, 4165).optional(12),
			s.with(ack).from(5001).carrying(1001), data(2800, 4164).optional(12),
		}, quality{
			Sent:     flow.TCPCounters{OffloadedPackets: 1 + 3 + 2, Retransmits: 1, RetransmittedBytes: 4164},
			Received: flow.TCPCounters{OffloadedPackets: 1}, Server: 1, Client: ms(1000),
		}},
		{"joined, size unknown", []pkt{data(0, 1460), data(1460, 1461), data(2921, 2*1448+1).optional(12)}, quality{Sent: flow.TCPCounters{OffloadedPackets: 1 + 2}}},
		{"joined, IPv6", []pkt{c6.with(ack).carrying(1440), c6.with(ack).from(1440).carrying(1441)}, quality{Sent: flow.TCPCounters{OffloadedPackets: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, offline(), tt.packets...).records()
			if len(got) != 1 {
				t.Fatalf("%d sessions", len(got))
			}
			r := got[0]
			if diff := cmp.Diff(tt.want, quality{r.SentTCP, r.ReceivedTCP, r.RTTClient, r.RTTServer}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// One direction of a connection whose segments are lost, repeated and reordered, told
// by the meter and by an observer who remembers every number. What each calls old is
// the same; how it came about is the same as long as the gaps hold all that is missing.
func TestQualityOfDisorder(t *testing.T) {
	exact, many := 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := tcp("10.0.0.1", "10.0.0.2", 40000, 80).with(ack).from(r.Uint32())
		var packets []pkt
		for seq, n := c.seq, 0; n < 110; n++ {
			size := 2 + r.IntN(12)
			packets = append(packets, c.from(seq).carrying(size))
			seq += uint32(size)
		}
		disorder := int(seed % 100)
		for range disorder {
			from, to := 1+r.IntN(109), 1+r.IntN(109)
			moved := packets[from]
			if r.IntN(2) == 0 { // late, or again
				packets = slices.Delete(packets, from, from+1)
			}
			packets = slices.Insert(packets, min(to, len(packets)), moved)
		}
		want := modelStream{}
		var counts flow.TCPCounters
		most := 0
		for i, p := range packets {
			p.at = float64(i) / 1000
			want.segment(p, &counts)
			most = max(most, want.gaps())
		}
		got := run(t, offline(), packets...).records()[0].SentTCP
		if got.Retransmits+got.OutOfOrder != counts.Retransmits+counts.OutOfOrder {
			t.Fatalf("seed %d: got %+v, want %+v", seed, got, counts)
		}
		if most <= maxGaps {
			exact++
			if most > maxGaps/2 {
				many++
			}
			if got != counts {
				t.Fatalf("seed %d: got %+v, want %+v", seed, got, counts)
			}
		}
	}
	if exact < 100 || many < 10 {
		t.Errorf("%d of 200 streams have few enough gaps, %d nearly too many", exact, many)
	}
}

// gaps is the number of ranges that are missing.
func (s *modelStream) gaps() (n int) {
	for x := s.first; x != s.next; x++ {
		if !s.seen[x] && (x == s.first || s.seen[x-1]) {
			n++
		}
	}
	return n
}

func TestTunnelTurnsWithItsSession(t *testing.T) {
	c := tcp("10.0.0.1", "10.0.0.2", 40000, 80)
	outer := tcp("192.0.2.1", "192.0.2.2", 0, 0)
	for name, fs := range map[string][]capture.Frame{
		"initiator first": {c.with(syn).in(outer), c.back().with(syn | ack).in(outer.back())},
		"responder first": {c.back().with(ack).in(outer.back()), c.with(ack).in(outer)},
		"turned by a syn": {c.with(ack).in(outer), c.back().with(ack).in(outer.back()), c.with(syn).in(outer)},
		"turned round":    {c.with(ack).in(outer.back()), c.back().with(syn).in(outer)},
	} {
		got := runFrames(t, offline(), fs).records()
		if len(got) != 1 {
			t.Fatalf("%s: %d sessions", name, len(got))
		}
		tunnel := got[0].Tunnel
		if tunnel.Kinds[0] != flow.TunnelIPIP || tunnel.SrcAddr().String() != "192.0.2.1" || tunnel.DstAddr().String() != "192.0.2.2" {
			t.Errorf("%s: got %+v", name, tunnel)
		}
	}
	plain := runFrames(t, offline(), []capture.Frame{c.frame()}).records()
	if !plain[0].Tunnel.IsZero() {
		t.Errorf("a tunnel where there is none: %+v", plain[0].Tunnel)
	}
}

// Whatever comes in whatever order is accounted for.
func FuzzMeter(f *testing.F) {
	for _, p := range randomPackets(1, 50) {
		f.Add(p.frame().Data, uint8(1), int64(1))
	}
	d := udp("10.0.0.1", "10.0.0.2", 40000, 53)
	f.Add(part(d, 7, fragmentOffset).Data, uint8(3), int64(1))
	f.Fuzz(func(t *testing.T, data []byte, n uint8, step int64) {
		cfg := offline()
		cfg.Interim, cfg.MaxSessions = n&1 != 0, 3
		cfg.Retain = int(n >> 6)
		var fs []capture.Frame
		at := epoch
		for i := range int(n%32) + 1 {
			b := slices.Clone(data)
			if len(b) > 0 {
				b[(i*7919)%len(b)] += byte(i)
			}
			at += step
			fs = append(fs, capture.Frame{Data: b, Time: at, WireLen: uint32(len(b)), LinkType: packet.LinkEthernet})
		}
		runFrames(t, cfg, fs)
	})
}
