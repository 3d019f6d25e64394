package offline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What the processes of TestOutputIsTheSame are told in their environment.
const (
	sameFiles = "NETFLOW_TEST_SAME_FILES"
	sameSeed  = "NETFLOW_TEST_SAME_SEED"
	sameInto  = "NETFLOW_TEST_SAME_INTO"
)

// The same files give the same output, byte for byte: in processes of their own, which
// have other hash seeds, with other seeds of the flow table, and with other numbers of
// processors.
func TestOutputIsTheSame(t *testing.T) {
	files := someCaptures(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "files"), []byte(strings.Join(files, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i, seed := range []uint64{1, 1, 1 << 63, 0x9e3779b97f4a7c15} {
		into := filepath.Join(dir, strconv.Itoa(i))
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteAllFormats$")
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(1+3*i), sameFiles+"="+filepath.Join(dir, "files"),
			sameInto+"="+into, fmt.Sprintf("%s=%d", sameSeed, seed))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got, err := os.ReadFile(into)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = got
		}
		if len(got) < 100_000 || !bytes.Equal(got, want) {
			t.Errorf("run %d with seed %#x writes something else: %s", i, seed, firstDifference(want, got))
		}
	}
}

// someCaptures are files of every corpus, evenly chosen.
func someCaptures(t *testing.T) []string {
	t.Helper()
	const perCorpus = 12
	var files []string
	for _, pattern := range []string{"arkime/pcap/*", "zeek/pcap/*", "ipfixprobe/pcap/*", "community-id/pcaps/*", "tcpdump/pcap/*"} {
		folder, names, _ := strings.Cut(pattern, "/")
		all, err := filepath.Glob(filepath.Join(corpora(t, folder), filepath.FromSlash(names)))
		if err != nil || len(all) == 0 {
			t.Fatalf("no captures in %s: %v", pattern, err)
		}
		for i := 0; i < len(all); i += max(1, len(all)/perCorpus) {
			if info, err := os.Stat(all[i]); err == nil && info.Mode().IsRegular() {
				files = append(files, all[i])
			}
		}
	}
	return files
}

// TestWriteAllFormats is what the processes of TestOutputIsTheSame run: each file
// alone, then all of them together.
func TestWriteAllFormats(t *testing.T) {
	if os.Getenv(sameFiles) == "" {
		return // it tests nothing by itself
	}
	list, err := os.ReadFile(os.Getenv(sameFiles))
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Split(string(list), "\n")
	var out bytes.Buffer
	for _, file := range files {
		writeAll(t, &out, file)
	}
	writeAll(t, &out, files...)
	if err := os.WriteFile(os.Getenv(sameInto), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeAll(t *testing.T, out io.Writer, files ...string) {
	t.Helper()
	cfg, err := ParseTimeouts("default")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Seed, err = strconv.ParseUint(os.Getenv(sameSeed), 10, 64); err != nil {
		t.Fatal(err)
	}
	result, readErr := Read(context.Background(), files, Options{Meter: cfg})
	for _, format := range []Format{Table, JSON, CSV} {
		if err := result.WriteSessions(out, format); err != nil {
			t.Fatal(err)
		}
		if err := result.WriteHosts(out, format); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fmt.Fprintln(out, result.Summary(), readErr); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(want, got []byte) string {
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			return fmt.Sprintf("line %d is\n%s\nnot\n%s", i+1, gotLines[i], wantLines[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(gotLines), len(wantLines))
}
