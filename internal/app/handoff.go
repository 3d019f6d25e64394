package app

import (
	"context"

	"netflow-monitor/internal/flow"
)

// handoff passes batches from a live source's goroutine to the statistics without
// ever making the packets wait: it holds two batches and refuses a third, and the
// source then keeps its deltas until the next second.
type handoff struct {
	out  flow.Sink
	free chan *flow.Batch
	full chan *flow.Batch
}

func newHandoff(out flow.Sink) *handoff {
	const depth = 2
	h := &handoff{out: out, free: make(chan *flow.Batch, depth), full: make(chan *flow.Batch, depth)}
	for range depth {
		h.free <- new(flow.Batch)
	}
	return h
}

// Consume copies the batch and returns at once; flow.ErrBusy if both places are taken.
func (h *handoff) Consume(b flow.Batch) error {
	select {
	case spare := <-h.free:
		spare.Time, spare.Input = b.Time, b.Input
		spare.Records = append(spare.Records[:0], b.Records...)
		h.full <- spare
		return nil
	default:
		return flow.ErrBusy
	}
}

// run delivers until close was called and everything handed over is delivered.
func (h *handoff) run() error {
	for b := range h.full {
		if err := h.out.Consume(*b); err != nil {
			return err
		}
		h.free <- b
	}
	return nil
}

// close ends run once it has delivered what it holds; no Consume may follow.
func (h *handoff) close() { close(h.full) }

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
