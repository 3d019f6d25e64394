package store

import (
	"context"
	"errors"
	"fmt"

	"netflow-monitor/internal/stats"
)

// Ranks sums roll-ups, with what memory has; rates are 0. While the store can't be read it
// fails: what a past time was like is not in memory.
func (c *Catalog) Ranks(ctx context.Context, q RankQuery) ([]stats.Rank, error) {
	_ = c.writer.FlushIfOlder(ctx, maxStale)
	ranks, err := c.store.Ranks(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("rank by %s: %w", q.Dimension, err)
	}
	return ranks, nil
}

// RankHistory returns a gap-free series for each key, with what memory has.
func (c *Catalog) RankHistory(ctx context.Context, q RankHistoryQuery) ([][]stats.RankPoint, error) {
	_ = c.writer.FlushIfOlder(ctx, maxStale)
	series, err := c.store.RankHistory(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("history by %s: %w", q.Dimension, err)
	}
	return series, nil
}

// FindNames returns the keys of a dimension whose name contains the text, in any case.
func (c *Catalog) FindNames(ctx context.Context, dimension, text string, limit int) ([]string, error) {
	_ = c.writer.FlushIfOlder(ctx, maxStale)
	keys, err := c.store.FindNames(ctx, dimension, text, limit)
	if err != nil {
		return nil, fmt.Errorf("find names by %s: %w", dimension, err)
	}
	return keys, nil
}

// SessionRanks ranks a dimension over the sessions that match, live and stored, each with
// all it ever did; largest first, at most limit, 0 = all. While the store can't be read,
// they are those that memory has.
func (c *Catalog) SessionRanks(ctx context.Context, q stats.SessionQuery, dimension, orderBy string, limit int) ([]stats.Rank, error) {
	if _, err := orderColumn(stats.RankColumns, orderBy); err != nil {
		return nil, err
	}
	var memory, stored []stats.Rank
	err := c.together(ctx, func(written *Batch) (err error) {
		if memory, err = c.tally(&q, dimension, written); err != nil {
			return err
		}
		// All, because what is small there may be large together with memory.
		stored, err = c.store.SessionRanks(ctx, q, dimension, "", 0)
		return err
	})
	switch {
	case errors.Is(err, errDimension):
		return nil, err
	case c.memoryOnly(ctx, err):
		if memory, err = c.tally(&q, dimension, nil); err != nil {
			return nil, err
		}
		stored = nil
	case err != nil:
		return nil, fmt.Errorf("rank sessions by %s: %w", dimension, err)
	default:
		c.unreadable.Store(false)
	}
	return stats.MergeRanks(orderBy, limit, stored, memory), nil
}

var errDimension = errors.New("unknown dimension")

// tally ranks the sessions in memory, but for those that are in the store already.
func (c *Catalog) tally(q *stats.SessionQuery, dimension string, written *Batch) ([]stats.Rank, error) {
	t, ok := stats.NewTally(dimension)
	if !ok {
		return nil, fmt.Errorf("%w: %q", errDimension, dimension)
	}
	gone := ended(written)
	c.live.EachSession(*q, func(s *stats.Session) {
		if !gone[s.ID] {
			t.Add(s)
		}
	})
	return t.Top("", 0), nil
}
