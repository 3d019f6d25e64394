package sqlite_test

import (
	"encoding/binary"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// What a command deletes beside a monitor, the monitor's lists don't have any more.
func TestCleanupBesideManyIPs(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := open(t, path)
	now := time.Now()
	b := store.Batch{Run: "run", Sequence: 1, Samples: []stats.Sample{{Time: now.UnixNano()}}}
	for i := range uint32(30_000) {
		at := now.UnixNano()
		if i%3 == 0 {
			at = now.AddDate(0, 0, -20).UnixNano()
		}
		ip := stats.IP{Addr: netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0x0a000000+i))), Sessions: 1, First: at, Last: at}
		ip.Sent.Packets, ip.Sent.WireBytes = 1, uint64(i)
		b.IPs = append(b.IPs, ip)
	}
	if err := s.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	ask := func(want int) {
		t.Helper()
		list, total, err := s.IPs(ctx, stats.IPQuery{OrderBy: "total_bytes", Limit: 10})
		if err != nil || total != want || len(list) != 10 {
			t.Errorf("%d of %d IPs, %v; want 10 of %d", len(list), total, err, want)
		}
		for _, ip := range list {
			if want == 20_000 && ip.Last < now.UnixNano() {
				t.Errorf("%s is listed still", ip.Addr)
			}
		}
	}
	ask(30_000)
	command := attach(t, path)
	if pruned, err := command.Cleanup(ctx, 7*24*time.Hour); err != nil || pruned.Rows != 10_000 {
		t.Errorf("%+v, %v", pruned, err)
	}
	ask(20_000)
}
