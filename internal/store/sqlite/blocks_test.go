package sqlite

import (
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/columnar"
)

// blockRig is a store with sessions of two days ago, and a time between them and now.
type blockRig struct {
	*Store
	t        *testing.T
	sequence uint64
	between  int64
}

func newBlockRig(t *testing.T) *blockRig {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "netflow.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &blockRig{Store: s, t: t, between: time.Now().Add(-24 * time.Hour).UnixNano()}
	r.write(0, 1000, time.Now().Add(-48*time.Hour))
	return r
}

// write stores n sessions with identifiers behind first.
func (r *blockRig) write(first, n int, last time.Time) {
	r.t.Helper()
	r.sequence++
	b := store.Batch{Run: "run", Sequence: r.sequence}
	for i := range n {
		s := stats.Session{ID: uint64(first + i + 1), Last: last.UnixNano() + int64(i), End: flow.EndOfFlow}
		s.Start = s.Last - int64(time.Second)
		s.Key = flow.Key{Version: 4, Protocol: flow.ProtoUDP, Src: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).As16()}
		s.Key.Dst = s.Key.Src
		b.Sessions = append(b.Sessions, s)
	}
	if err := r.Write(r.t.Context(), b); err != nil {
		r.t.Fatal(err)
	}
}

// check compares what is listed, counted and in rows.
func (r *blockRig) check(want int) {
	r.t.Helper()
	list, total, err := r.Sessions(r.t.Context(), stats.SessionQuery{})
	if err != nil || len(list) != want || total.Rows != want {
		r.t.Errorf("%d listed of %v, %v; want %d", len(list), total, err, want)
	}
	info, err := r.Info(r.t.Context())
	if err != nil || info.Sessions != int64(want) {
		r.t.Errorf("%d counted, %v; want %d", info.Sessions, err, want)
	}
	if problems, err := r.Check(r.t.Context()); err != nil || len(problems) > 0 {
		r.t.Errorf("check: %v, %v", problems, err)
	}
}

func (r *blockRig) exec1(query string, args ...any) {
	r.t.Helper()
	if err := r.exec(r.t.Context(), query, args...); err != nil {
		r.t.Fatal(err)
	}
}

// A pruning that another one has overtaken deletes nothing of what came since.
func TestOvertakenPruning(t *testing.T) {
	r := newBlockRig(t)
	id, err := r.nextDropped(t.Context(), r.between)
	if err != nil || id == 0 {
		t.Fatal(id, err)
	}
	if n, err := r.dropSessions(t.Context(), r.between); n != 1000 || err != nil {
		t.Fatal(n, err)
	}
	r.write(5000, 700, time.Now())
	if n, err := r.emptyBlock(t.Context(), id); n != 0 || err != nil {
		t.Errorf("%d sessions deleted, %v", n, err)
	}
	r.check(700)
}

// Blocks that are made anew in the middle of a pruning are pruned like others.
func TestRebuildWhilePruning(t *testing.T) {
	r := newBlockRig(t)
	r.write(2000, 100, time.Now())
	id, err := r.nextDropped(t.Context(), r.between)
	if err != nil || id == 0 {
		t.Fatal(id, err)
	}
	r.misindexed.Store(true)
	r.write(4000, 10, time.Now())
	r.check(1110)
	if n, err := r.emptyBlock(t.Context(), id); n != 0 || err != nil {
		t.Errorf("%d sessions deleted, %v", n, err)
	}
	if n, err := r.dropSessions(t.Context(), r.between); n != 1000 || err != nil {
		t.Errorf("%d sessions deleted, %v", n, err)
	}
	r.check(110)
}

// A block that is damaged, in whatever way, is made anew by the next write.
func TestDamagedBlock(t *testing.T) {
	columnOf := "UPDATE session_columns SET data = x'01ffff' WHERE id & 63 = ?"
	for name, damage := range map[string]func(*blockRig){
		"bounds":    func(r *blockRig) { r.exec1("UPDATE session_blocks SET bounds = x'00'") },
		"rows":      func(r *blockRig) { r.exec1("UPDATE session_blocks SET rows = -5") },
		"addresses": func(r *blockRig) { r.exec1(columnOf, columnar.Addresses) },
		"a column":  func(r *blockRig) { r.exec1(columnOf, columnar.Src) },
		"no column": func(r *blockRig) { r.exec1("DELETE FROM session_columns") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newBlockRig(t)
			damage(r)
			_, _, err := r.Sessions(t.Context(), stats.SessionQuery{OrderBy: "src_ip", Limit: 10, IP: netip.MustParsePrefix("10.0.0.0/8")})
			if !errors.Is(err, columnar.ErrDamaged) {
				t.Errorf("got %v, want %v", err, columnar.ErrDamaged)
			}
			r.write(5000, 10, time.Now())
			r.check(1010)
		})
	}
}

// Pruning meets damage too, and goes on once that is mended.
func TestPruningMeetsDamage(t *testing.T) {
	for name, at := range map[string]time.Duration{"whole block": 24 * time.Hour, "part of it": 36 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := newBlockRig(t)
			if name == "part of it" {
				r.write(1000, 1000, time.Now().Add(-30*time.Hour)) // joins the block
			}
			before := time.Now().Add(-at).UnixNano()
			r.exec1("UPDATE session_columns SET data = x'01' WHERE id & 63 IN (?, ?)", columnar.ID, columnar.Last)
			if _, err := r.dropSessions(t.Context(), before); !errors.Is(err, columnar.ErrDamaged) {
				t.Errorf("got %v, want %v", err, columnar.ErrDamaged)
			}
			r.write(5000, 10, time.Now())
			if n, err := r.dropSessions(t.Context(), before); n != 1000 || err != nil {
				t.Errorf("%d sessions deleted, %v", n, err)
			}
		})
	}
}

// Addresses that all came in the same moment are each on one page.
func TestManyIPsOfOneMoment(t *testing.T) {
	r := newBlockRig(t)
	r.indexedFrom.Store(0)
	const n = 5000
	b := store.Batch{Run: "ips", Sequence: 1}
	now := time.Now().UnixNano()
	for i := range n {
		a := netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)})
		b.IPs = append(b.IPs, stats.IP{Addr: a, Sessions: 1, First: now, Last: now + int64(i%7)})
	}
	if err := r.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	seen := make(map[netip.Addr]bool)
	q := stats.IPQuery{OrderBy: "last_seen", Descending: true, Limit: 450}
	for ; q.Offset < n; q.Offset += q.Limit {
		list, total, err := r.IPs(t.Context(), q)
		if err != nil || total != n {
			t.Fatal(total, err)
		}
		for i := range list {
			seen[list[i].Addr] = true
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d addresses are listed", len(seen), n)
	}
}

// A page behind all that there is costs nothing.
func TestPageBehindTheEnd(t *testing.T) {
	r := newBlockRig(t)
	q := stats.SessionQuery{OrderBy: "total_bytes", Offset: 1 << 30, Limit: 1000}
	list, total, err := r.Sessions(t.Context(), q)
	if err != nil || len(list) != 0 || total.Rows != 1000 {
		t.Errorf("%d listed of %v, %v", len(list), total, err)
	}
	q.Offset = 999
	if list, _, err := r.Sessions(t.Context(), q); err != nil || len(list) != 1 {
		t.Errorf("the last one is not listed: %v", err)
	}
}
