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
	latest := func() []stats.Sample {
		from, to := series.Range()
		if q.Point != 0 {
			return c.live.PointSeries(q.Point, from, to)
		}
		return c.live.Series(from, to)
	}
	var points, recent []stats.Sample
	var after int64
	err = c.together(ctx, func(written *Batch) (err error) {
		after = c.writer.storedUntil()
		if written != nil {
			after = max(after, written.newest())
		}
		recent = latest()
		points, err = c.store.History(ctx, q)
		return err
	})
	switch {
	case c.memoryOnly(ctx, err):
		after, recent = 0, latest()
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

// Events returns events, stored or not yet, and how many match.
func (c *Catalog) Events(ctx context.Context, q EventQuery) ([]Event, int, error) {
	q.Offset, q.Limit = max(q.Offset, 0), max(q.Limit, 0)
	column, err := orderColumn(EventColumns, q.OrderBy)
	if err != nil {
		return nil, 0, err
	}
	order := func(a, b *Event) int { return cmp.Or(column.Compare(b, a), cmp.Compare(b.ID, a.ID)) }
	if q.OldestFirst {
		order = func(a, b *Event) int { return cmp.Or(column.Compare(a, b), cmp.Compare(a.ID, b.ID)) }
	}
	var memory, stored []Event
	var storedTotal int
	err = c.together(ctx, func(written *Batch) (err error) {
		memory = c.waitingEvents(&q, written, order)
		behind := q
		behind.Offset = max(q.Offset-len(memory), 0)
		if q.Limit > 0 {
			behind.Limit += q.Offset - behind.Offset
		}
		stored, storedTotal, err = c.store.Events(ctx, behind)
		return err
	})
	if c.memoryOnly(ctx, err) {
		memory = c.waitingEvents(&q, nil, order)
		return mergePage(memory, nil, order, q.Offset, q.Limit), len(memory), nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list events: %w", err)
	}
	c.unreadable.Store(false)
	return mergePage(memory, stored, order, min(q.Offset, len(memory)), q.Limit), len(memory) + storedTotal, nil
}

// waitingEvents are those that match and wait for the store, in the order asked
// for, but for those that are in it already.
func (c *Catalog) waitingEvents(q *EventQuery, written *Batch, order func(a, b *Event) int) []Event {
	var last uint64
	if written != nil && len(written.Events) > 0 {
		last = written.Events[len(written.Events)-1].ID
	}
	events := c.writer.journal.unwritten()
	events = slices.DeleteFunc(events, func(e Event) bool { return e.ID <= last || !q.Match(&e) })
	slices.SortFunc(events, func(a, b Event) int { return order(&a, &b) })
	return events
}
