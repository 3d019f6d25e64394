package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"netflow-monitor/internal/stats"
)

// Live is the part of the statistics engine that the catalog reads.
type Live interface {
	// Sessions returns sessions that live, and ended ones that are not stored yet.
	Sessions(stats.SessionQuery) ([]stats.Session, int)
	Session(id uint64) (stats.Session, bool)
	IPs(stats.IPQuery) ([]stats.IP, int)
	IP(netip.Addr) (stats.IP, bool)
	// History returns the seconds in [from, to) that the engine remembers.
	History(from, to int64) []stats.Sample
}

// ErrOrder is returned for a column that the list can't be ordered by.
var ErrOrder = errors.New("unknown column to order by")

// maxStale is how old the store's totals may be before a question makes the writer flush.
const maxStale = time.Second

// Catalog answers questions about live and stored data as one.
type Catalog struct {
	live   Live
	writer *Writer
	store  Store
}

// NewCatalog joins what lives with what is stored.
func NewCatalog(live Live, w *Writer, st Store) *Catalog {
	return &Catalog{live: live, writer: w, store: st}
}

// Info describes the store.
func (c *Catalog) Info(ctx context.Context) (Info, error) {
	info, err := c.store.Info(ctx)
	if err != nil {
		return Info{}, fmt.Errorf("ask the store: %w", err)
	}
	return info, nil
}

// Session returns the session with this ID, live or stored, or ErrNotFound.
func (c *Catalog) Session(ctx context.Context, id uint64) (stats.Session, error) {
	if s, ok := c.live.Session(id); ok {
		return s, nil
	}
	s, err := c.store.Session(ctx, id)
	if err != nil {
		return stats.Session{}, fmt.Errorf("session %d: %w", id, err)
	}
	return s, nil
}
