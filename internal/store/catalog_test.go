package store_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func (r *rig) catalog() *store.Catalog { return store.NewCatalog(r.engine, r.writer, r.store) }

// mixed has sessions that live, that ended and wait, and that are stored; it returns
// all of them.
func mixed(t *testing.T) (*rig, []stats.Session) {
	t.Helper()
	r := newRig(t)
	n := 0
	for i := range 12 {
		n = r.second(t, 30, 20)
		if i < 9 {
			if err := r.writer.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	live, _ := r.engine.Sessions(stats.SessionQuery{})
	stored, _, err := r.store.Sessions(t.Context(), stats.SessionQuery{})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(live, stored)
	if len(all) != n || len(stored) < 100 || len(live) < 100 {
		t.Fatalf("%d live and %d stored sessions, want %d in all", len(live), len(stored), n)
	}
	return r, all
}

func pick(all []stats.Session, q stats.SessionQuery) (page []stats.Session, total int) {
	page = []stats.Session{}
	for i := range all {
		if q.Match(&all[i]) {
			page = append(page, all[i])
		}
	}
	total = len(page)
	column, _ := stats.FindColumn(stats.SessionColumns, q.OrderBy)
	slices.SortFunc(page, func(a, b stats.Session) int {
		if q.Descending {
			a, b = b, a
		}
		return cmp.Or(column.Compare(&a, &b), cmp.Compare(a.ID, b.ID))
	})
	page = page[min(q.Offset, total):]
	if q.Limit > 0 {
		page = page[:min(q.Limit, len(page))]
	}
	return page, total
}

func TestSessionsAreOneList(t *testing.T) {
	r, all := mixed(t)
	catalog := r.catalog()
	random := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		q := stats.SessionQuery{
			OrderBy:    stats.SessionColumns[random.IntN(len(stats.SessionColumns))].Name,
			Descending: random.IntN(2) == 0, Offset: random.IntN(len(all) + 20), Limit: random.IntN(60),
		}
		if random.IntN(2) == 0 {
			q.Offset = random.IntN(60)
		}
		if random.IntN(3) == 0 {
			q.Dst = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(12))}), 30+random.IntN(3))
		}
		if random.IntN(4) == 0 {
			active := random.IntN(2) == 0
			q.Active = &active
		}
		if random.IntN(4) == 0 {
			q.From = start + random.Int64N(12e9)
		}
		want, wantTotal := pick(all, q)
		got, total, err := catalog.Sessions(t.Context(), q)
		if err != nil || total.Rows != wantTotal {
			t.Fatalf("%+v: total %v, %v; want %d", q, total, err, wantTotal)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v:\n%s", q, gocmp.Diff(want, got))
		}
	}
	if _, _, err := catalog.Sessions(t.Context(), stats.SessionQuery{OrderBy: "nonsense"}); !errors.Is(err, store.ErrOrder) {
		t.Errorf("unknown order: got %v, want ErrOrder", err)
	}
	for _, want := range []stats.Session{all[0], all[len(all)-1]} {
		if got, err := catalog.Session(t.Context(), want.ID); err != nil || got != want {
			t.Errorf("session: %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := catalog.Session(t.Context(), 42); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown session: got %v, want ErrNotFound", err)
	}
}

// TestSessionsWhileFlushing asks while sessions move from memory to the store.
func TestSessionsWhileFlushing(t *testing.T) {
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
			sessions, total, err := catalog.Sessions(t.Context(), stats.SessionQuery{OrderBy: "session_id"})
			if err != nil || total.Rows != want || len(sessions) != want {
				t.Fatalf("total %v, %d listed, %v; want %d", total, len(sessions), err, want)
			}
		}
	}
}

func TestUnreadableStore(t *testing.T) {
	r, _ := mixed(t)
	catalog := r.catalog()
	r.store.set(func(f *faulty) { f.failReads, f.failWrites = true, true })
	_ = r.writer.Flush(t.Context()) // fails, which is one event
	inMemory, n := r.engine.Sessions(stats.SessionQuery{OrderBy: "session_id", Offset: 10, Limit: 20})
	for range 3 {
		got, total, err := catalog.Sessions(t.Context(), stats.SessionQuery{OrderBy: "session_id", Offset: 10, Limit: 20})
		if diff := gocmp.Diff(inMemory, got); err != nil || total.Rows != n || diff != "" {
			t.Errorf("sessions: total %v, %v; want %d\n%s", total, err, n, diff)
		}
	}
	if ips, total, err := catalog.IPs(t.Context(), stats.IPQuery{Limit: 5}); err != nil || total != 16 || len(ips) != 5 {
		t.Errorf("IPs: %d of %d, %v", len(ips), total, err)
	}
	if ip, err := catalog.IP(t.Context(), netip.MustParseAddr("10.0.0.1")); err != nil || ip.Sessions == 0 {
		t.Errorf("IP: %+v, %v", ip, err)
	}
	points, err := catalog.History(t.Context(), store.HistoryQuery{From: start, To: start + 60e9, Step: 1})
	if got, want := sum(points), sum(r.engine.Series(0, 0)); err != nil || len(points) != 60 || got.Out != want.Out {
		t.Errorf("history: %+v, %v; want %+v", got, err, want)
	}
	events, total, err := catalog.Events(t.Context(), store.EventQuery{})
	want := []string{"error/store_unreadable", "error/store_failed"}
	if diff := gocmp.Diff(want, describe(events)); err != nil || total != 2 || diff != "" {
		t.Errorf("events: %d, %v\n%s", total, err, diff)
	}
}

func TestIPsAreUpToDate(t *testing.T) { synctest.Test(t, testIPsAreUpToDate) }

func testIPsAreUpToDate(t *testing.T) {
	r, _ := mixed(t)
	catalog := r.catalog()
	time.Sleep(1100 * time.Millisecond) // what was flushed counts as fresh for a second
	got, total, err := catalog.IPs(t.Context(), stats.IPQuery{OrderBy: "ip"})
	want, wantTotal := r.engine.IPs(stats.IPQuery{OrderBy: "ip"})
	if diff := gocmp.Diff(want, got, sameAddr); err != nil || total != wantTotal || diff != "" {
		t.Errorf("total %d, %v; want %d\n%s", total, err, wantTotal, diff)
	}
	for _, by := range []string{"rate", "rate_sent"} {
		q := stats.IPQuery{OrderBy: by, Descending: true, Limit: 7, Offset: 2}
		want, _ := r.engine.IPs(q)
		got, total, err := catalog.IPs(t.Context(), q)
		if diff := gocmp.Diff(want, got, sameAddr); err != nil || total != wantTotal || diff != "" {
			t.Errorf("by %s: total %d, %v\n%s", by, total, err, diff)
		}
	}
	if ip, err := catalog.IP(t.Context(), want[3].Addr); err != nil || !gocmp.Equal(ip, want[3], sameAddr) {
		t.Errorf("%+v, %v; want %+v", ip, err, want[3])
	}
	if _, err := catalog.IP(t.Context(), netip.MustParseAddr("203.0.113.1")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown IP: got %v, want ErrNotFound", err)
	}
}

func TestHistoryWhileTheDiskIsFull(t *testing.T) {
	r, _ := mixed(t)
	catalog := r.catalog()
	q := store.HistoryQuery{From: start - 10e9, To: start + 60e9, Step: 5}
	check := func(when string) {
		t.Helper()
		want, err := store.NewSeries(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.engine.Series(0, 0) {
			want.Add(&s)
		}
		got, err := catalog.History(t.Context(), q)
		if diff := gocmp.Diff(want.Points, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", when, err, diff)
		}
	}
	check("not flushed for three seconds")
	r.store.set(func(f *faulty) { f.failWrites = true })
	_ = r.writer.Flush(t.Context()) // fails, and the back-off begins
	check("full")
	r.second(t, 5, 5)
	check("full for a second")
	r.store.set(func(f *faulty) { f.failWrites = false })
	check("during the back-off")
}

func TestEventsAreOneList(t *testing.T) {
	r := newRig(t)
	catalog := r.catalog()
	for i := range 40 {
		r.writer.Record(store.Event{Time: int64(i + 1), Kind: [...]string{"a", "b"}[i%2], Level: store.Level(i % 3)})
		if i == 24 {
			if err := r.writer.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := r.writer.Recent(100)
	for _, q := range []store.EventQuery{{}, {Kind: "a"}, {Level: store.LevelWarning}, {From: 5, To: 35}} {
		var want []store.Event
		for i := range all {
			if q.Match(&all[i]) {
				want = append(want, all[i])
			}
		}
		var got []store.Event
		for q.Limit = 7; q.Offset < len(all); q.Offset += q.Limit {
			page, total, err := catalog.Events(t.Context(), q)
			if err != nil || total != len(want) {
				t.Fatalf("%+v: total %v, %v; want %d", q, total, err, len(want))
			}
			got = append(got, page...)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%+v:\n%s", q, diff)
		}
	}
}

func TestInfo(t *testing.T) {
	r, all := mixed(t)
	info, err := r.catalog().Info(t.Context())
	if err != nil || info.Sessions == 0 || info.Sessions > int64(len(all)) || info.Name != "sqlite" {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	if err := store.Default().Validate(); err != nil {
		t.Error(err)
	}
	bad := store.WriterConfig{Retention: store.Retention{Sessions: -time.Hour, Hours: time.Second}}
	err := bad.Validate()
	for _, key := range []string{"flush_interval", "retention.sessions", "retention.hours"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}

// TestWrittenButNotKnown asks while a batch is in the store and the writer was told
// that it is not.
func TestWrittenButNotKnown(t *testing.T) {
	r, all := mixed(t)
	catalog := r.catalog()
	r.writer.Record(store.Event{Kind: "a"})
	r.store.set(func(f *faulty) { f.lie = true })
	if err := r.writer.Flush(t.Context()); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want %v", err, errDisk)
	}
	for offset := 0; offset < len(all); offset += 23 {
		q := stats.SessionQuery{OrderBy: "total_bytes", Offset: offset, Limit: 23}
		want, _ := pick(all, q)
		got, total, err := catalog.Sessions(t.Context(), q)
		if err != nil || total.Rows != len(all) || !slices.Equal(got, want) {
			t.Fatalf("page at %d: total %v, %v; want %d\n%s", offset, total, err, len(all), gocmp.Diff(want, got))
		}
	}
	points, err := catalog.History(t.Context(), store.HistoryQuery{From: start, To: start + 60e9, Step: 60})
	if got, want := sum(points), sum(r.engine.Series(0, 0)); err != nil || got.Out != want.Out {
		t.Errorf("history: %+v, %v; want %+v", got.Out, err, want.Out)
	}
	events, total, err := catalog.Events(t.Context(), store.EventQuery{})
	want := []string{"error/store_failed", "info/a"}
	if diff := gocmp.Diff(want, describe(events)); err != nil || total != 2 || diff != "" {
		t.Errorf("events: %d, %v\n%s", total, err, diff)
	}
}
