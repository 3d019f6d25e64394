package store_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"netflow-monitor/internal/store"
)

// pruner is a store that takes everything and always has too much.
type pruner struct {
	store.Store
	mu     sync.Mutex
	asked  []store.Retention
	answer store.Pruned
}

func (*pruner) Write(context.Context, store.Batch) error { return nil }

func (*pruner) Trim(context.Context) (int64, error) { return 0, nil }

func (p *pruner) Prune(_ context.Context, keep store.Retention) (store.Pruned, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, keep)
	return p.answer, nil
}

func TestWriterPrunes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		oldest := time.Now().Add(-time.Hour)
		db := &pruner{answer: store.Pruned{Rows: 7, Shortened: 5, Oldest: oldest.UnixNano()}}
		w, err := store.NewWriter(store.Default(), db, newEngine(t), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(10*time.Minute + time.Second)
		keep := store.DefaultRetention().Within(24 * time.Hour)
		if err := w.SetRetention(keep); err != nil {
			t.Fatal(err)
		}
		if err := w.SetRetention(store.Retention{MaxBytes: 1}); err == nil || !strings.Contains(err.Error(), "too little") {
			t.Errorf("a bound of one byte: %v", err)
		}
		time.Sleep(49 * time.Hour)
		stop()
		running.Wait()

		if n := len(db.asked); n != 49*60+10 || db.asked[9] != store.DefaultRetention() || db.asked[10] != keep {
			t.Errorf("pruned %d times, then with %+v", n, db.asked[10])
		}
		if n := w.Status().ShortenedRows; n != 5*(49*60+10) {
			t.Errorf("%d rows are counted", n)
		}
		events := w.Recent(100)
		if len(events) != 3 {
			t.Fatalf("%d events within 49 hours, want one a day: %v", len(events), describe(events))
		}
		e := events[0]
		if e.Kind != store.KindStoreSizeLimit || e.Level != store.LevelWarning || !strings.Contains(e.Message, "database.max_size") ||
			!strings.Contains(e.Message, oldest.UTC().Format(time.RFC3339)) {
			t.Errorf("%+v", e)
		}
	})
}

func TestRetentionWithin(t *testing.T) {
	const day = 24 * time.Hour
	got := store.Retention{Sessions: 30 * day, Hours: 5 * day, MaxBytes: 1 << 30}.Within(7 * day)
	want := store.Retention{Sessions: 7 * day, IPs: 7 * day, Seconds: 7 * day, Minutes: 7 * day, Hours: 5 * day, Days: 7 * day, Events: 7 * day, MaxBytes: 1 << 30}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
