package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// TestFullDisk lets the disk of the database run full under live traffic.
func TestFullDisk(t *testing.T) {
	needTools(t, "ping", "nsenter", "sqlite3", "mount")
	if !enter(t, syscall.CLONE_NEWNS) {
		return
	}
	w := layWire(t)
	dir := t.TempDir()
	disk := filepath.Join(dir, "data")
	if err := os.Mkdir(disk, 0o750); err != nil {
		t.Fatal(err)
	}
	netns.Run(t, "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	m := launch{dir: dir, args: []string{"-i", w.near}, env: []string{fastFlush}}.start(t)
	exchange(t)
	eventually(t, 5*time.Second, "something is stored", func() (bool, any) {
		db := m.status().Database
		return db.Sessions > 0, db
	})

	ballast := fill(t, disk)
	eventually(t, 20*time.Second, "the status says that the disk is full", func() (bool, any) {
		exchange(t)
		got := m.status()
		return strings.Contains(got.Database.Error, "free some space"), got.Database
	})
	failed := call[wire.Page[wire.Event]](t, http.MethodGet, m.base+"api/events?kind=store_failed")
	if failed.Total != 1 || !strings.Contains(failed.Items[0].Message, "free some space") {
		t.Errorf("events: %+v", failed)
	}
	before := m.sums().packets
	exchange(t)
	eventually(t, 5*time.Second, "the live part goes on", func() (bool, any) {
		got := m.status()
		return got.Monitoring && got.Error == "" && got.Totals.Packets > before, got
	})

	path := filepath.Join(disk, "netflow.db")
	launch{dir: dir, args: []string{"-i", w.near, "--host", "127.0.0.1", "-p", "0"}, env: []string{"NETFLOW_DATABASE_PATH=data/other.db"}}.
		fails(t, exitFailure, "other.db", "free some space", "database.path")

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "storing recovers by itself", func() (bool, any) {
		return m.status().Database.Error == "" && slices.Contains(m.events(), "store_recovered"), m.status().Database
	})
	want := m.status().Totals.Sessions
	m.stop()
	if got := sqlite(t, path, "PRAGMA integrity_check; SELECT count(*) FROM sessions"); got != fmt.Sprintf("ok\n%d", want) {
		t.Errorf("the database has %q sessions, %d were seen", got, want)
	}
}

// fill writes into a folder until there is no room, and returns the file.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return path
}
