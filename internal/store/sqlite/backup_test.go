package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

func noProgress(string, int64, int64) {}

func attach(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Attach(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestBackup copies a database that another connection goes on writing to. The copy is of
// one moment, sound, and one file.
func TestBackup(t *testing.T) {
	ctx := t.Context()
	folder := t.TempDir()
	path, target := filepath.Join(folder, "netflow.db"), filepath.Join(folder, "copy.db")
	s := open(t, path)
	sequence := uint64(1)
	for ; sequence <= 60; sequence++ {
		if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
			t.Fatal(err)
		}
	}
	command := attach(t, path)
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for ; ; sequence++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var last, total int64
	stages := map[string]int{}
	err := command.Backup(ctx, target, func(stage string, done, of int64) {
		if stage == sqlite.StageCopy && (done < last || done > of) {
			t.Errorf("%s: %d after %d of %d", stage, done, last, of)
		}
		last, total = done, of
		stages[stage]++
	})
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if last != total || total < 60*perBatch*100 || stages[sqlite.StageCopy] < 2 || stages[sqlite.StageCheck] != 2 {
		t.Errorf("progress: %d of %d, %v", last, total, stages)
	}
	found, err := filepath.Glob(filepath.Join(folder, "copy*"))
	if err != nil || len(found) != 1 {
		t.Errorf("files: %v, %v", found, err)
	}
	restored := filepath.Join(t.TempDir(), "netflow.db")
	shell(t, `cp "$1" "$2"`, target, restored)
	r := open(t, restored)
	batches := uint64(info(t, r).Sessions) / perBatch
	if batches < 60 || batches > sequence {
		t.Errorf("%d batches are in the copy, %d were written", batches, sequence)
	}
	if err := verify(ctx, r, restored, batches, perBatch); err != nil {
		t.Error(err)
	}
	if err := verify(ctx, s, path, sequence-1, perBatch); err != nil {
		t.Error(err)
	}
}

func TestBackupRefuses(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "netflow.db")
	written(t, path)
	if err := os.WriteFile(filepath.Join(folder, "there"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := attach(t, path)
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, c := range []struct {
		name, target string
		ctx          context.Context
		want         string
	}{
		{"there already", "there", t.Context(), "not overwritten"},
		{"the database", "netflow.db", t.Context(), "belongs to the database itself"},
		{"its log", "netflow.db-wal", t.Context(), "belongs to the database itself"},
		{"a folder", ".", t.Context(), "is a folder"},
		{"no folder", "none/copy.db", t.Context(), "there is no folder"},
		{"given up", "copy.db", cancelled, "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			progress := noProgress
			if c.ctx == cancelled {
				progress = func(string, int64, int64) { cancel() }
			}
			err := s.Backup(c.ctx, filepath.Join(folder, c.target), progress)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if found, _ := filepath.Glob(filepath.Join(folder, "*partial*")); len(found) > 0 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
	if kept, err := os.ReadFile(filepath.Join(folder, "there")); err != nil || string(kept) != "precious" {
		t.Errorf("%q, %v", kept, err)
	}
}

// backupOnFullDisk has a disk of its own with room for one copy, and not for two.
func backupOnFullDisk(folder string) error {
	ctx := context.Background()
	if err := mount(folder, 0, "size=8m"); err != nil {
		return err
	}
	path := filepath.Join(folder, "netflow.db")
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	for sequence := uint64(1); sequence <= 40; sequence++ {
		if err := s.Write(ctx, batchOf(sequence, perBatch)); err != nil {
			return err
		}
	}
	ballast := filepath.Join(folder, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 8<<20), 0o600) // until the disk is full
	if err := s.Backup(ctx, filepath.Join(folder, "copy.db"), noProgress); !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "free some space") {
		return fmt.Errorf("backup without room: got %w, want ErrFull with the remedy", err)
	}
	// Room that goes while it copies.
	if err := os.Remove(ballast); err != nil {
		return err
	}
	err = s.Backup(ctx, filepath.Join(folder, "copy.db"), func(string, int64, int64) {
		_ = os.WriteFile(ballast, make([]byte, 8<<20), 0o600) // until the disk is full
	})
	if !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("backup on a disk that fills up: got %w, want ErrFull", err)
	}
	if found, _ := filepath.Glob(filepath.Join(folder, "copy*")); len(found) > 0 {
		return fmt.Errorf("left behind: %v", found)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	return errors.Join(s.Backup(ctx, filepath.Join(folder, "copy.db"), noProgress), verify(ctx, s, path, 40, perBatch), s.Close())
}

func TestBackupOnFullDisk(t *testing.T) { runWithOwnDisk(t, "backup on a full disk") }

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	written(t, path)
	check := func(want ...string) {
		t.Helper()
		problems, err := attach(t, path).Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(problems, "\n")
		if len(want) == 0 && text != "" {
			t.Errorf("a sound database: %s", text)
		}
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%q does not say %q", text, part)
			}
		}
	}
	check()
	alter(t, path, "UPDATE row_counts SET rows = rows + 3 WHERE name = 'ended'; UPDATE traffic_history SET time = time + 1 WHERE step = 60")
	check("by 3: the count of ended sessions is right", "by 1: each step of history begins at its time")
	alter(t, path, "UPDATE sessions SET bytes_sent = bytes_sent + 1 WHERE id = (SELECT max(id) FROM sessions)")
	check("the blocks have other sessions than the rows")
	alter(t, path, "DELETE FROM session_columns; DELETE FROM session_blocks")
	again, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	check("by 1: each step of history begins at its time")
	shell(t, `n=$(($(stat -c %s "$1") / 4096)); head -c 40960 /dev/urandom | dd of="$1" bs=4096 seek=$((n / 2)) conv=notrunc status=none`, path)
	check("Tree")
}

// Commands work beside a monitor, and change nothing that they need not.
func TestAttachBesideMonitor(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "netflow.db")
	if _, err := sqlite.Attach(ctx, sqlite.Config{Path: path}); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("no database: %v", err)
	}
	if found, _ := filepath.Glob(path + "*"); len(found) > 0 {
		t.Errorf("made: %v", found)
	}
	s := open(t, path)
	living := batchOf(1, 1).Sessions[0]
	living.ID, living.End = 1, flow.EndNone
	for sequence := uint64(1); sequence <= 20; sequence++ {
		b := batchOf(sequence, perBatch)
		b.Samples[0].Time += int64(sequence) * 3600e9
		if sequence == 1 {
			b.Sessions = append(b.Sessions, living)
		}
		if err := s.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	command := attach(t, path)
	if err := command.NeedCurrent(); err != nil {
		t.Error(err)
	}
	if _, err := command.Cleanup(ctx, 1); err == nil || !strings.Contains(err.Error(), "at least an hour") {
		t.Errorf("cleaning up all: %v", err)
	}
	if _, err := command.Rebuild(ctx); err == nil || !strings.Contains(err.Error(), "another monitor") {
		t.Errorf("rebuilding beside a monitor: %v", err)
	}
	pruned, err := command.Cleanup(ctx, 2*3600e9)
	if err != nil || pruned.Rows < 20*perBatch {
		t.Errorf("%+v, %v", pruned, err)
	}
	freed, err := command.Vacuum(ctx)
	if i := info(t, s); err != nil || freed == 0 || i.FreeBytes != 0 || i.Sessions != 1 {
		t.Errorf("freed %d, %+v, %v", freed, i, err)
	}
	if err := s.Write(ctx, batchOf(21, perBatch)); err != nil {
		t.Fatal(err)
	}
	if session, err := s.Session(ctx, 1); err != nil || session.End != flow.EndNone {
		t.Errorf("the living session: %+v, %v", session, err)
	}
	if problems, err := command.Check(ctx); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if _, total, err := command.Sessions(ctx, stats.SessionQuery{Limit: 1}); err != nil || total.Rows != perBatch {
		t.Errorf("%v, %v", total, err)
	}
}

func TestRebuild(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	written(t, path)
	alter(t, path, "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 900)")
	before := size(t, path)
	s, err := sqlite.Attach(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	freed, err := s.Rebuild(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if after := size(t, path); after >= before || before-after != freed {
		t.Errorf("from %d to %d bytes, %d said", before, after, freed)
	}
	if found, _ := filepath.Glob(path + "-*"); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

// What only reads leaves no log behind that another user could not write to.
func TestAttachLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	written(t, path)
	s, err := sqlite.Attach(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(path + "-*"); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

// What a killed program left half done is removed, and nothing else.
func TestOpenRemovesPartialCopies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	for _, name := range []string{path + ".partial-abc", path + ".partial-abc-journal", path + ".bak", path + ".bak.partial-abc"} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t, path)
	if left, _ := filepath.Glob(path + ".*"); len(left) != 3 { // with the lock
		t.Errorf("left: %v", left)
	}
}
