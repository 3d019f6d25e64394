package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"netflow-monitor/internal/stats"
)

// Drainer is where the writer gets what changed: the statistics engine.
//
// A drain is settled by Stored. Until then the writer keeps what it drained and
// offers it to the store again, and does not drain anew, so nothing is written
// twice; the engine keeps ended sessions visible and goes on counting.
type Drainer interface {
	// Drain returns what changed since the last settled drain: ended sessions,
	// living ones that are due, and complete seconds.
	Drain() stats.Drained
	// DrainAll returns everything, due or not; for the end of a run.
	DrainAll() stats.Drained
	// Stored settles the latest drain.
	Stored()
}

// Kinds of the events that this package records itself.
const (
	KindStoreFailed    = "store_failed"
	KindStoreRecovered = "store_recovered"
	// KindStoreUnreadable is the catalog's.
	KindStoreUnreadable = "store_unreadable"
	KindStoreSizeLimit  = "store_size_limit"
)

// The writer's own times: how long a write may take, how long the last one at the
// end of a run, and the longest pause between two tries.
const (
	writeTimeout  = 30 * time.Second
	finishTimeout = 10 * time.Second
	maxBackoff    = time.Minute
)

// WriterStatus is what the status page says of writing.
type WriterStatus struct {
	// LastWrite is when the last batch was stored; zero before the first.
	LastWrite time.Time
	// Err is why the last write failed; empty if it did not.
	Err string
	// LostSessions counts sessions that could not be kept for a failing store,
	// LostEvents the same for events.
	LostSessions, LostEvents uint64
	// ShortenedRows counts rows that went before their time for want of room.
	ShortenedRows int64
}

// Writer brings what changed into the store, one window at a time.
type Writer struct {
	cfg   WriterConfig
	store Store
	src   Drainer
	log   *slog.Logger
	run   string

	journal journal

	// turn holds one token: its owner may use the fields below.
	turn     chan struct{}
	sequence uint64
	tries    int
	retryAt  time.Time
	// pending was drained and is not settled. The owner of the turn sets it, with mu
	// held; a batch itself never changes.
	pending *Batch

	mu        sync.Mutex // guards the fields below, and pending for others
	retention Retention
	status    WriterStatus
	lastFlush time.Time
	newest    int64
	settled   uint64
}

// NewWriter makes a writer; nothing happens before Run or Flush.
func NewWriter(cfg WriterConfig, st Store, src Drainer, log *slog.Logger) (*Writer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return &Writer{
		cfg: cfg, store: st, src: src, log: log, retention: cfg.Retention,
		run: rand.Text(), turn: make(chan struct{}, 1),
	}, nil
}

// Run writes a window each flush interval and prunes once a minute until ctx ends;
// then it writes everything that is left. Its error is that of the last write.
func (w *Writer) Run(ctx context.Context) error {
	var pruning sync.WaitGroup
	defer pruning.Wait()
	pruning.Go(func() { w.pruneRegularly(ctx) })
	pruning.Go(func() { w.trimRegularly(ctx) })

	ticker := time.NewTicker(w.cfg.FlushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			// The failure is recorded where it happens and tried again at a later tick.
			_ = w.Flush(ctx)
		case <-ctx.Done():
			return w.finish(context.WithoutCancel(ctx))
		}
	}
}

// Flush writes the window up to now. While the store fails, it tries again only
// when the back-off is over and otherwise returns the latest error.
func (w *Writer) Flush(ctx context.Context) error {
	if err := w.takeTurn(ctx); err != nil {
		return err
	}
	defer w.endTurn()
	if w.pending != nil {
		if time.Now().Before(w.retryAt) {
			return fmt.Errorf("store a window: %s", w.Status().Err)
		}
		if err := w.writePending(ctx); err != nil {
			return err
		}
	}
	w.collect(w.src.Drain())
	return w.writePending(ctx)
}

// FlushIfOlder flushes unless the latest flush succeeded within age.
func (w *Writer) FlushIfOlder(ctx context.Context, age time.Duration) error {
	w.mu.Lock()
	fresh := w.status.Err == "" && time.Since(w.lastFlush) < age
	w.mu.Unlock()
	if fresh {
		return nil
	}
	return w.Flush(ctx)
}

// Status reports how writing goes.
func (w *Writer) Status() WriterStatus {
	w.mu.Lock()
	s := w.status
	w.mu.Unlock()
	s.LostEvents = w.journal.lostCount()
	if src, ok := w.src.(interface{ LostSessions() uint64 }); ok {
		s.LostSessions += src.LostSessions()
	}
	return s
}

// storedUntil is the time of the newest sample that was stored in this run; 0 if none was.
func (w *Writer) storedUntil() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest
}

// Record adds an event; it never waits for the disk. It sets the ID, and the time
// if that is zero.
func (w *Writer) Record(e Event) { w.journal.add(e) }

// Recent returns the newest events of this run, newest first, at most n and at most 500.
func (w *Writer) Recent(n int) []Event { return w.journal.recent(n) }

func (w *Writer) takeTurn(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the writer: %w", ctx.Err())
	}
}

func (w *Writer) endTurn() { <-w.turn }

// collect makes the next batch of what was drained and of the unwritten events.
func (w *Writer) collect(d stats.Drained) {
	w.sequence++
	b := &Batch{
		Run: w.run, Sequence: w.sequence,
		Sessions: d.Sessions, IPs: d.IPs, Samples: d.Samples, Ranks: d.Ranks, Events: w.journal.unwritten(),
	}
	w.mu.Lock()
	w.pending = b
	w.mu.Unlock()
}

// unsettled is the batch whose rows may be in memory, in the store, or in both; nil if
// there is none. The number of batches settled so far tells one nil from a later one.
func (w *Writer) unsettled() (batch *Batch, settled uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending, w.settled
}

// writePending offers the pending batch to the store and settles it. The write
// outlives the caller's context: a page that was closed must not look like a failing disk.
func (w *Writer) writePending(ctx context.Context) error {
	b := w.pending
	if !b.IsEmpty() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		if err := w.store.Write(ctx, *b); err != nil {
			w.failed(err)
			return fmt.Errorf("store a window: %w", err)
		}
	}
	w.src.Stored()
	w.succeeded(b)
	return nil
}

func (w *Writer) failed(err error) {
	backoff := min(w.cfg.FlushInterval<<min(w.tries, 10), maxBackoff)
	w.tries++
	w.retryAt = time.Now().Add(backoff)
	w.mu.Lock()
	first := w.status.Err == ""
	w.status.Err = err.Error()
	w.mu.Unlock()
	if !first {
		return
	}
	w.log.Error("store failed", "error", err)
	w.Record(Event{
		Level: LevelError, Kind: KindStoreFailed,
		Message: "History can't be stored: " + err.Error() + ". Monitoring goes on and storing is tried again.",
		Params:  map[string]string{"error": err.Error()},
	})
}

func (w *Writer) succeeded(b *Batch) {
	w.journal.stored(b.Events)
	w.tries = 0
	w.mu.Lock()
	w.pending = nil
	w.settled++
	recovered := w.status.Err != ""
	w.status.Err = ""
	w.lastFlush = time.Now()
	if !b.IsEmpty() {
		w.status.LastWrite = w.lastFlush
	}
	w.newest = max(w.newest, b.newest())
	w.mu.Unlock()
	if recovered {
		w.log.Info("store recovered")
		w.Record(Event{Level: LevelInfo, Kind: KindStoreRecovered, Message: "History is being stored again."})
	}
}

// finish writes what is pending and then everything else, once each.
func (w *Writer) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	if err := w.takeTurn(ctx); err != nil {
		return err
	}
	defer w.endTurn()
	if w.pending != nil {
		if err := w.writePending(ctx); err != nil {
			return w.lose(err)
		}
	}
	w.collect(w.src.DrainAll())
	if err := w.writePending(ctx); err != nil {
		return w.lose(err)
	}
	return nil
}

func (w *Writer) lose(err error) error {
	n := uint64(len(w.pending.Sessions))
	w.mu.Lock()
	w.status.LostSessions += n
	w.mu.Unlock()
	return fmt.Errorf("last window with %d sessions was lost: %w", n, err)
}
