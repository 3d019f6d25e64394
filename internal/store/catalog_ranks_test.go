package store_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// ranked is the ranking of a list of sessions.
func ranked(t *testing.T, all []stats.Session, q stats.SessionQuery, dimension, orderBy string, limit int) []stats.Rank {
	t.Helper()
	tally, ok := stats.NewTally(dimension)
	if !ok {
		t.Fatalf("no dimension %s", dimension)
	}
	for i := range all {
		if q.Match(&all[i]) {
			tally.Add(&all[i])
		}
	}
	return tally.Top(orderBy, limit)
}

func TestSessionsAreRankedAsOne(t *testing.T) {
	r, all := mixed(t)
	catalog := r.catalog()
	random := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		var q stats.SessionQuery
		if random.IntN(2) == 0 {
			q.IP = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(12))}), 29+random.IntN(4))
		}
		if random.IntN(3) == 0 {
			q.From = start + random.Int64N(12e9)
			q.To = q.From + random.Int64N(5e9) + 1
		}
		dimension := stats.Dimensions[random.IntN(len(stats.Dimensions))].Name
		orderBy := []string{"", "total_bytes", "total_packets", "session_count"}[random.IntN(4)]
		limit := random.IntN(8)
		want := ranked(t, all, q, dimension, orderBy, limit)
		lists, estimated, err := catalog.SessionRanks(t.Context(), q, []string{stats.DimensionPort, dimension}, orderBy, limit)
		if err != nil || estimated || len(lists) != 2 {
			t.Fatalf("%d lists, %v", len(lists), err)
		}
		if diff := gocmp.Diff(want, lists[1]); diff != "" {
			t.Fatalf("%+v by %s, ordered by %q:\n%s", q, dimension, orderBy, diff)
		}
	}
	if _, _, err := catalog.SessionRanks(t.Context(), stats.SessionQuery{}, []string{"ip"}, "nonsense", 0); !errors.Is(err, store.ErrOrder) {
		t.Errorf("unknown order: got %v, want ErrOrder", err)
	}
	if _, _, err := catalog.SessionRanks(t.Context(), stats.SessionQuery{}, []string{"ip", "nonsense"}, "", 0); err == nil {
		t.Error("an unknown dimension is no error")
	}
}

// TestRanksWhileFlushing asks while sessions move from memory to the store: each is
// counted once.
func TestRanksWhileFlushing(t *testing.T) {
	r := newRig(t)
	catalog := r.catalog()
	for range 8 {
		want := r.second(t, 100, 90)
		done := make(chan error, 1)
		go func() { done <- r.writer.Flush(t.Context()) }()
		for asked := false; !asked; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				asked = true
			default:
			}
			ranks, _, err := catalog.SessionRanks(t.Context(), stats.SessionQuery{}, []string{stats.DimensionProtocol}, "", 0)
			if err != nil || len(ranks[0]) != 1 || ranks[0][0].Sessions != uint64(want) {
				t.Fatalf("%+v, %v; want %d sessions", ranks, err, want)
			}
		}
	}
}

// What memory has not stored yet is in the roll-ups when they are asked.
func TestRollupsAreUpToDate(t *testing.T) {
	r := newRig(t)
	catalog := r.catalog()
	n := r.second(t, 30, 0)
	q := store.RankQuery{Dimension: stats.DimensionProtocol, From: start - 60e9, To: start + 3600e9}
	ranks, err := catalog.Ranks(t.Context(), q)
	if err != nil || len(ranks) != 1 || ranks[0].Sessions != uint64(n) {
		t.Errorf("%+v, %v; want %d sessions", ranks, err, n)
	}
	series, err := catalog.RankHistory(t.Context(), store.RankHistoryQuery{
		Dimension: q.Dimension, Keys: []string{"udp", "tcp"}, From: q.From, To: q.To, Step: 3600,
	})
	if err != nil || len(series) != 2 {
		t.Fatalf("%+v, %v", series, err)
	}
	var udp, tcp uint64
	for i := range series[0] {
		udp, tcp = udp+series[0][i].Sessions, tcp+series[1][i].Sessions
	}
	if udp != uint64(n) || tcp != 0 {
		t.Errorf("%d sessions of UDP, %d of TCP, want %d and none", udp, tcp, n)
	}
	r.store.set(func(f *faulty) { f.failReads = true })
	if _, err := catalog.Ranks(t.Context(), q); !errors.Is(err, errDisk) {
		t.Errorf("unreadable: got %v, want %v", err, errDisk)
	}
	byMemory, _, err := catalog.SessionRanks(t.Context(), stats.SessionQuery{}, []string{stats.DimensionProtocol}, "", 0)
	if err != nil || len(byMemory[0]) != 1 || byMemory[0][0].Sessions != uint64(n) {
		t.Errorf("from memory: %+v, %v", byMemory, err)
	}
}

func TestEventsByTextAndColumn(t *testing.T) {
	r := newRig(t)
	catalog := r.catalog()
	for i, e := range []store.Event{
		{Kind: "b", Level: store.LevelError, Message: "Disk 100% full"},
		{Kind: "a", Level: store.LevelInfo, Message: "Started on eth_0"},
		{Kind: "c", Level: store.LevelWarning, Message: `Back\slash`},
		{Kind: "capture_started", Level: store.LevelInfo, Message: "disk again"},
	} {
		e.Time = int64(i + 1)
		r.writer.Record(e)
		if i == 1 { // the others wait
			if err := r.writer.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		q    store.EventQuery
		want []string
	}{
		{store.EventQuery{Text: "DISK"}, []string{"info/capture_started", "error/b"}},
		{store.EventQuery{Text: "0%"}, []string{"error/b"}},
		{store.EventQuery{Text: "h_0"}, []string{"info/a"}},
		{store.EventQuery{Text: `k\s`}, []string{"warning/c"}},
		{store.EventQuery{Text: "started"}, []string{"info/capture_started", "info/a"}},
		{store.EventQuery{Text: "nothing"}, nil},
		{store.EventQuery{OrderBy: "level"}, []string{"error/b", "warning/c", "info/capture_started", "info/a"}},
		{store.EventQuery{OrderBy: "level", OldestFirst: true}, []string{"info/a", "info/capture_started", "warning/c", "error/b"}},
		{store.EventQuery{OrderBy: "kind", OldestFirst: true}, []string{"info/a", "error/b", "warning/c", "info/capture_started"}},
		{store.EventQuery{OrderBy: "message", OldestFirst: true}, []string{"warning/c", "error/b", "info/a", "info/capture_started"}},
		{store.EventQuery{OrderBy: "kind", Offset: 1, Limit: 2}, []string{"warning/c", "error/b"}},
	}
	for _, when := range []string{"two wait", "all are stored"} {
		for _, tt := range tests {
			events, _, err := catalog.Events(t.Context(), tt.q)
			if diff := gocmp.Diff(tt.want, describe(events)); err != nil || diff != "" {
				t.Errorf("%s: %+v: %v\n%s", when, tt.q, err, diff)
			}
		}
		if err := r.writer.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := catalog.Events(t.Context(), store.EventQuery{OrderBy: "params"}); !errors.Is(err, store.ErrOrder) {
		t.Errorf("unknown order: got %v, want ErrOrder", err)
	}
}
