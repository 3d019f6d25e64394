package sqlite

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// A command deletes no IP that it can't tell the monitor of.
func TestCleanupTellsOrDeletesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := reopen(t, path)
	at := time.Now().AddDate(0, 0, -20).UnixNano()
	b := store.Batch{Run: "run", Sequence: 1, IPs: []stats.IP{{Addr: netip.MustParseAddr("10.0.0.1"), First: at, Last: at, Sessions: 1}}}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	_, err := s.writer.ExecContext(t.Context(), `CREATE TRIGGER untold BEFORE INSERT ON row_counts
		WHEN NEW.name = 'ips_elsewhere' BEGIN SELECT RAISE(ABORT, 'untold'); END`)
	if err != nil {
		t.Fatal(err)
	}
	command, err := Attach(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := command.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := command.Cleanup(t.Context(), 24*time.Hour); err == nil {
		t.Error("the monitor was told")
	}
	if n := count(t.Context(), t, s, "ip_statistics"); n != 1 {
		t.Errorf("%d IPs are left, want 1", n)
	}
}
