// Package storetest holds the promises of store.Store as tests that every store passes.
package storetest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Run tests a store; open makes an empty one and closes it at the test's end.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"Empty", testEmpty},
		{"SessionRoundTrip", testSessionRoundTrip},
		{"SessionReplaced", testSessionReplaced},
		{"SessionOrder", testSessionOrder},
		{"SessionFilters", testSessionFilters},
		{"Keyset", testKeyset},
		{"Tallies", testTallies},
		{"UnknownOrder", testUnknownOrder},
		{"IPsAdd", testIPsAdd},
		{"IPOrderAndFilters", testIPOrderAndFilters},
		{"HistoryAdds", testHistoryAdds},
		{"HistoryRange", testHistoryRange},
		{"Events", testEvents},
		{"RepeatChangesNothing", testRepeat},
		{"AllOrNothing", testAllOrNothing},
		{"Prune", testPrune},
		{"RanksAdd", testRanksAdd},
		{"RanksBeforeTheEpoch", testRanksBeforeTheEpoch},
		{"RankHistory", testRankHistory},
		{"Trim", testTrim},
		{"PrunedRanks", testPrunedRanks},
		{"FindNames", testFindNames},
		{"ReadWhileWriting", testReadWhileWriting},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// writer numbers the batches of one run.
type writer struct {
	store    store.Store
	sequence uint64
}

func (w *writer) write(t *testing.T, b store.Batch) {
	t.Helper()
	w.sequence++
	b.Run, b.Sequence = "run", w.sequence
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatalf("write batch %d: %v", w.sequence, err)
	}
}

// contents is all that can be asked of a store.
type contents struct {
	Sessions      []stats.Session
	SessionTotal  int
	IPs           []stats.IP
	IPTotal       int
	Seconds       []stats.Sample
	Minutes       []stats.Sample
	Ranks         []stats.Rank
	Events        []store.Event
	EventTotal    int
	StoredRows    int64
	StoredIPs     int64
	LivingSession []stats.Session
}

func read(t *testing.T, s store.Store, living ...uint64) (c contents) {
	t.Helper()
	ctx := t.Context()
	var errs [8]error
	var total store.Total
	c.Sessions, total, errs[0] = s.Sessions(ctx, stats.SessionQuery{})
	c.SessionTotal = total.Rows
	c.IPs, c.IPTotal, errs[1] = s.IPs(ctx, stats.IPQuery{})
	c.Seconds, errs[2] = s.History(ctx, store.HistoryQuery{From: epoch, To: epoch + int64(time.Hour), Step: 1})
	c.Minutes, errs[3] = s.History(ctx, store.HistoryQuery{From: epoch, To: epoch + int64(time.Hour), Step: 60})
	c.Events, c.EventTotal, errs[4] = s.Events(ctx, store.EventQuery{})
	info, err := s.Info(ctx)
	errs[5] = err
	c.StoredRows, c.StoredIPs = info.Sessions, info.IPs
	c.Ranks, errs[7] = s.Ranks(ctx, store.RankQuery{Dimension: stats.DimensionIP, To: math.MaxInt64})
	for _, id := range living {
		session, err := s.Session(ctx, id)
		if err != nil {
			errs[6] = err
		}
		c.LivingSession = append(c.LivingSession, session)
	}
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return c
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if reflect.DeepEqual(got, want) { // far faster than the difference
		return
	}
	if diff := cmp.Diff(want, got, addrComparer); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func testEmpty(t *testing.T, s store.Store) {
	c := read(t, s)
	if c.SessionTotal+c.IPTotal+c.EventTotal != 0 || c.StoredRows+c.StoredIPs != 0 {
		t.Errorf("an empty store has %+v", c)
	}
	if _, err := s.Session(t.Context(), 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown session: got %v, want ErrNotFound", err)
	}
	if written, err := s.Written(t.Context(), "run", 1); written || err != nil {
		t.Errorf("a batch that was never written: %v, %v", written, err)
	}
	if p, err := s.Prune(t.Context(), store.DefaultRetention()); p != (store.Pruned{}) || err != nil {
		t.Errorf("prune: %+v, %v", p, err)
	}
}

func testRepeat(t *testing.T, s store.Store) {
	g := newGenerator(1)
	first, second := g.batch(50), g.batch(50)
	first.Run, first.Sequence = "run", 1
	second.Run, second.Sequence = "run", 2
	for _, b := range []store.Batch{first, second} {
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	want := read(t, s)
	for _, b := range []store.Batch{second, first, second} {
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		equal(t, "after a repeated batch", read(t, s), want)
	}
	for sequence := range uint64(4) {
		written, err := s.Written(t.Context(), "run", sequence)
		if want := sequence <= 2; err != nil || written != want {
			t.Errorf("batch %d written: %v, %v; want %v", sequence, written, err, want)
		}
	}
	second.Run = "another run"
	if err := s.Write(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s); cmp.Equal(got.IPs, want.IPs, addrComparer) {
		t.Error("the same sequence of another run was taken for a repeated batch")
	}
}

func testAllOrNothing(t *testing.T, s store.Store) {
	g := newGenerator(2)
	before, big := g.batch(20), g.batch(1500)
	before.Run, before.Sequence = "run", 1
	big.Run, big.Sequence = "run", 2
	if err := s.Write(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	want := read(t, s)
	interrupted := 0
	for wait := 100 * time.Microsecond; ; wait += wait / 2 {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		err := s.Write(ctx, big)
		cancel()
		if err == nil {
			break
		}
		interrupted++
		equal(t, "after an interrupted write", read(t, s), want)
	}
	if interrupted == 0 {
		t.Error("no write was interrupted")
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(before.Sessions) + len(big.Sessions)); info.Sessions != n {
		t.Errorf("%d sessions stored, want %d", info.Sessions, n)
	}
}

func testPrune(t *testing.T, s store.Store) {
	w := &writer{store: s}
	g := newGenerator(3)
	now := time.Now().Truncate(time.Hour)
	var b store.Batch
	for i := range 6000 {
		age := time.Duration(i) * time.Minute
		at := now.Add(-age).UnixNano()
		session := g.session()
		session.Start, session.Last, session.End = at-int64(time.Second), at, 1
		b.Sessions = append(b.Sessions, session)
		b.Samples = append(b.Samples, stats.Sample{Time: at, NewSessions: 1})
		b.Events = append(b.Events, store.Event{ID: uint64(10_000 - i), Time: at})
	}
	b.Sessions[5999].End = 0 // the oldest one lives
	w.write(t, b)
	living := b.Sessions[5999].ID

	keep := store.Retention{Sessions: 2000 * time.Minute, Seconds: time.Hour, Minutes: 10 * time.Hour, Events: 500 * time.Minute}
	if _, err := s.Prune(t.Context(), keep); err != nil {
		t.Fatal(err)
	}
	c := read(t, s, living)
	if c.SessionTotal < 1999 || c.SessionTotal > 2001 || c.StoredRows != int64(c.SessionTotal)+1 {
		t.Errorf("%d ended sessions and %d rows are left, want about 2000 and one more", c.SessionTotal, c.StoredRows)
	}
	if c.EventTotal < 439 || c.EventTotal > 501 {
		t.Errorf("%d events are left, want those of 500 minutes", c.EventTotal)
	}
	// Each minute has one new session in its first second; what is left of each tier:
	for _, tier := range []struct {
		step int64
		want uint64
	}{{1, 60}, {60, 600}, {3600, 6000}} {
		q := store.HistoryQuery{From: now.Add(-6000 * time.Minute).UnixNano(), To: now.UnixNano() + 1, Step: tier.step}
		if tier.step == 1 {
			q.From = now.Add(-2 * time.Hour).UnixNano()
		}
		points, err := s.History(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var sessions uint64
		for i := range points {
			sessions += points[i].NewSessions
		}
		if sessions < tier.want || sessions > tier.want+2 {
			t.Errorf("%d minutes are left in steps of %d s, want %d", sessions, tier.step, tier.want)
		}
	}
}

func testReadWhileWriting(t *testing.T, s store.Store) {
	const batches = 15
	done := make(chan error, 1)
	ctx := t.Context()
	go func() {
		g := newGenerator(4)
		for i := range batches {
			b := g.batch(100)
			b.Run, b.Sequence = "run", uint64(i+1)
			for n := range b.Sessions {
				b.Sessions[n].End = 3
			}
			if err := s.Write(ctx, b); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	previous := 0
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if _, total, err := s.Sessions(ctx, stats.SessionQuery{Limit: 1}); err != nil || total.Rows != 100*batches {
				t.Errorf("at the end %v sessions, %v; want %d", total, err, 100*batches)
			}
			return
		default:
		}
		q := stats.SessionQuery{Port: uint16(rand.N(3)), Limit: 10, OrderBy: "total_bytes"}
		sessions, total, err := s.Sessions(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Port == 0 && (total.Rows < previous || total.Rows%100 != 0 || len(sessions) != min(10, total.Rows)) {
			t.Fatalf("%v sessions after %d, page of %d: not whole batches", total, previous, len(sessions))
		}
		if q.Port == 0 {
			previous = total.Rows
		}
	}
}
