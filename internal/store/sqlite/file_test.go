package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// tellTo returns where the store's events go.
func tellTo(s *sqlite.Store) *[]store.Event {
	var events []store.Event
	s.OnEvent(func(e store.Event) { events = append(events, e) })
	return &events
}

// shell changes files from outside: to open and close a database within the process would
// end SQLite's locks on it.
func shell(t *testing.T, script string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-euc", script, "sh"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

const (
	// spoil overwrites the tables and leaves the header.
	spoil = `head -c $(($(stat -c %s "$1") - 4096)) /dev/urandom | dd of="$1" bs=4096 seek=1 conv=notrunc status=none`
	// spoilOld overwrites what was written first.
	spoilOld = `page=$(sqlite3 "$1" "SELECT min(pageno) FROM dbstat WHERE name = 'sessions' AND pagetype = 'leaf'")
		size=$(sqlite3 "$1" 'PRAGMA page_size')
		head -c $size /dev/urandom | dd of="$1" bs=$size seek=$((page - 1)) conv=notrunc status=none`
	// behead overwrites what makes a file a database.
	behead = `head -c 16 /dev/urandom | dd of="$1" conv=notrunc status=none`
)

func TestDamagedAtStart(t *testing.T) {
	for name, damage := range map[string]string{"tables": spoil, "header": behead} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "netflow.db")
			written(t, path)
			shell(t, damage, path)
			damaged, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, path)
			events := *tellTo(s)
			aside := info(t, s).SetAside
			kept, err := os.ReadFile(aside)
			if err != nil || !slices.Equal(kept, damaged) {
				t.Errorf("%s is not the damaged file: %v", aside, err)
			}
			if !strings.HasPrefix(aside, path+".corrupt-"+time.Now().UTC().Format("2006")) {
				t.Errorf("it is kept as %s", aside)
			}
			if len(events) != 1 || events[0].Kind != sqlite.KindSetAside || !strings.Contains(events[0].Message, "sqlite3 "+aside+" .recover") {
				t.Errorf("events: %+v", events)
			}
			if err := s.Write(t.Context(), batchOf(1, 10)); err != nil {
				t.Fatal(err)
			}
			if err := verify(t.Context(), s, path, 1, 10); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDamagedWhileRunning spoils the open database. It is set aside, whoever finds out, and
// from then on all batches are in a new one, each once.
func TestDamagedWhileRunning(t *testing.T) {
	for name, damage := range map[string]string{"tables": spoil, "end": `truncate -s 20480 "$1"`, "what only readers look at": spoilOld} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			path := filepath.Join(t.TempDir(), "netflow.db")
			written(t, path)
			s := open(t, path)
			events := tellTo(s)
			if err := s.AddPoint(ctx, 7, "eth0"); err != nil {
				t.Fatal(err)
			}
			first := uint64(2)
			if err := s.Write(ctx, batchOf(first, perBatch)); err != nil {
				t.Fatal(err)
			}
			shell(t, damage, path)
			sequence, deadline := first, time.Now().Add(20*time.Second)
			for len(*events) == 0 {
				if time.Now().After(deadline) {
					t.Fatal("nobody found out")
				}
				sequence++
				for _, x := range batchOf(1, 1000).Sessions {
					_, _ = s.Session(ctx, x.ID) // it may fail, and then tells
				}
				if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
					t.Fatalf("write %d: %v", sequence, err)
				}
			}
			first = sequence // the batch that found out is the first of the new file
			for ; sequence < first+5; sequence++ {
				if err := s.Write(ctx, batchOf(sequence+1, perBatch)); err != nil {
					t.Fatal(err)
				}
			}
			if err := verify(ctx, s, path, sequence-first+1, perBatch); err != nil {
				t.Error(err)
			}
			if names, err := s.Points(ctx); err != nil || names[7] != "eth0" {
				t.Errorf("the points are lost: %v, %v", names, err)
			}
			aside := info(t, s).SetAside
			if _, err := os.Stat(aside); err != nil || len(*events) != 1 || !strings.Contains((*events)[0].Message, aside) {
				t.Errorf("%v: %v", events, err)
			}
			if found, err := filepath.Glob(path + ".*-????????-??????*"); err != nil || len(found) == 0 || len(found) > 3 {
				t.Errorf("files: %v, %v", found, err)
			}
		})
	}
}

// TestFileTakenAway does what a user may do to a database that is open.
func TestFileTakenAway(t *testing.T) {
	for _, c := range []struct {
		name, script string
		kept         uint64 // batches that are in the file that is there then
	}{
		{"deleted", `rm "$1" "$1"-wal "$1"-shm`, 0},
		{"deleted without its log", `rm "$1"`, 0},
		{"folder deleted", `rm -r "$(dirname "$1")"`, 0},
		{"moved", `mv "$1" "$1.old"`, 0},
		{"backup put in place", `cp "$2" "$1.new"; mv "$1.new" "$1"`, 1},
		{"backup put in place of all", `rm "$1" "$1"-wal "$1"-shm; cp "$2" "$1"`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			backup := filepath.Join(t.TempDir(), "backup.db")
			b, err := sqlite.Open(ctx, sqlite.Config{Path: backup})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(b.Write(ctx, batchOf(1, perBatch)), b.Close()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "data", "netflow.db")
			s := open(t, path)
			events := tellTo(s)
			for sequence := uint64(1); sequence <= 3; sequence++ {
				if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
					t.Fatal(err)
				}
			}
			shell(t, c.script, path, backup)
			for sequence := uint64(4); sequence <= 6; sequence++ {
				for range 2 { // once is enough
					if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := verify(ctx, s, path, 3+c.kept, perBatch); err != nil {
				t.Error(err)
			}
			if len(*events) != 1 || (*events)[0].Kind != sqlite.KindReplaced || !strings.Contains((*events)[0].Message, path) {
				t.Errorf("events: %+v", *events)
			}
			if c.name == "moved" { // all that was stored moved with it
				if err := verify(ctx, attach(t, path+".old"), path+".old", 3, perBatch); err != nil {
					t.Error(err)
				}
			}
			if left, _ := filepath.Glob(path + ".left*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, err := sqlite.Open(ctx, sqlite.Config{Path: path}); err == nil || !strings.Contains(err.Error(), "another monitor") {
				t.Errorf("a second monitor on the new file: %v", err)
			}
		})
	}
}

// TestSurvivesClose makes sure that connections to an old file, which are closed late, do
// not take the log of the new one with them.
func TestSurvivesClose(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "netflow.db")
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, batchOf(1, perBatch)); err != nil {
		t.Fatal(err)
	}
	for range 20 { // connections of the readers to the file that goes
		if _, _, err := s.Sessions(ctx, stats.SessionQuery{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, `rm "$1"`, path)
	if err := s.Write(ctx, batchOf(2, perBatch)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, _, err := s.Sessions(ctx, stats.SessionQuery{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the log of the new file: %v", err)
	}
	if err := errors.Join(s.Write(ctx, batchOf(3, perBatch)), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := verify(ctx, open(t, path), path, 2, perBatch); err != nil {
		t.Error(err)
	}
}

// hold locks a database in another process until release is called.
func hold(t *testing.T, path string) (release func()) {
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
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		skip(t, "the sqlite3 tool is not installed")
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(in, "BEGIN EXCLUSIVE; SELECT 'locked';"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return func() {
		if _, err := fmt.Fprintln(in, "COMMIT;"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLockedByAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a lock")
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := open(t, path)
	if err := s.Write(ctx, batchOf(1, perBatch)); err != nil {
		t.Fatal(err)
	}
	release := hold(t, path)
	if err := s.Write(ctx, batchOf(2, perBatch)); err == nil || !strings.Contains(err.Error(), "locked by another program") {
		t.Errorf("got %v", err)
	}
	if _, total, err := s.Sessions(ctx, stats.SessionQuery{Limit: 1}); err != nil || total.Rows != perBatch {
		t.Errorf("reading beside the lock: %v, %v", total, err)
	}
	release()
	if err := s.Write(ctx, batchOf(2, perBatch)); err != nil {
		t.Fatal(err)
	}
	if err := verify(ctx, s, path, 2, perBatch); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyFile(t *testing.T) {
	if _, err := exec.LookPath("setpriv"); err != nil {
		skip(t, "setpriv is not installed")
	}
	cmd := child(t, "read-only file", t.TempDir())
	cmd.Args = slices.Concat([]string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}, cmd.Args) // for root the mode would be nothing
	cmd.Path, _ = exec.LookPath("setpriv")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A file that can't be written to is tried again, and its connections with it.
func replaceByReadOnly(folder string) error {
	ctx := context.Background()
	path := filepath.Join(folder, "netflow.db")
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	if err := s.AddPoint(ctx, flow.Point(1), "eth0"); err != nil {
		return err
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o400)); err != nil {
		return err
	}
	for range 3 {
		if err := s.Write(ctx, batchOf(1, perBatch)); !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), "write access") {
			return fmt.Errorf("on a read-only file: got %w, want ErrReadOnly with the remedy", err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	if err := s.Write(ctx, batchOf(1, perBatch)); err != nil {
		return fmt.Errorf("once it is writable: %w", err)
	}
	return errors.Join(verify(ctx, s, path, 1, perBatch), s.Close())
}
