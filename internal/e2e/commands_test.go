package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// TestDatabaseCommandsBesideMonitor runs every command on the database of a monitor under
// traffic, and the same through the API. The monitor goes on storing, and loses nothing.
func TestDatabaseCommandsBesideMonitor(t *testing.T) {
	needTools(t, "sqlite3")
	if !enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	dir := t.TempDir()
	config := write(t, dir, "c.yaml", "database: {keep_sessions: 30d}\n")
	m := launch{dir: dir, args: []string{"-i", "a0", "-c", config}, env: []string{fastFlush}}.start(t)
	traffic := newStream(t, "a1")
	eventually(t, 10*time.Second, "something is stored", func() (bool, any) {
		d := m.status().Database
		return d.LastWrite != nil && d.OldestMinute != nil, d
	})
	run := func(args ...string) string {
		t.Helper()
		out, err := launch{dir: dir, args: append([]string{"db"}, args...)}.command(t).Output()
		if err != nil {
			t.Errorf("db %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	var about struct{ Sessions, Bytes int64 }
	if err := json.Unmarshal([]byte(run("info", "--json")), &about); err != nil || about.Bytes == 0 {
		t.Errorf("info: %+v, %v", about, err)
	}
	if got := run("check"); got != "no faults" {
		t.Errorf("check: %s", got)
	}
	run("backup", "copy.db")
	copied := filepath.Join(dir, "copy.db")
	if got := sqlite(t, copied, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("the backup: %s", got)
	}
	if n, err := strconv.Atoi(sqlite(t, copied, "SELECT sum(packets_in + packets_out + packets_other) FROM traffic_history WHERE step = 3600 AND point = 0")); err != nil || n == 0 {
		t.Errorf("the backup has %d packets, %v", n, err)
	}
	run("cleanup", "--days", "1")
	run("vacuum")
	if lines := strings.Count(run("export", "history", "--from", "-1h", "--with", "step=60"), "\n"); lines < 60 {
		t.Errorf("%d lines of history", lines)
	}
	out, err := launch{dir: dir, args: []string{"db", "vacuum", "--full"}}.command(t).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another monitor") {
		t.Errorf("a full vacuum beside the monitor: %v, %s", err, out)
	}
	for _, path := range []string{"check", "vacuum"} {
		if got := call[wire.DatabaseDetail](t, http.MethodPost, m.base+"api/database/"+path); got.Job == nil || got.Job.State != "done" || len(got.Job.Faults) > 0 {
			t.Errorf("%s: %+v", path, got.Job)
		}
	}
	body, err := fetch(t.Context(), http.MethodPost, m.base+"api/database/backup")
	if err != nil {
		t.Fatal(err)
	}
	if got := sqlite(t, write(t, dir, "download.db", string(body)), "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("the download: %s", got)
	}

	write(t, dir, "c.yaml", "database: {keep_sessions: 7d, max_size: 50MB}\n")
	if err := m.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the retention follows the configuration", func() (bool, any) {
		r := call[wire.DatabaseDetail](t, http.MethodGet, m.base+"api/database").Retention
		return r.Sessions == 7*86400 && r.MaxBytes == 50_000_000, r
	})

	traffic.end()
	sent := time.Now()
	eventually(t, 10*time.Second, "storing goes on", func() (bool, any) {
		d := m.status().Database
		return d.Error == "" && d.LastWrite.After(sent.Add(1500*time.Millisecond)), d
	})
	status := m.status()
	m.stop()
	if kinds := status.Database; kinds.LostSessions != 0 {
		t.Errorf("%+v", kinds)
	}
	db := filepath.Join(dir, "data", "netflow.db")
	packets := sqlite(t, db, "SELECT sum(packets_in + packets_out + packets_other) FROM traffic_history WHERE step = 86400 AND point = 0")
	if packets != strconv.FormatUint(status.Totals.Packets, 10) {
		t.Errorf("%s packets are stored, %d were seen", packets, status.Totals.Packets)
	}
	if failed := sqlite(t, db, "SELECT count(*) FROM event_logs WHERE level <> 'info'"); failed != "0" {
		t.Errorf("%s events of something wrong", failed)
	}
	if left, err := filepath.Glob(db + "-*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(db + ".lock"); err != nil {
		t.Error(err)
	}
}
