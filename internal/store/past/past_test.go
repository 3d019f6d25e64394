package past_test

import (
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/past"
	"netflow-monitor/internal/store/sqlite"
)

var began = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// The same settings give the same traffic, of about as many sessions as asked for, each of
// which begins once and ends once within the time.
func TestTraffic(t *testing.T) {
	c := past.Config{From: began, To: began.Add(24 * time.Hour), Sessions: 20_000, Addresses: 3000, Seed: 7}
	first, ended := make(map[uint64]bool), make(map[uint64]bool)
	var again []flow.Batch
	for b := range past.Traffic(c) {
		again = append(again, b)
		for i := range b.Records {
			r := &b.Records[i]
			if r.First == first[r.ID] || ended[r.ID] {
				t.Fatalf("record %+v: begun %v, ended %v", r, first[r.ID], ended[r.ID])
			}
			first[r.ID], ended[r.ID] = true, r.End != flow.EndNone
			if r.Start < c.From.UnixNano() || r.Last > b.Time || r.First && r.Sent.Packets == 0 || r.Sent.Packets == 0 && r.Sent.WireBytes > 0 {
				t.Fatalf("record %+v in a batch of %d", r, b.Time)
			}
		}
	}
	open := 0
	for id := range first {
		if !ended[id] {
			open++
		}
	}
	if n := len(first); n < 19_000 || n > 21_000 || open > 0 {
		t.Errorf("%d sessions, %d never ended", n, open)
	}
	n := 0
	for b := range past.Traffic(c) {
		if !slices.Equal(b.Records, again[n].Records) {
			t.Fatalf("batch %d is another the second time", n)
		}
		n++
	}
}

// BenchmarkPipeline brings traffic of 150 000 sessions a batch through the engine and the
// writer into a database on disk, an empty one or a copy of NETFLOW_BENCH_DB, and reports
// sessions a second of the whole and what a page of sessions took meanwhile.
func BenchmarkPipeline(b *testing.B) {
	path := filepath.Join(b.TempDir(), "netflow.db")
	if from := os.Getenv("NETFLOW_BENCH_DB"); from != "" {
		copyFile(b, from, path)
	}
	db, err := sqlite.Open(b.Context(), sqlite.Config{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	engine, err := stats.New(stats.Default(), nil, stats.NewHome(nil, []netip.Prefix{past.Home}))
	if err != nil {
		b.Fatal(err)
	}
	writer, err := store.NewWriter(store.Default(), db, engine, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	const perBatch = 150_000
	stop, asked := make(chan struct{}), make(chan []time.Duration)
	go func() { asked <- askMeanwhile(b, db, stop) }()
	sessions := 0
	from := time.Now()
	for b.Loop() {
		c := past.Config{From: from, To: from.Add(10 * time.Second), Sessions: perBatch, Addresses: 1_000_000, Seed: uint64(sessions)}
		from = c.To
		b.StopTimer()
		var batch flow.Batch
		for batch = range past.Traffic(c) { //nolint:revive // there is one
		}
		b.StartTimer()
		if err := engine.Consume(batch); err != nil {
			b.Fatal(err)
		}
		if err := writer.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		sessions += len(batch.Records)
	}
	close(stop)
	times := <-asked
	slices.Sort(times)
	b.ReportMetric(float64(sessions)/b.Elapsed().Seconds(), "sessions/s")
	b.ReportMetric(times[len(times)*95/100].Seconds()*1e3, "page-p95-ms")
	if lost := writer.Status().LostSessions; lost > 0 {
		b.Errorf("%d sessions were lost", lost)
	}
}

func askMeanwhile(b *testing.B, db *sqlite.Store, stop chan struct{}) (times []time.Duration) {
	b.Helper()
	for {
		begin := time.Now()
		if _, _, err := db.Sessions(b.Context(), stats.SessionQuery{Descending: true, Limit: 50}); err != nil {
			b.Error(err)
		}
		times = append(times, time.Since(begin))
		select {
		case <-stop:
			return times
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func copyFile(b *testing.B, from, to string) {
	b.Helper()
	in, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
}
