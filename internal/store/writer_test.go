package store_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// rig is an engine, a store and a writer that runs.
type rig struct {
	*traffic
	store  *faulty
	writer *store.Writer
	stop   func() error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{store: newFaulty(t)}
	engine := newEngine(t)
	r.traffic = &traffic{engine: engine}
	var err error
	if r.writer, err = store.NewWriter(store.Default(), r.store, engine, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.writer.Run(ctx) }()
	r.stop = func() error {
		cancel()
		return <-done
	}
}

// stored sums up what the store has.
func (r *rig) stored(t *testing.T) (sessions int, bySessions, byIPs uint64, history stats.Sample) {
	t.Helper()
	list, total, err := r.store.Sessions(t.Context(), stats.SessionQuery{})
	if err != nil {
		t.Fatal(err)
	}
	sessions = total.Rows
	for i := range list {
		bySessions += list[i].Sent.Packets + list[i].Received.Packets
	}
	ips, _, err := r.store.IPs(t.Context(), stats.IPQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range ips {
		byIPs += ips[i].Sent.Packets
	}
	points, err := r.store.History(t.Context(), store.HistoryQuery{From: start, To: start + int64(time.Hour), Step: 60})
	if err != nil {
		t.Fatal(err)
	}
	return sessions, bySessions, byIPs, sum(points)
}

// TestNothingLostNothingTwice lets the store fail now and then, also after it wrote.
func TestNothingLostNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		random := rand.New(rand.NewPCG(1, 1))
		for range 200 {
			r.second(t, random.IntN(20), random.IntN(20))
			if random.IntN(10) == 0 {
				r.store.set(func(f *faulty) { f.failWrites, f.lie = random.IntN(2) == 0, random.IntN(2) == 0 })
			}
			time.Sleep(time.Second)
		}
		r.store.set(func(f *faulty) { f.failWrites, f.lie = false, false })
		want := r.second(t, 0, len(r.living))
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		sessions, bySessions, byIPs, history := r.stored(t)
		total := r.engine.Totals()
		packets := total.In.Packets + total.Out.Packets + total.Other.Packets
		if sessions != want || bySessions != packets || byIPs != packets {
			t.Errorf("%d sessions, %d packets by sessions, %d by IPs; want %d and %d", sessions, bySessions, byIPs, want, packets)
		}
		if got := history.In.Packets + history.Out.Packets + history.Other.Packets; got != packets {
			t.Errorf("history has %d packets, want %d", got, packets)
		}
		if history.Input != total.Input || history.NewSessions != uint64(want) {
			t.Errorf("history has %d new sessions and %+v; want %d and %+v", history.NewSessions, history.Input, want, total.Input)
		}
		repeats := 0
		tries := r.store.tries()
		for i := 1; i < len(tries); i++ {
			switch tries[i].Sequence - tries[i-1].Sequence {
			case 0:
				repeats++
				if diff := cmp.Diff(tries[i-1], tries[i], cmpopts.EquateComparable(stats.IP{}.Addr)); diff != "" {
					t.Fatalf("a batch changed between two tries:\n%s", diff)
				}
			case 1:
			default:
				t.Fatalf("batch %d follows %d", tries[i].Sequence, tries[i-1].Sequence)
			}
		}
		if repeats == 0 {
			t.Error("no batch was tried again")
		}
	})
}

func TestFailureIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		r.second(t, 10, 0)
		time.Sleep(6 * time.Second)
		before := r.writer.Status()
		if before.Err != "" || before.LastWrite.IsZero() {
			t.Errorf("while all is well: %+v", before)
		}
		r.store.set(func(f *faulty) { f.failWrites = true })
		r.second(t, 10, 0)
		r.second(t, 0, 10)
		tries := len(r.store.tries())
		time.Sleep(time.Hour)
		if n := len(r.store.tries()) - tries; n < 50 || n > 80 {
			t.Errorf("%d tries in an hour, want about one a minute", n)
		}
		if s := r.writer.Status(); s.Err != errDisk.Error() || s.LastWrite != before.LastWrite {
			t.Errorf("while the store fails: %+v", s)
		}
		if err := r.writer.Flush(t.Context()); err == nil {
			t.Error("a flush during the back-off said that all is written")
		}
		r.store.set(func(f *faulty) { f.failWrites = false })
		time.Sleep(2 * time.Minute)
		if s := r.writer.Status(); s.Err != "" || !s.LastWrite.After(before.LastWrite) {
			t.Errorf("afterwards: %+v", s)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		want := []string{"info/store_recovered", "error/store_failed"}
		if diff := cmp.Diff(want, describe(r.writer.Recent(10))); diff != "" {
			t.Error("recent events", diff)
		}
		events, total, err := r.store.Events(t.Context(), store.EventQuery{})
		if diff := cmp.Diff(want, describe(events)); err != nil || diff != "" || total != 2 {
			t.Error("stored events", err, total, diff)
		}
	})
}

func TestFinishTellsOfLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		r.second(t, 10, 0)
		r.store.set(func(f *faulty) { f.failWrites = true })
		time.Sleep(7 * time.Second)
		if err := r.stop(); !errors.Is(err, errDisk) {
			t.Errorf("got %v, want %v", err, errDisk)
		}
		if s := r.writer.Status(); s.LostSessions != 10 {
			t.Errorf("%d sessions lost, want 10", s.LostSessions)
		}
	})
}

func TestFinishWritesTheLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		r.second(t, 3, 0)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		for i := range r.living {
			s, err := r.store.Session(t.Context(), r.living[i].ID)
			if err != nil || s.End != flow.EndNone || s.Sent.Packets != 1 {
				t.Errorf("living session: %+v, %v", s, err)
			}
		}
	})
}

func TestFlushGivesUpWithItsCaller(t *testing.T) {
	r := newRig(t)
	r.second(t, 1, 0)
	begun, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	r.store.set(func(f *faulty) {
		f.before = func() {
			close(begun)
			<-release
		}
	})
	go func() { done <- r.writer.Flush(context.WithoutCancel(t.Context())) }()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.writer.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestJournalIsBounded(t *testing.T) {
	r := newRig(t)
	const n = 1700
	for i := range n {
		r.writer.Record(store.Event{Time: int64(i + 1), Kind: "k"})
	}
	recent := r.writer.Recent(10_000)
	if len(recent) != 500 || recent[0].Time != n || recent[499].Time != n-499 {
		t.Errorf("%d recent events from %d to %d", len(recent), recent[0].Time, recent[len(recent)-1].Time)
	}
	for i := 1; i < len(recent); i++ {
		if recent[i].ID >= recent[i-1].ID {
			t.Fatal("identifiers don't rise")
		}
	}
	if s := r.writer.Status(); s.LostEvents != n-1000 {
		t.Errorf("%d events lost, want %d", s.LostEvents, n-1000)
	}
	if err := r.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, total, err := r.store.Events(t.Context(), store.EventQuery{Limit: 1})
	if err != nil || total != 1000 || events[0].Time != n {
		t.Errorf("stored %d events, %v, the newest of %v", total, err, events)
	}
}

func TestRecordSetsTimeAndKeepsParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.writer.Record(store.Event{Kind: "a", Params: map[string]string{"x": "y"}})
		time.Sleep(time.Second)
		r.writer.Record(store.Event{Kind: "b"})
		recent := r.writer.Recent(2)
		now := time.Now().UnixNano()
		if recent[0].Time != now || recent[1].Time != now-int64(time.Second) || recent[0].ID-recent[1].ID != 1_000_000 {
			t.Errorf("times and identifiers are not of now: %+v", recent)
		}
		if recent[1].Params["x"] != "y" {
			t.Error("params are gone")
		}
	})
}
