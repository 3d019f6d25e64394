package stats

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// ledger is the naive recomputation: it keeps every record and sums anew.
type ledger struct {
	home    *Home
	batches []flow.Batch
}

func (l *ledger) add(b flow.Batch) {
	b.Records = slices.Clone(b.Records)
	l.batches = append(l.batches, b)
}

// each visits all records with whether they are of the latest batch.
func (l *ledger) each(visit func(r *flow.Record, d Direction, latest bool)) {
	for i := range l.batches {
		for j := range l.batches[i].Records {
			r := &l.batches[i].Records[j]
			d := l.home.Direction(r.Key.SrcAddr(), r.Key.DstAddr())
			visit(r, d, i == len(l.batches)-1)
		}
	}
}

func (l *ledger) origin(a netip.Addr) Origin {
	if l.home.Level(a) >= LevelHome {
		return Origin{}
	}
	location := atlas{}.Locate(a)
	return origin(&location)
}

func (l *ledger) sessions() map[uint64]Session {
	all := make(map[uint64]Session)
	l.each(func(r *flow.Record, d Direction, latest bool) {
		s, known := all[r.ID]
		if !known {
			s = Session{ID: r.ID, Key: r.Key, Start: r.Start, Direction: d, Tunnel: r.Tunnel, SrcOrigin: l.origin(r.Key.SrcAddr()), DstOrigin: l.origin(r.Key.DstAddr())}
		}
		s.Last, s.State, s.End = max(s.Last, r.Last), r.State, r.End
		s.TCPFlagsSent |= r.TCPFlagsSent
		s.Sent.Add(r.Sent)
		s.Received.Add(r.Received)
		s.SentTCP.Add(r.SentTCP)
		s.ReceivedTCP.Add(r.ReceivedTCP)
		s.RTTClient, s.RTTServer = r.RTTClient, r.RTTServer
		if latest && r.End == flow.EndNone {
			s.RateSent, s.RateReceived = float64(r.Sent.WireBytes), float64(r.Received.WireBytes)
		}
		all[r.ID] = s
	})
	return all
}

func (l *ledger) ips() map[netip.Addr]IP {
	all := make(map[netip.Addr]IP)
	add := func(a netip.Addr, sent, received flow.Counters, again, toAgain uint64, r *flow.Record, first, latest bool) {
		p, known := all[a]
		if !known {
			p = IP{Addr: a, First: r.Start, Local: l.home.Level(a) > 0}
		}
		p.Sent.Add(sent)
		p.Received.Add(received)
		p.RetransmitsSent += again
		p.RetransmitsReceived += toAgain
		p.First, p.Last = min(p.First, r.Start), max(p.Last, r.Last)
		if first {
			p.Sessions++
		}
		if latest {
			p.RateSent += float64(sent.WireBytes)
			p.RateReceived += float64(received.WireBytes)
		}
		all[a] = p
	}
	l.each(func(r *flow.Record, _ Direction, latest bool) {
		src, dst := r.Key.SrcAddr(), r.Key.DstAddr()
		again, toAgain := r.SentTCP.Retransmits, r.ReceivedTCP.Retransmits
		add(src, r.Sent, r.Received, again, toAgain, r, r.First, latest)
		add(dst, r.Received, r.Sent, toAgain, again, r, r.First && src != dst, latest)
	})
	return all
}

// label is a rank key of one end of a record, worked out from what a user knows.
func (l *ledger) label(dimension string, r *flow.Record, responder bool) string {
	end := r.Key.SrcAddr()
	if responder {
		end = r.Key.DstAddr()
	}
	protocol := strings.ToLower(flow.ProtocolName(r.Key.Protocol))
	location := atlas{}.Locate(end)
	switch {
	case dimension == DimensionCountry && l.home.Level(end) == 0:
		return location.CountryCode
	case dimension == DimensionASN && location.ASN != 0 && l.home.Level(end) == 0:
		return fmt.Sprintf("AS%d", location.ASN)
	case dimension == DimensionInterface && !responder:
		if p := cmp.Or(r.Counted, r.Key.Point); p != 0 {
			return strconv.Itoa(int(p))
		}
	case dimension == DimensionProtocol && !responder:
		return protocol
	case dimension == DimensionPort && !responder:
		if _, port := r.Key.Ports(); port != 0 {
			return fmt.Sprintf("%d/%s", port, protocol)
		}
	}
	return ""
}

func (l *ledger) ranks(dimension string) map[string]Rank {
	all := make(map[string]Rank)
	add := func(label string, sent, received flow.Counters, again uint64, first, latest bool) {
		if label == "" {
			return
		}
		k := all[label]
		k.Key = label
		k.Sent.add(volume(&sent))
		k.Received.add(volume(&received))
		k.Retransmits += again
		if first {
			k.Sessions++
		}
		if latest {
			k.Rate += float64(sent.WireBytes + received.WireBytes)
		}
		all[label] = k
	}
	l.each(func(r *flow.Record, _ Direction, latest bool) {
		a, b := l.label(dimension, r, false), l.label(dimension, r, true)
		again := r.SentTCP.Retransmits + r.ReceivedTCP.Retransmits
		add(a, r.Sent, r.Received, again, r.First, latest)
		if a != b {
			add(b, r.Received, r.Sent, again, r.First, latest)
		}
	})
	return all
}

// sample sums the batches that i selects.
func (l *ledger) sample(selected func(i int) bool) Sample {
	var sum Sample
	for i := range l.batches {
		if !selected(i) {
			continue
		}
		sum.Input.Add(l.batches[i].Input)
		for j := range l.batches[i].Records {
			r := &l.batches[i].Records[j]
			sum.count(l.home.Direction(r.Key.SrcAddr(), r.Key.DstAddr()), volume(&r.Sent), volume(&r.Received))
			sum.Retransmits += r.SentTCP.Retransmits + r.ReceivedTCP.Retransmits
			if r.First {
				sum.NewSessions++
			}
		}
	}
	return sum
}

func TestFoldingIsExact(t *testing.T) {
	for seed := range uint64(4) {
		e := newEngine(t, nil)
		g, l := newTraffic(seed, 150), &ledger{home: e.home}
		for range 40 {
			b := g.batch(g.rand.IntN(20), g.rand.IntN(60), g.rand.IntN(12))
			l.add(b)
			if err := e.Consume(b); err != nil {
				t.Fatal(err)
			}
			clear(b.Records) // the batch is the caller's again
		}
		checkEngine(t, e, l)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func checkEngine(t *testing.T, e *Engine, l *ledger) {
	t.Helper()
	sessions, total := e.Sessions(SessionQuery{})
	got := make(map[uint64]Session)
	for _, s := range sessions {
		got[s.ID] = s
	}
	want := l.sessions()
	if d := gocmp.Diff(want, got); d != "" || total != len(want) {
		t.Errorf("%d sessions: %s", total, d)
	}
	ips, total := e.IPs(IPQuery{})
	gotIPs := make(map[netip.Addr]IP)
	for _, p := range ips {
		gotIPs[p.Addr] = p
	}
	if d := gocmp.Diff(l.ips(), gotIPs, gocmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" || total != len(gotIPs) {
		t.Errorf("%d IPs: %s", total, d)
	}
	for _, dimension := range []string{DimensionCountry, DimensionASN, DimensionProtocol, DimensionPort, DimensionInterface} {
		ranks := make(map[string]Rank)
		for _, r := range e.Top(dimension, 0) {
			r.Name = ""
			ranks[r.Key] = r
		}
		if d := gocmp.Diff(l.ranks(dimension), ranks); d != "" {
			t.Errorf("%s: %s", dimension, d)
		}
	}
	checkTotals(t, e, l)
}

func checkTotals(t *testing.T, e *Engine, l *ledger) {
	t.Helper()
	sum, last := l.sample(func(int) bool { return true }), l.sample(func(i int) bool { return i == len(l.batches)-1 })
	all := l.sessions()
	maps.DeleteFunc(all, func(_ uint64, s Session) bool { return !s.Active() })
	want := Totals{
		Since: l.batches[0].Time, Time: l.batches[len(l.batches)-1].Time,
		In: sum.In, Out: sum.Out, Other: sum.Other, Input: sum.Input,
		RateIn: float64(last.In.Bytes), RateOut: float64(last.Out.Bytes), RateOther: float64(last.Other.Bytes),
		PacketRate:     float64(last.In.Packets + last.Out.Packets + last.Other.Packets),
		ActiveSessions: uint64(len(all)), TotalSessions: sum.NewSessions, IPs: uint64(len(l.ips())),
	}
	got := e.Totals()
	got.Evicted = nil
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("totals: %s", d)
	}
	series := e.Series(0, 0)
	if len(series) != len(l.batches) {
		t.Fatalf("%d seconds, want %d", len(series), len(l.batches))
	}
	for i, s := range series {
		want := l.sample(func(j int) bool { return i == j })
		want.Time, want.ActiveSessions = l.batches[i].Time-second, s.ActiveSessions
		if d := gocmp.Diff(want, s); d != "" {
			t.Errorf("second %d: %s", i, d)
		}
	}
}

func TestActiveSessionsOfASecond(t *testing.T) {
	e := newEngine(t, nil)
	k := key("10.0.0.1", "11.0.0.1", 1, 443)
	end := func(r flow.Record) flow.Record { r.End = flow.EndOfFlow; return r }
	consume(t, e, epoch+1*second, record(1, k, epoch, 1, 1), record(2, k, epoch, 1, 1))
	consume(t, e, epoch+2*second, end(record(1, k, epoch, 1, 1)), record(3, k, epoch, 1, 1))
	consume(t, e, epoch+3*second)
	consume(t, e, epoch+4*second, end(record(2, k, epoch, 1, 1)), end(record(3, k, epoch, 1, 1)))
	consume(t, e, epoch+5*second)
	var got []uint64
	for _, s := range e.Series(0, 0) {
		got = append(got, s.ActiveSessions)
	}
	if d := gocmp.Diff([]uint64{2, 2, 2, 2, 0}, got); d != "" {
		t.Error(d)
	}
}

func TestRatesEnd(t *testing.T) {
	e := newEngine(t, nil)
	r := record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 100, 300)
	consume(t, e, epoch+second, r)
	check := func(want float64) {
		t.Helper()
		s, _ := e.Session(1)
		p, _ := e.IP(own)
		places, arcs, _ := e.Map()
		got := []float64{s.RateSent + s.RateReceived, p.RateSent + p.RateReceived, e.Top(DimensionCountry, 1)[0].Rate,
			e.Top(DimensionIP, 1)[0].Rate, places[0].Rate, arcs[0].Rate, e.Totals().RateIn + e.Totals().RateOut, e.Peers(own, 1)[0].Rate}
		for i, v := range got {
			if v != want {
				t.Errorf("rate %d is %v, want %v", i, v, want)
			}
		}
	}
	check(400)
	r.First = false
	consume(t, e, epoch+second, r) // a full tick has several batches of one time
	check(800)
	consume(t, e, epoch+2*second)
	check(0)
	consume(t, e, epoch+3*second, r)
	check(400)
	r.End = flow.EndForced
	consume(t, e, epoch+3*second+second/2, r)
	check(0) // the source is gone, and no later batch will say so
}
