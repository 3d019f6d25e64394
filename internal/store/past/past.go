// Package past makes up months of traffic, as records, for measurements of what
// history costs. The same settings give the same traffic.
package past

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"netflow-monitor/internal/flow"
)

// Config says how much traffic there is.
type Config struct {
	// From and To bound the time.
	From, To time.Time
	// Sessions is how many there are in all, about; 1 or more.
	Sessions int
	// Addresses is how many others the network talks with, 1 or more. Some of them get
	// most of the traffic, and many are met a few times.
	Addresses int
	Seed      uint64
}

// Validate reports values that make no traffic.
func (c Config) Validate() error {
	var errs []error
	if !c.To.After(c.From) {
		errs = append(errs, fmt.Errorf("the time from %v to %v is empty", c.From, c.To))
	}
	if c.Sessions < 1 || c.Addresses < 1 {
		errs = append(errs, fmt.Errorf("%d sessions and %d addresses: both must be 1 or more", c.Sessions, c.Addresses))
	}
	return errors.Join(errs...)
}

// step is the time that a batch covers.
const step = 10 * time.Second

// Home is the network that the traffic is of; its hosts are the first homeHosts of it.
var Home = netip.MustParsePrefix("192.168.0.0/22")

const homeHosts = 300

// Traffic returns the batches, in the order of time.
func Traffic(c Config) iter.Seq[flow.Batch] {
	return func(yield func(flow.Batch) bool) {
		g := &generator{
			Config: c, random: rand.New(rand.NewPCG(c.Seed, 1)),
			open: make(map[int64][]flow.Record),
		}
		g.famous = rand.NewZipf(g.random, 1.2, 8, uint64(c.Addresses-1))
		steps := c.To.Sub(c.From) / step
		for n := range int64(steps) {
			begin := c.From.UnixNano() + n*int64(step)
			b := g.batch(n, begin, float64(c.Sessions)/float64(steps))
			if !yield(b) {
				return
			}
		}
	}
}

type generator struct {
	Config
	random   *rand.Rand
	famous   *rand.Zipf
	sequence uint32
	// open are records that are still to come, by the number of their step.
	open map[int64][]flow.Record
}

// batch is the traffic of the n-th step.
func (g *generator) batch(n, begin int64, average float64) flow.Batch {
	end := begin + int64(step)
	b := flow.Batch{Since: begin, Time: end, Records: g.open[n]}
	delete(g.open, n)
	for range g.count(average * daytime(begin)) {
		b.Records = append(b.Records, g.session(n, begin))
	}
	point := flow.PointInput{Point: 1, Observed: int64(step)}
	for i := range b.Records {
		r := &b.Records[i]
		point.Input.Packets += r.Sent.Packets + r.Received.Packets
		point.Input.WireBytes += r.Sent.WireBytes + r.Received.WireBytes
	}
	b.Input, b.Points = point.Input, []flow.PointInput{point}
	return b
}

// daytime is how busy the hour is, 1 on average.
func daytime(t int64) float64 {
	return 1 + 0.8*math.Sin(float64(t%int64(24*time.Hour))/float64(24*time.Hour)*2*math.Pi-math.Pi/2)
}

// count is a whole number that is x on average.
func (g *generator) count(x float64) int {
	n := int(x)
	if g.random.Float64() < x-float64(n) {
		n++
	}
	return n
}

// session makes the first record of a session; of one that lasts, others follow.
func (g *generator) session(n, begin int64) flow.Record {
	start := begin + g.random.Int64N(int64(step))
	g.sequence++
	r := flow.Record{
		ID: flow.NewID(start, g.sequence), Start: start, Last: start, First: true,
		State: flow.StateActive, End: flow.EndOfFlow,
	}
	g.ends(&r.Key)
	g.service(&r)
	g.volume(&r)
	lasting := g.random.ExpFloat64() * float64(20*time.Second)
	r.Last = start + int64(lasting)
	last := (r.Last - begin) / int64(step)
	if last == 0 || begin+(last+1)*int64(step) > g.To.UnixNano() {
		r.Last = min(r.Last, begin+int64(step)-1)
		return r
	}
	rest := r
	rest.First, rest.SentTCP = false, flow.TCPCounters{}
	rest.Sent, rest.Received = half(r.Sent), half(r.Received)
	r.Sent, r.Received = minus(r.Sent, rest.Sent), minus(r.Received, rest.Received)
	r.Last, r.End = begin+int64(step)-1, flow.EndNone
	g.open[n+last] = append(g.open[n+last], rest)
	return r
}

// half is that of the packets; none has bytes without a packet.
func half(c flow.Counters) flow.Counters {
	n := c.Packets / 2
	of := func(bytes uint64) uint64 { return bytes / c.Packets * n }
	return flow.Counters{Packets: n, WireBytes: of(c.WireBytes), IPBytes: of(c.IPBytes), PayloadBytes: of(c.PayloadBytes)}
}

func minus(a, b flow.Counters) flow.Counters {
	return flow.Counters{
		Packets: a.Packets - b.Packets, WireBytes: a.WireBytes - b.WireBytes,
		IPBytes: a.IPBytes - b.IPBytes, PayloadBytes: a.PayloadBytes - b.PayloadBytes,
	}
}

// ends are a host at home and another one, of which few are famous.
func (g *generator) ends(k *flow.Key) {
	number := uint64(g.random.IntN(g.Addresses))
	if g.random.IntN(100) < 55 {
		number = g.famous.Uint64()
	}
	// A quarter of the hosts do most.
	host := int(math.Pow(g.random.Float64(), 3) * homeHosts)
	home := netip.AddrFrom4([4]byte{192, 168, byte(host >> 8), byte(host)})
	other := peer(number)
	k.Version, k.Point = 4, 1
	if other.Is6() {
		k.Version = 6
		home = netip.AddrFrom16([16]byte{0: 0xfd, 7: 1, 14: byte(host >> 8), 15: byte(host)})
	}
	k.Src, k.Dst = home.As16(), other.As16()
	if g.random.IntN(12) == 0 {
		k.Src, k.Dst = k.Dst, k.Src
	}
}

// peer is the address with a number; one of ten is IPv6.
func peer(number uint64) netip.Addr {
	hash := number*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	hash ^= hash >> 29
	hash *= 0xbf58476d1ce4e5b9
	hash ^= hash >> 32
	if number%10 == 9 {
		a := [16]byte{0x20, 0x01, byte(2 + hash%14), byte(hash >> 8)}
		binary.BigEndian.PutUint64(a[8:], hash)
		return netip.AddrFrom16(a)
	}
	first := [...]byte{1, 5, 8, 14, 23, 31, 34, 37, 46, 52, 58, 62, 66, 74, 77, 81, 91, 93, 101, 103, 104, 113, 120, 125, 142, 151, 157, 172, 178, 185, 193, 202, 211, 216, 217, 220}
	// Of 172.16/12 only what is public.
	a := [4]byte{first[hash%uint64(len(first))], byte(hash>>16) | 0x80, byte(hash >> 24), byte(hash >> 32)}
	return netip.AddrFrom4(a)
}

// service is what a session is for.
func (g *generator) service(r *flow.Record) {
	k := &r.Key
	k.Protocol, k.SrcPort = flow.ProtoTCP, uint16(32768+g.random.IntN(28000))
	switch n := g.random.IntN(100); {
	case n < 55:
		k.DstPort = 443
	case n < 68:
		k.Protocol, k.DstPort = flow.ProtoUDP, 443
	case n < 85:
		k.Protocol, k.DstPort = flow.ProtoUDP, 53
	case n < 88:
		k.DstPort = 80
	case n < 90:
		k.Protocol, k.DstPort = flow.ProtoUDP, 123
	case n < 92:
		k.Protocol, k.SrcPort, k.DstPort, r.ICMPType = flow.ProtoICMP, 8, 0, 8
		if k.Version == 6 {
			k.Protocol, k.SrcPort, k.DstPort, r.ICMPType = flow.ProtoICMPv6, 128, 129, 128
		}
	default:
		k.DstPort = uint16(1 + g.random.IntN(65535))
	}
	if k.Protocol == flow.ProtoTCP {
		r.State, r.TCPFlagsSent, r.TCPFlagsReceived = flow.StateClosed, 0x1b, 0x1b
		r.RTTClient, r.RTTServer = int64(1e5+g.random.ExpFloat64()*1e6), int64(1e6+g.random.ExpFloat64()*3e7)
		if g.random.IntN(10) == 0 {
			r.SentTCP = flow.TCPCounters{Retransmits: 1 + g.random.Uint64N(3), RetransmittedBytes: 1460}
		}
	} else {
		r.End = flow.EndIdleTimeout
	}
}

// volume is how much: most sessions are small, and most bytes are in few.
func (g *generator) volume(r *flow.Record) {
	payload := uint64(200 * math.Exp(g.random.NormFloat64()*1.8+1.5))
	if r.Key.Protocol == flow.ProtoTCP {
		payload = min(uint64(1200/math.Pow(1-g.random.Float64(), 0.9)), 4<<30)
	}
	r.Received = counters(payload)
	r.Sent = counters(uint64(float64(payload) * (0.02 + 0.2*g.random.Float64())))
}

func counters(payload uint64) flow.Counters {
	const headers, segment, frame = 52, 1400, 14
	packets := 1 + payload/segment
	ip := payload + packets*headers
	return flow.Counters{Packets: packets, PayloadBytes: payload, IPBytes: ip, WireBytes: ip + packets*frame}
}
