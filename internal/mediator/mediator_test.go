package mediator

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// gate is a sink that takes a batch only when it is told to.
type gate struct {
	open  chan struct{}
	taken []flow.Batch
}

func (g *gate) Consume(b flow.Batch) error {
	<-g.open
	b.Records = append([]flow.Record(nil), b.Records...)
	b.Points = nil
	g.taken = append(g.taken, b)
	return nil
}

func start(t *testing.T, cfg Config, out flow.Sink) (*Mediator, <-chan error) {
	t.Helper()
	m, err := New(cfg, out)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- m.Run() }()
	return m, done
}

func TestInletRefusesRatherThanBlocks(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	m, done := start(t, Config{Sources: 1}, g)
	records := []flow.Record{{ID: 1}}
	accepted := 0
	for i := range int64(10) {
		records[0].ID = uint64(i) // the caller's again after each Consume
		switch err := m.Inlet(0).Consume(flow.Batch{Time: i, Records: records}); {
		case err == nil:
			accepted++
		case !errors.Is(err, flow.ErrBusy):
			t.Fatal(err)
		}
	}
	if accepted != depth {
		t.Errorf("%d batches accepted by a sink that takes none", accepted)
	}
	close(g.open)
	m.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := []flow.Batch{{Time: 0, Records: []flow.Record{{ID: 0}}}, {Time: 1, Records: []flow.Record{{ID: 1}}}}
	if d := cmp.Diff(want, g.taken); d != "" {
		t.Error(d)
	}
}

// Batches of the same second leave as one; who is late makes nobody wait for long.
func TestSourcesAreTakenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		close(g.open)
		m, done := start(t, Config{Sources: 2, Complete: func(b *flow.Batch) { b.Input.KernelPackets++ }}, g)
		hand := func(source int, at int64) {
			t.Helper()
			b := flow.Batch{
				Time: at, Since: at - second, Records: []flow.Record{{ID: uint64(source) + 1}},
				Input: flow.Input{Packets: 1}, Points: []flow.PointInput{{Point: 1, Input: flow.Input{Packets: 1}}},
			}
			if err := m.Inlet(source).Consume(b); err != nil {
				t.Fatal(err)
			}
		}
		hand(0, 1*second)
		time.Sleep(100 * time.Millisecond)
		hand(1, 1*second)
		time.Sleep(time.Second)
		hand(1, 2*second)
		time.Sleep(time.Second)
		hand(0, 2*second)
		m.Close()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []flow.Batch{
			{Time: second, Since: 0, Records: []flow.Record{{ID: 1}, {ID: 2}}, Input: flow.Input{Packets: 2, KernelPackets: 1}},
			{Time: 2 * second, Since: second, Records: []flow.Record{{ID: 2}}, Input: flow.Input{Packets: 1, KernelPackets: 1}},
			{Time: 2 * second, Since: second, Records: []flow.Record{{ID: 1}}, Input: flow.Input{Packets: 1, KernelPackets: 1}},
		}
		if d := cmp.Diff(want, g.taken); d != "" {
			t.Error(d)
		}
	})
}

func TestValidate(t *testing.T) {
	for _, bad := range []Config{{}, {Sources: maxSources + 1}, {Sources: 1, Correlate: true}} {
		if _, err := New(bad, nil); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// One source whose flows are not compared costs no memory for each batch.
func TestPassingOnDoesNotAllocate(t *testing.T) {
	g := &nothing{}
	m, err := New(Config{Sources: 1}, g)
	if err != nil {
		t.Fatal(err)
	}
	b := flow.Batch{Records: make([]flow.Record, 1000), Points: make([]flow.PointInput, 1)}
	allocs := testing.AllocsPerRun(100, func() {
		if err := m.Inlet(0).Consume(b); err != nil {
			t.Fatal(err)
		}
		if err := m.step(<-m.full); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a batch", allocs)
	}
}

type nothing struct{}

func (*nothing) Consume(flow.Batch) error { return nil }

func BenchmarkCorrelate(b *testing.B) {
	m, err := New(Config{Sources: 1, Correlate: true, Deduplicate: true, MaxFlows: 1 << 20}, &nothing{})
	if err != nil {
		b.Fatal(err)
	}
	const flows = 10_000
	records := make([]flow.Record, 0, 2*flows)
	for i := range flows {
		for point := range flow.Point(2) {
			k := newTalk(i).key
			k.Point, k.SrcPort, k.Src[0] = point+1, uint16(i), byte(i>>8)
			records = append(records, flow.Record{ID: uint64(2*i) + uint64(point) + 1, Key: k, First: true, Sent: flow.Counters{Packets: 1}})
		}
	}
	at := int64(0)
	for b.Loop() {
		at += second
		if err := m.Inlet(0).Consume(flow.Batch{Time: at, Records: records}); err != nil {
			b.Fatal(err)
		}
		if err := m.step(<-m.full); err != nil {
			b.Fatal(err)
		}
		for i := range records {
			records[i].First = false
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}
