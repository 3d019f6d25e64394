package app

import (
	"context"
	"errors"
	"testing"

	"netflow-monitor/internal/flow"
)

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
