package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/demo"
)

// fastFlush makes the tests wait less for the database.
const fastFlush = "NETFLOW_DATABASE_FLUSH_INTERVAL=1s"

// fileStart and fileSeconds are when the demo capture was taken.
var fileStart = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

const fileSeconds = 20

// demoFile writes a capture of a small network into dir.
func demoFile(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "demo.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Write(f, demo.Config{Start: fileStart, Duration: fileSeconds * time.Second, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// readJSON is what the read command makes of a file.
func readJSON(t *testing.T, path string) []wire.Session {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t), "read", "--json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var sessions []wire.Session
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var s wire.Session
		if err := lines.Decode(&s); err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	return sessions
}

// sums are what no way of reading a file may change.
type sums struct{ packets, bytes uint64 }

func sumOf(sessions []wire.Session) (s sums) {
	for i := range sessions {
		s.packets += sessions[i].PacketsSent + sessions[i].PacketsReceived
		s.bytes += sessions[i].BytesSent + sessions[i].BytesReceived
	}
	return s
}

// TestFile replays a capture with the real binary and compares everything it shows
// with what the read command says of the same file.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := demoFile(t, dir)
	want := readJSON(t, path)
	if len(want) < 50 {
		t.Fatalf("the capture has %d sessions, too few to prove anything", len(want))
	}
	m := launch{dir: dir, args: []string{"-r", path}, env: []string{fastFlush}}.start(t)
	m.awaitEnd()

	t.Run("status", func(t *testing.T) {
		got := m.status()
		if got.Source != (wire.Source{Kind: "file", Name: path, Finished: true}) || got.Monitoring || got.Error != "" {
			t.Errorf("%+v", got)
		}
		if s := (sums{got.Totals.Packets, got.Totals.Bytes}); s != sumOf(want) || got.Totals.Sessions != uint64(len(want)) {
			t.Errorf("%+v in %d sessions, read says %+v in %d", s, got.Totals.Sessions, sumOf(want), len(want))
		}
		if last := fileStart.Add(fileSeconds * time.Second); got.Time.Before(last.Add(-2*time.Second)) || got.Time.After(last) {
			t.Errorf("the clock is at %v, the file ends before %v", got.Time, last)
		}
	})
	t.Run("sessions", func(t *testing.T) {
		got := list[wire.Session](t, m.base+"api/sessions?order_by=start_time")
		if diff := cmp.Diff(outlines(want), outlines(got)); diff != "" {
			t.Errorf("sessions (-read +page):\n%s", diff)
		}
	})
	t.Run("ip statistics", func(t *testing.T) {
		got := make(map[string]ipSums)
		for _, ip := range list[wire.IP](t, m.base+"api/ip-stats?order_by=ip") {
			got[ip.IP] = ipSums{ip.PacketsSent, ip.PacketsReceived, ip.BytesSent, ip.BytesReceived, ip.SessionCount}
		}
		if diff := cmp.Diff(sumByIP(want), got); diff != "" {
			t.Errorf("IPs (-sums over sessions +page):\n%s", diff)
		}
	})
	t.Run("history", func(t *testing.T) { checkFileHistory(t, m, sumOf(want)) })
	t.Run("start does nothing", func(t *testing.T) {
		if again := call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/start-monitoring"); again.Monitoring || again.Changed {
			t.Errorf("%+v", again)
		}
	})
	t.Run("database", func(t *testing.T) {
		m.stop()
		needTools(t, "sqlite3")
		got := sqlite(t, filepath.Join(dir, "data", "netflow.db"),
			"SELECT count(*), sum(packets_sent + packets_received), sum(bytes_sent + bytes_received) FROM sessions")
		if sum := sumOf(want); got != fmt.Sprintf("%d|%d|%d", len(want), sum.packets, sum.bytes) {
			t.Errorf("%s, read says %d sessions and %+v", got, len(want), sum)
		}
	})
}

// awaitEnd waits until the file was read to its end.
func (m *monitor) awaitEnd() {
	m.t.Helper()
	eventually(m.t, 20*time.Second, "the file is read to its end", func() (bool, any) {
		s := m.status()
		return s.Source.Finished && !s.Monitoring, s.Source
	})
}

// list reads all pages of a list.
func list[T any](t *testing.T, address string) (all []T) {
	t.Helper()
	for page := 1; ; page++ {
		got := call[wire.Page[T]](t, http.MethodGet, fmt.Sprintf("%s&per_page=100&page=%d", address, page))
		all = append(all, got.Items...)
		if len(all) >= got.Total || len(got.Items) == 0 {
			return all
		}
	}
}

// outline is what the page and the read command must say alike of a session.
type outline struct {
	Key, State, EndReason, Flags string
	Start, Last                  time.Time
	PacketsSent, PacketsReceived uint64
	BytesSent, BytesReceived     uint64
	IPBytesSent, IPBytesReceived uint64
	PayloadSent, PayloadReceived uint64
}

func outlines(sessions []wire.Session) []outline {
	all := make([]outline, 0, len(sessions))
	for i := range sessions {
		s := &sessions[i]
		all = append(all, outline{
			Key:   fmt.Sprintf("%s %s:%d %s:%d", s.Protocol, s.SrcIP, s.SrcPort, s.DstIP, s.DstPort),
			State: s.State, EndReason: s.EndReason, Flags: s.TCPFlagsSent + "/" + s.TCPFlagsReceived,
			Start: s.StartTime, Last: s.LastSeen,
			PacketsSent: s.PacketsSent, PacketsReceived: s.PacketsReceived, BytesSent: s.BytesSent, BytesReceived: s.BytesReceived,
			IPBytesSent: s.IPBytesSent, IPBytesReceived: s.IPBytesReceived,
			PayloadSent: s.PayloadBytesSent, PayloadReceived: s.PayloadBytesReceived,
		})
	}
	slices.SortFunc(all, func(a, b outline) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
	return all
}

type ipSums struct{ PacketsSent, PacketsReceived, BytesSent, BytesReceived, Sessions uint64 }

func sumByIP(sessions []wire.Session) map[string]ipSums {
	sums := make(map[string]ipSums)
	for i := range sessions {
		s := &sessions[i]
		src := sums[s.SrcIP]
		sums[s.SrcIP] = ipSums{
			src.PacketsSent + s.PacketsSent, src.PacketsReceived + s.PacketsReceived,
			src.BytesSent + s.BytesSent, src.BytesReceived + s.BytesReceived, src.Sessions + 1,
		}
		dst := sums[s.DstIP]
		sums[s.DstIP] = ipSums{
			dst.PacketsSent + s.PacketsReceived, dst.PacketsReceived + s.PacketsSent,
			dst.BytesSent + s.BytesReceived, dst.BytesReceived + s.BytesSent, dst.Sessions + 1,
		}
	}
	return sums
}

func checkFileHistory(t *testing.T, m *monitor, want sums) {
	span := url.Values{
		"from": {fileStart.Format(time.RFC3339)}, "step": {"1"},
		"to": {fileStart.Add(fileSeconds * time.Second).Format(time.RFC3339)},
	}
	history := call[wire.History](t, http.MethodGet, m.base+"api/traffic-history?"+span.Encode())
	if !history.From.Equal(fileStart) || len(history.Points) != fileSeconds {
		t.Errorf("%d points from %v", len(history.Points), history.From)
	}
	var got sums
	for i, p := range history.Points {
		packets := p.PacketsIn + p.PacketsOut + p.PacketsOther
		if packets == 0 {
			t.Errorf("nothing in second %d", i)
		}
		got.packets += packets
		got.bytes += p.BytesIn + p.BytesOut + p.BytesOther
	}
	if got != want {
		t.Errorf("the seconds add up to %+v, the sessions to %+v", got, want)
	}
}

// TestFileForms reads the same capture in every other way it can come.
func TestFileForms(t *testing.T) {
	dir := t.TempDir()
	path := demoFile(t, dir)
	want := sumOf(readJSON(t, path))

	t.Run("standard input", func(t *testing.T) {
		m := launch{dir: t.TempDir(), args: []string{"-r", "-"}, stdin: bytes.NewReader(contents(t, path))}.start(t)
		m.awaitEnd()
		if got := m.sums(); got != want || m.status().Source.Name != "stdin" {
			t.Errorf("%+v from %q, want %+v", got, m.status().Source.Name, want)
		}
	})
	t.Run("gzip", func(t *testing.T) {
		packed := filepath.Join(dir, "demo.pcap.gz")
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		if _, err := w.Write(contents(t, path)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(packed, buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		m := startMonitor(t, t.TempDir(), "-r", packed)
		m.awaitEnd()
		if got := m.sums(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
	t.Run("paced, with a pause", func(t *testing.T) { checkPause(t, path, want) })
}

// checkPause stops and starts in the middle of a file.
func checkPause(t *testing.T, path string, want sums) {
	dir := t.TempDir()
	m := launch{dir: dir, args: []string{"-r", path, "--speed", "10x"}, env: []string{fastFlush}}.start(t)
	eventually(t, 5*time.Second, "a part of the file is read", func() (bool, any) {
		got := m.sums()
		return got.packets > want.packets/4, got
	})
	stopped := call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/stop-monitoring")
	before := m.sums()
	if stopped.Monitoring || before.packets == want.packets {
		t.Fatalf("stopped %+v after %+v of %+v", stopped, before, want)
	}
	time.Sleep(1200 * time.Millisecond) // long enough for the pace to notice, and to be late
	if after := m.sums(); after != before || m.status().Source.Finished {
		t.Errorf("%+v were counted during the pause", after)
	}
	call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/start-monitoring")
	m.awaitEnd()
	if got := m.sums(); got != want {
		t.Errorf("%+v, without the pause %+v", got, want)
	}
	if got := sumOf(list[wire.Session](t, m.base+"api/sessions?order_by=start_time")); got != want {
		t.Errorf("the sessions add up to %+v, want %+v", got, want)
	}
}

// sums are the totals that the status names.
func (m *monitor) sums() sums {
	m.t.Helper()
	totals := m.status().Totals
	return sums{totals.Packets, totals.Bytes}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sqlite asks a database as a user with the sqlite3 tool would.
func sqlite(t *testing.T, path, sql string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sqlite3", path, sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}
