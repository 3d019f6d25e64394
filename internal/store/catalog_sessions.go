package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"netflow-monitor/internal/stats"
)

// Sessions returns sessions, live and stored, as one list, and how many match. While
// the store can't be read, the list is what memory has.
func (c *Catalog) Sessions(ctx context.Context, q stats.SessionQuery) ([]stats.Session, Total, error) {
	compare, err := sessionOrder(&q)
	if err != nil {
		return nil, Total{}, err
	}
	q.Offset, q.Limit = max(q.Offset, 0), max(q.Limit, 0)
	var memory, stored []stats.Session
	var memoryTotal int
	var total Total
	err = c.together(ctx, func(written *Batch) (err error) {
		memory, memoryTotal = c.liveSessions(q, written)
		stored, total, err = c.store.Sessions(ctx, behind(q, memoryTotal))
		return err
	})
	if c.memoryOnly(ctx, err) {
		memory, memoryTotal = c.liveSessions(q, nil)
		return mergePage(memory, nil, compare, q.Offset, q.Limit), Total{Rows: memoryTotal}, nil
	}
	if err != nil {
		return nil, Total{}, fmt.Errorf("list sessions: %w", err)
	}
	c.unreadable.Store(false)
	total.Rows += memoryTotal
	return mergePage(memory, stored, compare, min(q.Offset, memoryTotal), q.Limit), total, nil
}

// liveSessions asks memory for all that can come before the page's end, but for what
// is in the store already.
func (c *Catalog) liveSessions(q stats.SessionQuery, written *Batch) ([]stats.Session, int) {
	gone := ended(written)
	after := q.After
	if len(gone) > 0 {
		// All are needed to know how many of them are left.
		q.Offset, q.Limit, q.After = 0, 0, nil
	}
	if q.Limit > 0 {
		q.Limit += q.Offset
	}
	q.Offset = 0
	sessions, total := c.live.Sessions(q)
	if len(gone) == 0 {
		return sessions, total
	}
	sessions = slices.DeleteFunc(sessions, func(s stats.Session) bool { return gone[s.ID] })
	total = len(sessions)
	q.After = after
	return slices.DeleteFunc(sessions, func(s stats.Session) bool { return !q.Passed(q.CursorOf(&s)) }), total
}

// ended are the sessions of a batch that have ended, by ID.
func ended(b *Batch) map[uint64]bool {
	gone := make(map[uint64]bool)
	if b == nil {
		return gone
	}
	for i := range b.Sessions {
		if !b.Sessions[i].Active() {
			gone[b.Sessions[i].ID] = true
		}
	}
	return gone
}

// behind asks for the stored part of a page: at most inMemory of the items before the
// page are in memory, so of the stored ones all but as many come before it.
func behind(q stats.SessionQuery, inMemory int) stats.SessionQuery {
	offset := max(q.Offset-inMemory, 0)
	if q.Limit > 0 {
		q.Limit += q.Offset - offset
	}
	q.Offset = offset
	return q
}

// sessionOrder compares as the engine and the store do: by the column, then by ID.
func sessionOrder(q *stats.SessionQuery) (func(a, b *stats.Session) int, error) {
	column, err := orderColumn(stats.SessionColumns, q.OrderBy)
	if err != nil {
		return nil, err
	}
	ascending := func(a, b *stats.Session) int { return cmp.Or(column.Compare(a, b), cmp.Compare(a.ID, b.ID)) }
	if q.Descending {
		return func(a, b *stats.Session) int { return ascending(b, a) }, nil
	}
	return ascending, nil
}
