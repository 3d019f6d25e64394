package app

import (
	"context"

	"netflow-monitor/internal/flow"
)

// stored is the sink of a file read faster than its time: it lets the store keep up,
// so that reading fast never makes the statistics forget what was not stored yet.
type stored struct {
	out     flow.Sink
	backlog func() float64 // what waits for the store, as a part of its bound
	flush   func(context.Context) error
}

// Consume passes the batch on and stores what waits once half of the room is taken.
func (s *stored) Consume(b flow.Batch) error {
	if err := s.out.Consume(b); err != nil {
		return err
	}
	if s.backlog() < 0.5 {
		return nil
	}
	// A failing store is reported by the writer; the file goes on being read.
	_ = s.flush(context.Background())
	return nil
}
