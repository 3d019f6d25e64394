package store

import (
	"cmp"
	"context"
	"fmt"

	"netflow-monitor/internal/stats"
)

// Sessions returns sessions, live and stored, as one list, and how many match. While
// the store can't be read, the list is what memory has.
func (c *Catalog) Sessions(ctx context.Context, q stats.SessionQuery) ([]stats.Session, int, error) {
	compare, err := sessionOrder(&q)
	if err != nil {
		return nil, 0, err
	}
	q.Offset, q.Limit = max(q.Offset, 0), max(q.Limit, 0)
	var memory, stored []stats.Session
	var memoryTotal, storedTotal int
	err = c.together(ctx, func() (err error) {
		memory, memoryTotal = c.live.Sessions(fromStart(q))
		stored, storedTotal, err = c.store.Sessions(ctx, behind(q, memoryTotal))
		return err
	})
	skip := min(q.Offset, memoryTotal)
	if c.memoryOnly(ctx, err) {
		return mergePage(memory, nil, compare, q.Offset, q.Limit), memoryTotal, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list sessions: %w", err)
	}
	c.unreadable.Store(false)
	return mergePage(memory, stored, compare, skip, q.Limit), memoryTotal + storedTotal, nil
}

// fromStart asks for all that can come before the page's end.
func fromStart(q stats.SessionQuery) stats.SessionQuery {
	if q.Limit > 0 {
		q.Limit += q.Offset
	}
	q.Offset = 0
	return q
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
	column := stats.SessionColumns[0]
	if q.OrderBy != "" {
		var ok bool
		if column, ok = stats.FindColumn(stats.SessionColumns, q.OrderBy); !ok {
			return nil, fmt.Errorf("%w: %q", ErrOrder, q.OrderBy)
		}
	}
	ascending := func(a, b *stats.Session) int { return cmp.Or(column.Compare(a, b), cmp.Compare(a.ID, b.ID)) }
	if q.Descending {
		return func(a, b *stats.Session) int { return ascending(b, a) }, nil
	}
	return ascending, nil
}
