package meter

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

func sortByID(records []flow.Record) {
	slices.SortFunc(records, func(a, b flow.Record) int { return cmp.Compare(a.ID, b.ID) })
}

// feed meters one packet at once.
func feed(m *Meter, f *capture.Frame) {
	m.take(f)
	m.meterAll()
}

func busyUnless(free func(call int) bool) func(int) error {
	return func(call int) error {
		if free(call) {
			return nil
		}
		return flow.ErrBusy
	}
}

// A busy sink loses nothing: refused records come again, and meanwhile the deltas of
// living flows add up where they are.
func TestBusySink(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	packets := distinctEnds(randomPackets(5, 4000))
	patient := run(t, cfg, packets...)
	m, out := mustNew(t, cfg), &sink{refuse: busyUnless(func(call int) bool { return call%7 == 0 })}
	if err := m.Run(context.Background(), &script{frames: frames(packets)}, out); err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, m, out)
	if c := m.Counters(); c.Refusals == 0 {
		t.Error("no refusal was counted")
	}
	if busy, free := len(out.records()), len(patient.records()); busy >= free {
		t.Errorf("%d records from a busy sink, %d from a free one: deltas did not add up", busy, free)
	}
}

// A stream whose clock stands still with its last packet keeps nothing back until the
// next one, and says it once.
func TestStandstillHandsOver(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	p := udp("10.0.0.1", "10.0.0.2", 1000, 53)
	ctx, cancel := context.WithCancel(context.Background())
	m, out := mustNew(t, cfg), &sink{}
	src := &script{frames: frames([]pkt{p.when(0.5), p.when(1), p.when(1.25)}), idle: true, still: true}
	rests := 0
	src.rested = func() {
		if rests++; rests == 5 {
			cancel()
			if len(out.batches) != 2 || out.input().Packets != 3 {
				t.Errorf("%d batches with %d packets while the stream rests, want 2 with 3", len(out.batches), out.input().Packets)
			}
		}
	}
	if err := m.Run(ctx, src, out); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	checkInvariants(t, m, out)
}

// With more records than may wait, the meter waits for the sink, and every record
// still arrives once.
func TestFullHandOverWaits(t *testing.T) {
	cfg := offline()
	cfg.MaxSessions = 8
	const flows = finalBatch + 100
	packets := make([]pkt, 0, flows)
	for i := range flows {
		packets = append(packets, udp("10.0.0.1", "10.0.0.2", uint16(i), uint16(40000+i>>16)))
	}
	m, out := mustNew(t, cfg), &sink{refuse: busyUnless(func(call int) bool { return call > 3 })}
	if err := m.Run(context.Background(), &script{frames: frames(packets)}, out); err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, m, out)
	if c := m.Counters(); c.Refusals != 3 || c.Ended[flow.EndLackOfResources] != flows-8 {
		t.Errorf("got %+v", c)
	}
	for _, b := range out.batches {
		if len(b.Records) > finalBatch {
			t.Errorf("a batch of %d records", len(b.Records))
		}
	}
}

func TestFailedSinkStopsTheMeter(t *testing.T) {
	broken := errors.New("broken")
	cfg := offline()
	cfg.Interim = true
	var packets []pkt
	for i := range 5000 {
		packets = append(packets, udp("10.0.0.1", "10.0.0.2", 1, 2).when(float64(i)))
	}
	m, out := mustNew(t, cfg), &sink{refuse: func(int) error { return broken }}
	if err := m.Run(context.Background(), &script{frames: frames(packets)}, out); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	if out.calls != 1 {
		t.Errorf("%d calls of a broken sink", out.calls)
	}
}

// The dirty list must not grow with the number of flows that come and go in a tick.
func TestDirtyListIsBounded(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	cfg.MaxSessions = 10
	m := mustNew(t, cfg)
	mustOpen(t, m, &script{}, &sink{})
	for i := range 5000 {
		f := udp("10.0.0.1", "10.0.0.2", uint16(i), 53).frame()
		feed(m, &f)
	}
	if len(m.dirty) > 10 {
		t.Errorf("%d entries in the dirty list of a table of 10", len(m.dirty))
	}
}

func TestMassExpiryGoesInSlices(t *testing.T) {
	cfg := offline()
	cfg.MaxSessions = 5000
	m := mustNew(t, cfg)
	mustOpen(t, m, &script{}, &sink{})
	for i := range 5000 {
		f := udp("10.0.0.1", "10.0.0.2", uint16(i), 53).frame()
		feed(m, &f)
	}
	before := m.table.used
	for n := range 400 {
		f := udp("10.0.0.9", "10.0.0.8", 1, 53).when(100 + float64(n)/1e6).frame()
		feed(m, &f)
		if ended := before - m.table.used; ended > sweepSlice {
			t.Fatalf("%d flows ended at once", ended)
		}
		before = m.table.used
	}
	if m.table.used != 1 {
		t.Errorf("%d flows are left", m.table.used)
	}
}

// The hot entry has room for 32 bits of the number of packets.
func TestMorePacketsThan32Bits(t *testing.T) {
	out := &sink{}
	m := mustNew(t, offline())
	mustOpen(t, m, &script{}, out)
	c := udp("10.0.0.1", "10.0.0.2", 40000, 53)
	for n, p := range []pkt{c, c.back(), c.back()} {
		f := p.frame()
		feed(m, &f)
		if n == 0 {
			m.table.hot(0).count[1].packets = math.MaxUint32
		}
	}
	m.endAll()
	m.finish()
	r := out.records()[0]
	if r.Sent.Packets != 1 || r.Received.Packets != 1<<32+1 {
		t.Errorf("%d packets sent, %d received", r.Sent.Packets, r.Received.Packets)
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	cfg.IdleUDP = time.Second
	m := mustNew(t, cfg)
	mustOpen(t, m, &script{}, discard{})
	f := udp("10.0.0.1", "192.0.2.1", 1, 40000).frame()
	n := 0
	known := func() {
		f.Time += 1000
		feed(m, &f)
	}
	fresh := func() {
		n++
		f.Time += second / 2000
		f.Data[28], f.Data[29] = byte(n>>16), byte(n>>8)
		f.Data[34], f.Data[35] = byte(n), byte(n>>8)
		feed(m, &f)
	}
	c := tcp("10.0.0.1", "192.0.2.2", 1, 443).with(flow.TCPAck).carrying(3000)
	disorder, later := c.frame(), part(c, 0, fragmentOffset)
	tangled := func() {
		n++
		for _, g := range []*capture.Frame{&disorder, &later} {
			f.Time += 1000
			g.Time = f.Time
			g.Data[19], g.Data[41] = byte(n), byte(n*37)
			feed(m, g)
		}
	}
	for range 20_000 {
		fresh()
		tangled()
	}
	if allocs := testing.AllocsPerRun(1000, tangled); allocs != 0 {
		t.Errorf("%v allocations for fragments and segments out of order", allocs)
	}
	if allocs := testing.AllocsPerRun(1000, known); allocs != 0 {
		t.Errorf("%v allocations for a packet of a known flow", allocs)
	}
	if allocs := testing.AllocsPerRun(20_000, fresh); allocs != 0 {
		t.Errorf("%v allocations for a packet of a new flow", allocs)
	}
}
