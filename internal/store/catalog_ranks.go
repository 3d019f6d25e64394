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

// SessionRanks ranks dimensions over the sessions that match, live and stored, each with
// all it ever did; largest first, at most limit, 0 = all. They are estimated from a sample
// where there are very many. While the store can't be read, they are those that memory has.
func (c *Catalog) SessionRanks(ctx context.Context, q stats.SessionQuery, dimensions []string, orderBy string, limit int) (ranks [][]stats.Rank, estimated bool, err error) {
	if _, err := orderColumn(stats.RankColumns, orderBy); err != nil {
		return nil, false, err
	}
	var tallies []*stats.Tally
	err = c.together(ctx, func(written *Batch) (err error) {
		if tallies, err = newTallies(dimensions); err != nil {
			return err
		}
		share, err := c.store.TallySessions(ctx, q, tallies...)
		if err != nil {
			return err
		}
		if estimated = share < 1; estimated {
			for _, t := range tallies {
				t.Scale(1 / share)
			}
		}
		c.tally(&q, tallies, written)
		return nil
	})
	switch {
	case errors.Is(err, errDimension):
		return nil, false, err
	case c.memoryOnly(ctx, err):
		if tallies, err = newTallies(dimensions); err != nil {
			return nil, false, err
		}
		c.tally(&q, tallies, nil)
		estimated = false
	case err != nil:
		return nil, false, fmt.Errorf("rank sessions: %w", err)
	default:
		c.unreadable.Store(false)
	}
	ranks = make([][]stats.Rank, len(tallies))
	for i, t := range tallies {
		ranks[i] = t.Top(orderBy, limit)
	}
	return ranks, estimated, nil
}

var errDimension = errors.New("unknown dimension")

func newTallies(dimensions []string) ([]*stats.Tally, error) {
	tallies := make([]*stats.Tally, len(dimensions))
	for i, dimension := range dimensions {
		var ok bool
		if tallies[i], ok = stats.NewTally(dimension); !ok {
			return nil, fmt.Errorf("%w: %q", errDimension, dimension)
		}
	}
	return tallies, nil
}

// tally counts the sessions in memory, but for those that are in the store already.
func (c *Catalog) tally(q *stats.SessionQuery, tallies []*stats.Tally, written *Batch) {
	gone := ended(written)
	c.live.EachSession(*q, func(s *stats.Session) {
		if gone[s.ID] {
			return
		}
		for _, t := range tallies {
			t.Add(s)
		}
	})
}
