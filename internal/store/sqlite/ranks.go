package sqlite

import (
	"context"
	"errors"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

var errNotYet = errors.New("not written yet")

// Ranks implements store.Store.
func (s *Store) Ranks(context.Context, store.RankQuery) ([]stats.Rank, error) { return nil, errNotYet }

// RankHistory implements store.Store.
func (s *Store) RankHistory(context.Context, store.RankHistoryQuery) ([][]stats.RankPoint, error) {
	return nil, errNotYet
}

// FindNames implements store.Store.
func (s *Store) FindNames(context.Context, string, string, int) ([]string, error) {
	return nil, errNotYet
}
