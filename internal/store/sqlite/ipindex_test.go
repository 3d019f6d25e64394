package sqlite

import (
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

func TestIPCodeKeepsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, column := range []string{"total_bytes", "last_seen"} {
		for range 100_000 {
			a, b := r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64)
			if a > b {
				a, b = b, a
			}
			if ipCode(column, a) > ipCode(column, b) {
				t.Fatalf("%s: %d comes behind %d", column, a, b)
			}
		}
	}
	for _, exact := range []uint64{0, 1, 1<<exactBits - 1} {
		if ipCode("total_bytes", exact) != uint32(exact) {
			t.Errorf("%d is not its own code", exact)
		}
	}
}

func randomIP(r *rand.Rand) stats.IP {
	a := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(8)), byte(r.IntN(256))})
	if r.IntN(3) == 0 {
		a = netip.AddrFrom16([16]byte{0: 0x20, 14: byte(r.IntN(4)), 15: byte(r.IntN(256))})
	}
	counters := func() flow.Counters {
		return flow.Counters{Packets: r.Uint64N(3), WireBytes: 1<<40 + r.Uint64N(4), IPBytes: r.Uint64N(1 << 30), PayloadBytes: r.Uint64N(1 << 50)}
	}
	first := time.Date(2026, 1, 1, 0, 0, 0, r.IntN(9), time.UTC).UnixNano()
	return stats.IP{
		Addr: a, Sent: counters(), Received: counters(), Sessions: r.Uint64N(3), RetransmitsSent: r.Uint64N(2),
		First: first, Last: first + r.Int64N(100), Local: a.As16()[15]%2 == 0,
	}
}

// The index answers as SQLite does, whatever was written and deleted since it was made.
func TestIPIndexIsAsSQLite(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Path: filepath.Join(t.TempDir(), "netflow.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := rand.New(rand.NewPCG(2, 2))
	networks := []string{"10.0.3.0/24", "2000::/16", "10.0.0.77/32", "192.0.2.0/24", "::/0"}
	for sequence := range uint64(25) {
		b := store.Batch{Run: "run", Sequence: sequence + 1}
		for range 40 {
			b.IPs = append(b.IPs, randomIP(r))
		}
		if err := s.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
		if sequence == 15 {
			if _, err := s.Prune(ctx, store.Retention{IPs: time.Duration(1)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 60 {
			q := stats.IPQuery{OrderBy: ipOrders[r.IntN(len(ipOrders))].Name, Descending: r.IntN(2) == 0, Offset: r.IntN(60), Limit: r.IntN(50)}
			if r.IntN(3) == 0 {
				q.Network = netip.MustParsePrefix(networks[r.IntN(len(networks))])
			}
			if r.IntN(3) == 0 {
				local := r.IntN(2) == 0
				q.Local = &local
			}
			compareIPs(t, s, q)
		}
	}
}

func compareIPs(t *testing.T, s *Store, q stats.IPQuery) {
	t.Helper()
	s.indexedFrom.Store(1 << 40)
	want, wantTotal, err := s.IPs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	s.indexedFrom.Store(0)
	got, total, err := s.IPs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if total != wantTotal || !slices.Equal(got, want) {
		t.Fatalf("%+v: total %d, want %d\n%s", q, total, wantTotal, cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })))
	}
}
