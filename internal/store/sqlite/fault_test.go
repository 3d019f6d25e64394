package sqlite_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// batchOf has n sessions of one packet each; its IPs and samples add up to the same.
func batchOf(sequence uint64, n int) store.Batch {
	b := store.Batch{Run: "run", Sequence: sequence}
	start := int64(1_700_000_000+sequence) * int64(time.Second)
	for i := range n {
		s := stats.Session{
			ID: flow.NewID(start, uint32(i)), Start: start, Last: start,
			Key: flow.Key{Version: 4, Protocol: flow.ProtoTCP, SrcPort: uint16(i), DstPort: 443},
			End: flow.EndOfFlow, Sent: flow.Counters{Packets: 1, WireBytes: 100},
		}
		s.Key.Src = [16]byte{10: 0xff, 11: 0xff, 12: 10, 14: byte(i >> 8), 15: byte(i)}
		s.Key.Dst = [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}
		b.Sessions = append(b.Sessions, s)
		b.IPs = append(b.IPs, stats.IP{Addr: s.Key.DstAddr(), Received: s.Sent, Sessions: 1, First: start, Last: start})
	}
	b.Samples = []stats.Sample{{Time: start, In: stats.Volume{Packets: uint64(n), Bytes: uint64(n) * 100}}}
	return b
}

// verify checks that the store holds exactly whole batches of n sessions, and is sound.
func verify(ctx context.Context, s *sqlite.Store, path string, batches uint64, n int) error {
	_, sessions, err := s.Sessions(ctx, stats.SessionQuery{Limit: 1})
	if err != nil {
		return err
	}
	want := int(batches) * n
	ips, _, err := s.IPs(ctx, stats.IPQuery{})
	if err != nil {
		return err
	}
	start := int64(1_700_000_000) * int64(time.Second)
	points, err := s.History(ctx, store.HistoryQuery{From: start, To: start + int64(24*time.Hour), Step: 3600})
	if err != nil {
		return err
	}
	var packets uint64
	for i := range points {
		packets += points[i].In.Packets
	}
	if sessions.Rows != want || len(ips) != 1 || ips[0].Sessions != uint64(want) || packets != uint64(want) {
		return fmt.Errorf("%v sessions, %v, %d packets of history; want %d of each", sessions, ips, packets, want)
	}
	output, err := exec.CommandContext(ctx, "sqlite3", path, "PRAGMA integrity_check").CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err == nil && strings.TrimSpace(string(output)) != "ok" {
		err = errors.New("not sound")
	}
	if err != nil {
		return fmt.Errorf("integrity check: %w: %s", err, output)
	}
	return nil
}

const perBatch = 200

func writeUntilKilled(folder string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "netflow.db")})
	if err != nil {
		return err
	}
	for sequence := uint64(1); ; sequence++ {
		b := batchOf(sequence, perBatch)
		living := b.Sessions[0]
		living.ID, living.End = 1, flow.EndNone // one that lives all the time
		b.Sessions = append(b.Sessions, living)
		if err := s.Write(ctx, b); err != nil {
			return err
		}
		fmt.Println(sequence)
	}
}

func TestKill(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "netflow.db")
	cmd := child(t, "write until killed", folder)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var written uint64
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if written, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if written == 20 {
			if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); err == nil || !strings.Contains(err.Error(), "another monitor") {
				t.Errorf("a second monitor on the same file: got %v", err)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if written < 20 {
		t.Fatalf("only %d batches were written", written)
	}

	s := open(t, path)
	if n := s.Recovered(); n != 1 {
		t.Errorf("%d sessions were left open, want 1", n)
	}
	session, err := s.Session(t.Context(), 1)
	if err != nil || session.End != flow.EndForced {
		t.Errorf("the living session: %+v, %v; want a forced end", session, err)
	}
	_, matching, err := s.Sessions(t.Context(), stats.SessionQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	total := matching.Rows
	batches := uint64(total-1) / perBatch
	// The last batch may be in without having been printed.
	if batches < written || batches > written+1 {
		t.Errorf("%d batches are in, %d were acknowledged", batches, written)
	}
	if total != int(batches)*perBatch+1 {
		t.Errorf("%d sessions are not whole batches of %d", total-1, perBatch)
	}
}

// writeOnUntilKilled goes on where the last one was killed.
func writeOnUntilKilled(folder string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "netflow.db")})
	if err != nil {
		return err
	}
	i, err := s.Info(ctx)
	if err != nil {
		return err
	}
	run := rand.Text()
	for n := uint64(i.Sessions)/perBatch + 1; ; n++ {
		b := batchOf(n, perBatch)
		b.Run = run
		if err := s.Write(ctx, b); err != nil {
			return err
		}
		fmt.Println(n)
		if n%20 == 0 { // what runs beside writing is killed too
			if _, err := s.Prune(ctx, store.Retention{Seconds: time.Minute}); err != nil {
				return err
			}
		}
	}
}

// TestKillLoop kills a writer again and again. Each time the file is sound, all that was
// acknowledged is there, at most the one batch that was on its way besides, and nothing twice.
func TestKillLoop(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "netflow.db")
	var stored uint64
	for kill := range kills {
		cmd := child(t, "write on until killed", folder)
		output, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := stored
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
				t.Fatal(err)
			}
			if acknowledged == stored+1 {
				time.AfterFunc(time.Duration(kill*7%50)*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
		}
		_ = cmd.Wait() // it was killed
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err != nil {
			t.Fatalf("after kill %d: %v", kill+1, err)
		}
		sessions := uint64(info(t, s).Sessions)
		batches := sessions / perBatch
		if acknowledged == stored || batches < acknowledged || batches > acknowledged+1 {
			t.Fatalf("after kill %d: %d batches are in, %d were acknowledged, %d were in before", kill+1, batches, acknowledged, stored)
		}
		if err := errors.Join(verify(t.Context(), s, path, batches, perBatch), s.Close()); err != nil {
			t.Fatalf("after kill %d: %v", kill+1, err)
		}
		stored = batches
	}
	t.Logf("%d kills, %d batches", kills, stored)
}

func fillDisk(folder string) error {
	ctx := context.Background()
	if err := mount(folder, 0, "size=4m"); err != nil {
		return err
	}
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		return err
	}
	path := filepath.Join(folder, "netflow.db")
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	sequence := uint64(1)
	for ; sequence < 1000; sequence++ {
		if err = s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
			break
		}
	}
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "free some space") {
		return fmt.Errorf("write %d on a full disk: got %w, want ErrFull with the remedy", sequence, err)
	}
	// What is there stays readable, and the very same batch goes in once there is room.
	if err := verify(ctx, s, path, sequence-1, perBatch); err != nil {
		return fmt.Errorf("while the disk is full: %w", err)
	}
	if err := s.Write(ctx, batchOf(sequence, perBatch)); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("second try on a full disk: got %w, want ErrFull", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := verify(ctx, s, path, sequence, perBatch); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return s.Close()
}

func openReadOnly(folder string) error {
	ctx := context.Background()
	if err := mount(folder, 0, "size=4m"); err != nil {
		return err
	}
	path := filepath.Join(folder, "netflow.db")
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	if err := errors.Join(s.Write(ctx, batchOf(1, 10)), s.Close(), mount(folder, syscall.MS_REMOUNT|syscall.MS_RDONLY, "")); err != nil {
		return err
	}
	for _, path := range []string{path, filepath.Join(folder, "new.db"), filepath.Join(folder, "new", "new.db")} {
		_, err := sqlite.Open(ctx, sqlite.Config{Path: path})
		if !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), "write access") {
			return fmt.Errorf("open %s on a read-only disk: got %w, want ErrReadOnly with the remedy", path, err)
		}
	}
	return nil
}

func TestFullDisk(t *testing.T)     { runWithOwnDisk(t, "full disk") }
func TestReadOnlyDisk(t *testing.T) { runWithOwnDisk(t, "read-only disk") }

func TestNotWritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; the read-only disk is the same for it")
	}
	folder := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(folder, "netflow.db")}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
}
