package stats

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// epoch is a whole second at which most tests begin.
const epoch = 1_700_000_000 * second

var own = netip.MustParseAddr("192.168.1.2")

// atlas locates 11.x.y.z in the country that x names, in the city of y; 12/8 is
// public and has no place, and everything else is special.
type atlas struct{}

var atlasCountries = []string{"CN", "DE", "FR", "JP", "US"}

func (atlas) Locate(a netip.Addr) geo.Location {
	b := a.Unmap().As16()
	switch b[12] {
	case 11:
		l := geo.Location{
			Scope: geo.ScopePublic, CountryCode: atlasCountries[int(b[13])%len(atlasCountries)],
			Latitude: float64(b[13]), Longitude: float64(b[14]), HasPosition: true, ASN: uint32(b[13]) + 64500,
		}
		l.Country, l.ISP = "Country "+l.CountryCode, fmt.Sprintf("ISP %d", b[13])
		if b[14] > 0 {
			l.City = fmt.Sprintf("City %d", b[14])
		}
		return l
	case 12:
		return geo.Location{Scope: geo.ScopePublic}
	default:
		return geo.Location{Scope: geo.ScopePrivate}
	}
}

func newEngine(tb testing.TB, change func(*Config)) *Engine {
	tb.Helper()
	cfg := Default()
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg, atlas{}, NewHome([]netip.Addr{own}, nil))
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func consume(tb testing.TB, e *Engine, at int64, records ...flow.Record) {
	tb.Helper()
	if err := e.Consume(flow.Batch{Time: at, Records: records}); err != nil {
		tb.Fatal(err)
	}
}

func key(src, dst string, srcPort, dstPort uint16) flow.Key {
	s, d := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	k := flow.Key{Src: s.As16(), Dst: d.As16(), SrcPort: srcPort, DstPort: dstPort, Protocol: flow.ProtoTCP, Version: 4}
	if s.Is6() {
		k.Version = 6
	}
	return k
}

// record is a first record with some traffic.
func record(id uint64, k flow.Key, at int64, sent, received uint64) flow.Record {
	return flow.Record{
		ID: id, Key: k, Start: at, Last: at, First: true, State: flow.StateEstablished,
		Sent: flow.Counters{Packets: 1, WireBytes: sent}, Received: flow.Counters{Packets: 2, WireBytes: received},
	}
}

// traffic makes random batches as a meter would: deltas of flows that begin, go on and end.
type traffic struct {
	rand  *rand.Rand
	addrs []netip.Addr
	live  []flow.Record
	next  uint64
	clock int64
}

func newTraffic(seed uint64, addrs int) *traffic {
	g := &traffic{rand: rand.New(rand.NewPCG(seed, 1)), clock: epoch}
	g.addrs = []netip.Addr{own, netip.MustParseAddr("fd00::1"), netip.MustParseAddr("224.0.0.251"), netip.MustParseAddr("2001:db8::1")}
	for i := range addrs {
		g.addrs = append(g.addrs, netip.AddrFrom4([4]byte{[]byte{10, 11, 11, 12}[i%4], byte(i / 4 % 7), byte(i / 28 % 3), byte(i / 84)}))
	}
	return g
}

func (g *traffic) key() flow.Key {
	src, dst := g.addrs[g.rand.IntN(len(g.addrs))], g.addrs[g.rand.IntN(len(g.addrs))]
	if src.Is4() != dst.Is4() {
		dst = src
	}
	k := flow.Key{
		Src: src.As16(), Dst: dst.As16(), Version: 4, SrcPort: uint16(g.rand.IntN(65536)), DstPort: uint16(g.rand.IntN(8)), Point: flow.Point(g.rand.IntN(3)),
		Protocol: []uint8{flow.ProtoTCP, flow.ProtoUDP, flow.ProtoICMP, flow.ProtoESP, 0}[g.rand.IntN(5)],
	}
	if !src.Is4() {
		k.Version = 6
	}
	return k
}

func (g *traffic) counters() flow.Counters {
	n := uint64(g.rand.IntN(5))
	return flow.Counters{Packets: n, WireBytes: n * uint64(g.rand.IntN(1500)), IPBytes: n * 40, PayloadBytes: n * 7}
}

// quality is mostly none, as in a good network.
func (g *traffic) quality() flow.TCPCounters {
	if g.rand.IntN(3) > 0 {
		return flow.TCPCounters{}
	}
	n := g.rand.Uint64N(4)
	return flow.TCPCounters{
		Retransmits: n, RetransmittedBytes: n * 1460, OutOfOrder: g.rand.Uint64N(3),
		ZeroWindows: g.rand.Uint64N(2), Resets: g.rand.Uint64N(2), OffloadedPackets: n * 5,
	}
}

// tunnel is one of four.
func (g *traffic) tunnel() flow.Tunnel {
	return []flow.Tunnel{
		{}, {Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGRE}},
		{Src: own.As16(), Dst: publicAddr(7).As16(), ID: 42, Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelVXLAN}},
		{Src: own.As16(), Dst: publicAddr(8).As16(), Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGTPU, flow.TunnelTeredo}},
	}[g.rand.IntN(4)]
}

// batch is the next second's.
func (g *traffic) batch(begin, touch, end int) flow.Batch {
	from := g.clock
	g.clock += second
	b := flow.Batch{Time: g.clock, Input: flow.Input{Packets: uint64(g.rand.IntN(9))}}
	for range begin {
		g.next++
		start := from + g.rand.Int64N(second)
		g.live = append(g.live, flow.Record{
			ID: flow.NewID(start, uint32(g.next)), Key: g.key(), Start: start, Last: start, First: true, Tunnel: g.tunnel(),
		})
	}
	g.rand.Shuffle(len(g.live), func(i, j int) { g.live[i], g.live[j] = g.live[j], g.live[i] })
	for i := range g.live {
		r := &g.live[i]
		if !r.First && i >= touch && i >= end {
			continue
		}
		out := *r
		out.Sent, out.Received = g.counters(), g.counters()
		out.SentTCP, out.ReceivedTCP = g.quality(), g.quality()
		switch g.rand.IntN(3) {
		case 0:
			out.RTTServer = g.rand.Int64N(second)
		case 1:
			out.RTTClient = g.rand.Int64N(second)
		}
		if out.Sent.Packets+out.Received.Packets > 0 {
			out.Last = from + g.rand.Int64N(second)
		}
		if g.rand.IntN(4) == 0 {
			out.Counted = flow.Point(g.rand.IntN(4))
		}
		out.State = flow.State(g.rand.IntN(9))
		out.TCPFlagsSent |= uint8(g.rand.IntN(256))
		if i < end {
			out.End = flow.EndReason(1 + g.rand.IntN(4))
		}
		r.First, r.Last, r.TCPFlagsSent = false, out.Last, out.TCPFlagsSent
		r.RTTClient, r.RTTServer = out.RTTClient, out.RTTServer
		b.Records = append(b.Records, out)
	}
	g.live = slices.Delete(g.live, 0, min(end, len(g.live)))
	return b
}

// publicAddr is the n-th of many public addresses in atlas countries.
func publicAddr(n uint32) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], 11<<24|n)
	return netip.AddrFrom4(a)
}
