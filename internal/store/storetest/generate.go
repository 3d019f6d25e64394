package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// epoch is when the generated traffic begins; on a full hour.
const epoch = int64(1_700_000_400-1_700_000_400%3600) * int64(time.Second)

var addrComparer = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// generator makes random rows with many equal values, so that ties and filters matter.
type generator struct {
	*rand.Rand
	sequence uint32
}

func newGenerator(seed uint64) *generator { return &generator{Rand: rand.New(rand.NewPCG(seed, 0))} }

func (g *generator) addr(version uint8) netip.Addr {
	if version == 4 {
		return netip.AddrFrom4([4]byte{byte(g.IntN(2)*182 + 10), 0, byte(g.IntN(3)), byte(g.IntN(4) * 80)})
	}
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: byte(g.IntN(4) * 80)}
	if g.IntN(8) == 0 {
		a = [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: byte(g.IntN(4))} // IPv4-mapped, but in an IPv6 header
	}
	a[7] = byte(g.IntN(3))
	if a[0] == 0 {
		a[7] = 0
	}
	return netip.AddrFrom16(a)
}

func (g *generator) counters() flow.Counters {
	n := g.Uint64N(5)
	return flow.Counters{Packets: n, WireBytes: n * g.Uint64N(1500), IPBytes: n * g.Uint64N(1400), PayloadBytes: g.Uint64N(1 << 50)}
}

// quality is none every other time.
func (g *generator) quality() flow.TCPCounters {
	if g.IntN(2) == 0 {
		return flow.TCPCounters{}
	}
	return flow.TCPCounters{
		Retransmits: g.Uint64N(3), RetransmittedBytes: g.Uint64N(1 << 50), OutOfOrder: g.Uint64N(9),
		ZeroWindows: g.Uint64N(9), Resets: g.Uint64N(2), OffloadedPackets: g.Uint64N(1 << 40),
	}
}

func (g *generator) tunnel() (t flow.Tunnel) {
	if g.IntN(2) == 0 {
		return t
	}
	for i := range 1 + g.IntN(flow.MaxTunnelDepth) {
		t.Kinds[i] = flow.TunnelKind(1 + g.IntN(int(flow.TunnelKindCount)-1))
	}
	if g.IntN(3) > 0 {
		version := uint8(4 + 2*g.IntN(2))
		t.Src, t.Dst, t.ID = g.addr(version).As16(), g.addr(version).As16(), uint32(g.IntN(2)*math.MaxUint32)
	}
	return t
}

func (g *generator) points() (l flow.PointList) {
	for range g.IntN(2) * g.IntN(len(l)+1) {
		l.Add(1 + flow.Point(g.IntN(12)))
	}
	return l
}

func (g *generator) session() stats.Session {
	g.sequence++
	start := epoch + g.Int64N(int64(20*time.Minute))
	version := uint8(4 + 2*g.IntN(2))
	protocols := [...]uint8{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoICMP, flow.ProtoICMPv6, flow.ProtoGRE}
	s := stats.Session{
		ID: flow.NewID(start, g.sequence),
		Key: flow.Key{
			Src: g.addr(version).As16(), Dst: g.addr(version).As16(), Version: version,
			SrcPort: uint16(g.IntN(3)), DstPort: [...]uint16{0, 53, 443, 65535}[g.IntN(4)],
			VLAN: uint16(g.IntN(2) * 4095), InnerVLAN: uint16(g.IntN(2)), Point: flow.Point(g.IntN(3)),
			Protocol: protocols[g.IntN(len(protocols))],
		},
		Start: start, Last: start + g.Int64N(3)*g.Int64N(int64(time.Minute)),
		Sent: g.counters(), Received: g.counters(),
		TCPFlagsSent: uint8(g.IntN(256)), TCPFlagsReceived: uint8(g.IntN(256)),
		SentTCP: g.quality(), ReceivedTCP: g.quality(), Tunnel: g.tunnel(),
		RTTClient: g.Int64N(3) * int64(time.Millisecond), RTTServer: g.Int64N(3) * g.Int64N(int64(time.Second)),
		ICMPType: uint8(g.IntN(256)), ICMPCode: uint8(g.IntN(256)),
		State: flow.State(g.IntN(len(flow.StateNames()))), End: flow.EndReason(g.IntN(6)),
		Direction: stats.Direction(g.IntN(4)), Also: g.points(), Carried: g.IntN(9) == 0,
		SrcOrigin: g.origin(), DstOrigin: g.origin(),
	}
	return s
}

func (g *generator) origin() stats.Origin {
	return [...]stats.Origin{{}, {Country: [2]byte{'C', 'N'}, ASN: 4134}, {Country: [2]byte{'D', 'E'}}, {ASN: math.MaxUint32}}[g.IntN(4)]
}

func (g *generator) ip() stats.IP {
	first := epoch + g.Int64N(5)*int64(time.Second)
	a := g.addr(uint8(4 + 2*g.IntN(2)))
	return stats.IP{
		Addr: a, Sent: g.counters(), Received: g.counters(), Sessions: g.Uint64N(4),
		RetransmitsSent: g.Uint64N(3), RetransmitsReceived: g.Uint64N(3),
		First: first, Last: first + g.Int64N(5)*int64(time.Second),
		// At home or not is a property of the address.
		Local: a.As16()[15]%160 == 0,
	}
}

func (g *generator) volume() stats.Volume {
	return stats.Volume{Bytes: g.Uint64N(1 << 40), Packets: g.Uint64N(1000)}
}

func (g *generator) sample() stats.Sample {
	return stats.Sample{
		Time: epoch + g.Int64N(1800)*int64(time.Second), Point: flow.Point(g.IntN(3)), Observed: g.Int64N(2) * int64(time.Second),
		In: g.volume(), Out: g.volume(), Other: g.volume(),
		Retransmits: g.Uint64N(9), NewSessions: g.Uint64N(10), ActiveSessions: g.Uint64N(1000),
		Input: flow.Input{
			Packets: g.Uint64N(1000), WireBytes: g.Uint64N(1 << 40), Refused: g.Uint64N(9),
			RefusedBytes: g.Uint64N(999), Dropped: g.Uint64N(9), Truncated: g.Uint64N(9),
			Duplicates: g.Uint64N(9), DuplicateBytes: g.Uint64N(999), Offloaded: g.Uint64N(99),
			KernelPackets: g.Uint64N(1000), KernelBytes: g.Uint64N(1 << 40), KernelMissed: g.Uint64N(9), KernelDropped: g.Uint64N(9),
		},
	}
}

func (g *generator) event() store.Event {
	g.sequence++
	e := store.Event{
		ID: uint64(g.sequence), Time: epoch + int64(g.sequence)*int64(time.Second), Level: store.Level(g.IntN(3)),
		Kind: [...]string{"started", "stopped", "no_traffic"}[g.IntN(3)], Message: fmt.Sprintf("It's \"fine\", %d%% of A_b\\c; 好.", g.IntN(20)),
	}
	if g.IntN(2) == 0 {
		e.Params = map[string]string{"interface": "eth0", "quote": `"'`}
	}
	return e
}

// batch has n rows of each kind, some of them of the same address or second.
func (g *generator) batch(n int) (b store.Batch) {
	for range n {
		b.Sessions = append(b.Sessions, g.session())
		b.IPs = append(b.IPs, g.ip())
		b.Samples = append(b.Samples, g.sample())
		b.Ranks = append(b.Ranks, g.delta())
		b.Events = append(b.Events, g.event())
	}
	return b
}
