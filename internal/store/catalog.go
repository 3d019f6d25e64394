package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// Live is the part of the statistics engine that the catalog reads.
type Live interface {
	// Sessions returns sessions that live, and ended ones that are not stored yet.
	Sessions(stats.SessionQuery) ([]stats.Session, int)
	Session(id uint64) (stats.Session, bool)
	// EachSession visits those of Sessions that match, in no order.
	EachSession(q stats.SessionQuery, visit func(*stats.Session))
	IPs(stats.IPQuery) ([]stats.IP, int)
	IP(netip.Addr) (stats.IP, bool)
	// Series returns the complete seconds in [from, to) that the engine remembers.
	Series(from, to int64) []stats.Sample
	// PointSeries returns those of one observation point that are not known to be stored.
	PointSeries(p flow.Point, from, to int64) []stats.Sample
}

// ErrOrder is returned for a column that the list can't be ordered by.
var ErrOrder = errors.New("unknown column to order by")

// maxStale is how old the store's totals may be before a question makes the writer flush.
const maxStale = time.Second

// unreadableTellsIn is how often at most it is told that the store can't be read.
const unreadableTellsIn = 10 * time.Minute

// Catalog answers questions about live and stored data as one.
type Catalog struct {
	live   Live
	writer *Writer
	store  Store
	// unreadable is true from the first question that the store failed to answer on.
	unreadable atomic.Bool
	// toldAt is when that was told last, in nanoseconds since the Unix epoch.
	toldAt atomic.Int64
}

// NewCatalog joins what lives with what is stored.
func NewCatalog(live Live, w *Writer, st Store) *Catalog {
	return &Catalog{live: live, writer: w, store: st}
}

// together reads memory and the store as of one moment, so that nothing is missed,
// listed or counted twice. What is being written may already be in the store while it
// is still in memory: read gets that batch, and must leave it out of memory.
func (c *Catalog) together(ctx context.Context, read func(written *Batch) error) error {
	const tries = 20
	for try := 1; ; try++ {
		batch, settled := c.writer.unsettled()
		written, err := c.written(ctx, batch)
		if err != nil {
			return err
		}
		if err := read(written); err != nil {
			return err
		}
		again, err := c.written(ctx, batch)
		if err != nil {
			return err
		}
		// A batch is written once, so a reading that nothing happened during comes soon.
		batchNow, settledNow := c.writer.unsettled()
		if again == written && batchNow == batch && settledNow == settled || try == tries {
			return nil
		}
	}
}

// written is the batch if it is in the store, else nil.
func (c *Catalog) written(ctx context.Context, batch *Batch) (*Batch, error) {
	if batch == nil {
		return nil, nil
	}
	yes, err := c.store.Written(ctx, batch.Run, batch.Sequence)
	if err != nil || !yes {
		return nil, err
	}
	return batch, nil
}

// memoryOnly decides whether a question that the store failed to answer may be
// answered from memory alone; the user is told once of a store that can't be read.
func (c *Catalog) memoryOnly(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	// Of several kinds of questions some may be answered all the time.
	now, last := time.Now().UnixNano(), c.toldAt.Load()
	recently := last != 0 && now-last < int64(unreadableTellsIn)
	if c.unreadable.CompareAndSwap(false, true) && !recently && c.toldAt.CompareAndSwap(last, now) {
		c.writer.log.Error("store can't be read", "error", err)
		c.writer.Record(Event{
			Level: LevelError, Kind: KindStoreUnreadable,
			Message: "History can't be read: " + err.Error() + ". Only what is in memory is shown.",
			Params:  map[string]string{"error": err.Error()},
		})
	}
	return true
}

// mergePage cuts a page out of two ordered lists: limit items after the first skip.
// A limit of 0 or less is none.
func mergePage[T any](memory, stored []T, compare func(a, b *T) int, skip, limit int) []T {
	merged := make([]T, 0, len(memory)+len(stored))
	for len(memory) > 0 && len(stored) > 0 {
		from := &memory
		if compare(&memory[0], &stored[0]) > 0 {
			from = &stored
		}
		merged, *from = append(merged, (*from)[0]), (*from)[1:]
	}
	merged = append(append(merged, memory...), stored...)
	merged = merged[min(skip, len(merged)):]
	if limit > 0 {
		merged = merged[:min(limit, len(merged))]
	}
	return slices.Clip(merged)
}

// orderColumn finds what to order by; the empty name is the first column.
func orderColumn[T any](columns []stats.Column[T], name string) (stats.Column[T], error) {
	if name == "" {
		return columns[0], nil
	}
	c, ok := stats.FindColumn(columns, name)
	if !ok {
		return c, fmt.Errorf("%w: %q", ErrOrder, name)
	}
	return c, nil
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
