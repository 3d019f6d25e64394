package app

import (
	"context"
	"errors"
	"testing"

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
	g.taken = append(g.taken, b)
	return nil
}

func TestHandoffRefusesRatherThanBlocks(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	h := newHandoff(g)
	delivered := make(chan error, 1)
	go func() { delivered <- h.run() }()

	records := []flow.Record{{ID: 1}}
	accepted := 0
	for i := range int64(10) {
		records[0].ID = uint64(i) // the caller's again after each Consume
		switch err := h.Consume(flow.Batch{Time: i, Records: records}); {
		case err == nil:
			accepted++
		case !errors.Is(err, flow.ErrBusy):
			t.Fatal(err)
		}
	}
	if accepted != 2 {
		t.Errorf("%d batches accepted by a sink that takes none", accepted)
	}
	close(g.open)
	h.close()
	if err := <-delivered; err != nil {
		t.Fatal(err)
	}
	want := []flow.Batch{{Time: 0, Records: []flow.Record{{ID: 0}}}, {Time: 1, Records: []flow.Record{{ID: 1}}}}
	if d := cmp.Diff(want, g.taken); d != "" {
		t.Error(d)
	}
}

type sinkFunc func(flow.Batch) error

func (f sinkFunc) Consume(b flow.Batch) error { return f(b) }

func TestReadingAFileWaitsForTheStore(t *testing.T) {
	waiting, flushed := 0, 0
	s := &stored{
		out:     sinkFunc(func(b flow.Batch) error { waiting += len(b.Records); return nil }),
		backlog: func() float64 { return float64(waiting) / 10 },
		flush:   func(context.Context) error { waiting = 0; flushed++; return nil },
	}
	for range 20 {
		if err := s.Consume(flow.Batch{Records: make([]flow.Record, 1)}); err != nil {
			t.Fatal(err)
		}
		if waiting >= 10 {
			t.Fatal("more waits for the store than there is room for")
		}
	}
	if flushed != 4 {
		t.Errorf("stored %d times, want each time half of the room was taken", flushed)
	}
	failure := errors.New("failed")
	s.out = sinkFunc(func(flow.Batch) error { return failure })
	if err := s.Consume(flow.Batch{}); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}
