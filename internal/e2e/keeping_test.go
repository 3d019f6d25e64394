package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// TestDatabaseFaultsUnderTraffic does to the database of a running monitor what happens to
// files. Each time capturing goes on, there is one event with the remedy, storing goes on by
// itself, and at the end every packet is in one of the files, once.
func TestDatabaseFaultsUnderTraffic(t *testing.T) {
	needTools(t, "sqlite3", "dd")
	if !enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	dir := t.TempDir()
	db := filepath.Join(dir, "data", "netflow.db")
	m := launch{dir: dir, args: []string{"-i", "a0"}, env: []string{fastFlush}}.start(t)
	traffic := newStream(t, "a1")
	stored := func() {
		t.Helper()
		since := time.Now()
		eventually(t, 90*time.Second, "storing goes on", func() (bool, any) {
			d := m.status().Database
			return d.Error == "" && d.LastWrite != nil && d.LastWrite.After(since.Add(1500*time.Millisecond)), d
		})
	}
	stored()
	var files []string // that hold what was stored
	for _, c := range []struct {
		name  string
		do    func()
		event string
		says  []string
		left  string // pattern of the file that has what was stored until then
	}{
		{
			"locked", func() { lockFor(t, db, 8*time.Second) },
			"store_failed", []string{"locked by another program", "close it"}, "",
		},
		{
			"damaged", func() { overwrite(t, db) },
			"store_set_aside", []string{"damaged", ".corrupt-", ".recover"}, db + ".corrupt-????????-??????",
		},
		{
			"moved away", func() { rename(t, db, filepath.Join(dir, "moved.db")) },
			"store_replaced", []string{"was deleted", "stop the monitor"}, filepath.Join(dir, "moved.db"),
		},
	} {
		captured := m.status().Capture.Packets
		c.do()
		var event wire.Event
		eventually(t, 60*time.Second, c.name+": there is an event", func() (bool, any) {
			page := call[wire.Page[wire.Event]](t, http.MethodGet, m.base+"api/events?kind="+c.event)
			if len(page.Items) > 0 {
				event = page.Items[0]
			}
			return page.Total == 1, page
		})
		for _, part := range c.says {
			if !strings.Contains(event.Message, part) {
				t.Errorf("%s: the event does not say %q: %s", c.name, part, event.Message)
			}
		}
		eventually(t, 5*time.Second, c.name+": capturing goes on", func() (bool, any) {
			s := m.status()
			return s.Monitoring && s.Error == "" && s.Capture.Packets > captured, s
		})
		stored()
		if c.left != "" {
			found, err := filepath.Glob(c.left)
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: no file %s: %v, %v", c.name, c.left, found, err)
			}
			files = append(files, found[0])
		}
	}
	if aside := m.status().Database.SetAside; !slices.Contains(files, aside) {
		t.Errorf("the status names %q, there are %q", aside, files)
	}
	traffic.end()
	stored()
	status := m.status()
	m.stop()
	if got := sqlite(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
	// The damaged file can't be added up; the others hold what it does not.
	const sum = "SELECT ifnull(sum(packets_in + packets_out + packets_other), 0) FROM traffic_history WHERE step = 3600 AND point = 0"
	var packets uint64
	for _, file := range []string{files[1], db} {
		var n uint64
		if _, err := fmt.Sscan(sqlite(t, file, sum), &n); err != nil || n == 0 {
			t.Errorf("%s has %d packets, %v", file, n, err)
		}
		packets += n
	}
	if d := status.Database; packets >= status.Totals.Packets || d.LostSessions != 0 || d.Error != "" {
		t.Errorf("%d packets in the files since the damage, %d in all; %+v", packets, status.Totals.Packets, d)
	}
}

// lockFor holds the database locked by another program for a while.
func lockFor(t *testing.T, path string, d time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sqlite3", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(in, "PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE; SELECT 'locked';"); err != nil {
		t.Fatal(err)
	}
	// The first line is of the pragma.
	if answer, err := bufio.NewReader(out).ReadString('d'); err != nil {
		t.Fatalf("%q, %v", answer, err)
	}
	time.Sleep(d)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// overwrite spoils all of a database, and of its log, but their headers.
func overwrite(t *testing.T, path string) {
	t.Helper()
	const script = `for f in "$1" "$1"-wal; do if test -f "$f"; then
		head -c $(($(stat -c %s "$f") * 9 / 10)) /dev/urandom | dd of="$f" bs=4096 seek=1 conv=notrunc status=none
	fi; done`
	if out, err := exec.CommandContext(t.Context(), "sh", "-euc", script, "sh", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedAtStart begins anew, and says where the old file is.
func TestDamagedAtStart(t *testing.T) {
	needTools(t, "sqlite3", "dd")
	dir := t.TempDir()
	capture := demoFile(t, dir)
	m := startMonitor(t, dir, "-r", capture)
	m.awaitEnd()
	m.stop()
	db := filepath.Join(dir, "data", "netflow.db")
	overwrite(t, db)
	damaged := contents(t, db)

	m = startMonitor(t, dir, "-r", capture)
	m.awaitEnd()
	var d wire.Database
	eventually(t, 10*time.Second, "the file is stored anew", func() (bool, any) {
		d = m.status().Database
		return d.Sessions > 0 && d.Error == "", d
	})
	if !bytes.Equal(contents(t, d.SetAside), damaged) {
		t.Errorf("%s is not the damaged file", d.SetAside)
	}
	page := call[wire.Page[wire.Event]](t, http.MethodGet, m.base+"api/events?kind=store_set_aside")
	if page.Total != 1 || !strings.Contains(page.Items[0].Message, d.SetAside) {
		t.Errorf("%+v", page)
	}
	if !strings.Contains(m.output.String(), d.SetAside) {
		t.Error("the log does not say where the file is")
	}
	m.stop()
	if got := sqlite(t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
}
