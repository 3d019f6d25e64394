package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"netflow-monitor/internal/stats"
)

// History returns a series without gaps, aligned to the step. Seconds that are not
// stored yet are taken from memory; while the store can't be read, all are.
func (c *Catalog) History(ctx context.Context, q HistoryQuery) ([]stats.Sample, error) {
	series, err := NewSeries(q)
	if err != nil {
		return nil, err
	}
	var points, recent []stats.Sample
	var after int64
	err = c.together(ctx, func() (err error) {
		after = c.writer.storedUntil()
		recent = c.live.Series(series.Range())
		points, err = c.store.History(ctx, q)
		return err
	})
	switch {
	case c.memoryOnly(ctx, err):
		after = 0
	case err != nil:
		return nil, fmt.Errorf("read history: %w", err)
	default:
		c.unreadable.Store(false)
		series.Points = points
	}
	for i := range recent {
		if recent[i].Time > after {
			series.Add(&recent[i])
		}
	}
	return series.Points, nil
}

// Events returns events, stored or not yet, newest first, and how many match.
func (c *Catalog) Events(ctx context.Context, q EventQuery) ([]Event, int, error) {
	q.Offset, q.Limit = max(q.Offset, 0), max(q.Limit, 0)
	newestFirst := func(a, b *Event) int { return cmp.Compare(b.ID, a.ID) }
	var memory, stored []Event
	var storedTotal int
	err := c.together(ctx, func() (err error) {
		memory = slices.DeleteFunc(c.writer.journal.unwritten(), func(e Event) bool { return !q.Match(&e) })
		slices.Reverse(memory)
		behind := q
		behind.Offset = max(q.Offset-len(memory), 0)
		if q.Limit > 0 {
			behind.Limit += q.Offset - behind.Offset
		}
		stored, storedTotal, err = c.store.Events(ctx, behind)
		return err
	})
	if c.memoryOnly(ctx, err) {
		return mergePage(memory, nil, newestFirst, q.Offset, q.Limit), len(memory), nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list events: %w", err)
	}
	skip := min(q.Offset, len(memory))
	return mergePage(memory, stored, newestFirst, skip, q.Limit), len(memory) + storedTotal, nil
}

// Match reports whether the query selects the event.
func (q *EventQuery) Match(e *Event) bool {
	return e.Level >= q.Level && (q.Kind == "" || e.Kind == q.Kind) &&
		(q.From == 0 || e.Time >= q.From) && (q.To == 0 || e.Time < q.To)
}
