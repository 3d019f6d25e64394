package store

import (
	"context"
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

// SessionRanks ranks a dimension over the sessions that match, live and stored. Limit 0 is all.
func (c *Catalog) SessionRanks(ctx context.Context, q stats.SessionQuery, dimension, orderBy string, limit int) ([]stats.Rank, error) {
	ranks, err := c.store.SessionRanks(ctx, q, dimension, orderBy, limit)
	if err != nil {
		return nil, fmt.Errorf("rank sessions by %s: %w", dimension, err)
	}
	return ranks, nil
}
