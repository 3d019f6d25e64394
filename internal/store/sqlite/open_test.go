package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// alter changes a closed database with the driver alone.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// schemas is how many versions of the schema there are.
func schemas(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func written(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Write(t.Context(), batchOf(1, 1000)), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(t *testing.T, path string)
		is     error
		remedy []string
	}{
		{"newer version", func(t *testing.T, path string) {
			written(t, path)
			alter(t, path, "PRAGMA user_version = 999")
		}, store.ErrNewerVersion, []string{"schema 999", fmt.Sprintf("up to %d", schemas(t)), "install the newer program"}},
		{"another program's", func(t *testing.T, path string) { alter(t, path, "CREATE TABLE theirs (x)") },
			nil, []string{"belongs to another program", "database.path"}},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("hello, world\n"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, []string{"is not a SQLite database", "database.path"}},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil, []string{"is a directory"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "netflow.db")
			c.spoil(t, path)
			before, _ := os.ReadFile(path)
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			if err == nil {
				t.Fatal("opened", s.Close())
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v, want %v", err, c.is)
			}
			for _, part := range append(c.remedy, path) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// A database that an unreleased version made is refused as a whole, not row by row.
func TestOpenRefusesOtherTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	written(t, path)
	alter(t, path, "DROP VIEW sessions_readable; ALTER TABLE sessions DROP COLUMN tunnel_id")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err == nil {
		t.Fatal("opened", s.Close())
	}
	for _, part := range []string{path, "not those of this version", "move it away", "tunnel_id"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func TestModes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "deep", "data")
	path := filepath.Join(folder, "odd name?%41#.db")
	s := open(t, path)
	if err := s.Write(t.Context(), batchOf(1, 10)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{folder: 0o750, path: 0o640, path + "-wal": 0o640} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got&^want != 0 {
			t.Errorf("mode of %s is %o, want at most %o", name, got, want)
		}
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	written(t, path)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is still there after Close: %v", err)
	}
	s := open(t, path)
	if err := verify(t.Context(), s, path, 1, 1000); err != nil {
		t.Error(err)
	}
	// Batch 1 of the same run is remembered beyond the end of the program.
	if err := s.Write(t.Context(), batchOf(1, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := verify(t.Context(), s, path, 1, 1000); err != nil {
		t.Error(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Sessions != 1000 || info.IPs != 1 || info.SchemaVersion != schemas(t) || info.Bytes < 100_000 || info.Path != path {
		t.Errorf("info: %+v", info)
	}
}

func TestReadableByTool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := open(t, path)
	b := batchOf(1, 1)
	b.Sessions[0].RTTClient, b.Sessions[0].RTTServer = 500_000, 2_000_000
	b.Sessions[0].Tunnel.Kinds = [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGTPU, flow.TunnelTeredo}
	b.Events = []store.Event{{ID: 1, Time: b.Sessions[0].Start, Level: store.LevelError, Kind: "k", Message: "m"}}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT src_ip, dst_ip, dst_port, protocol, state, total_bytes FROM sessions":         "10.0.0.0|192.0.2.1|443|6|unreplied|100",
		"SELECT start_time, src_ip, protocol, duration FROM sessions_readable":                "2023-11-14 22:13:21.000|10.0.0.0|TCP|0.0",
		"SELECT rtt_ms, tunnel, retransmits_sent FROM sessions_readable":                      "2.5|gtp-u/teredo|0",
		"SELECT rtt_client_ms, rtt_server_ms, wire_packets_sent, tunnel_src_ip FROM sessions": "0.5|2.0|1|",
		"SELECT ip, total_packets, last_seen FROM ip_statistics_readable":                     "192.0.2.1|1|2023-11-14 22:13:21",
		"SELECT time, packets_in FROM traffic_history_readable WHERE step = 60":               "2023-11-14 22:13:00|1",
		"SELECT time, level, kind, message FROM event_logs_readable":                          "2023-11-14 22:13:21|error|k|m",
		"SELECT count(*) FROM configurations":                                                 "0",
	} {
		output, err := exec.CommandContext(t.Context(), "sqlite3", path, query).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			skip(t, "the sqlite3 tool is not installed")
		}
		if got := strings.TrimSpace(string(output)); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", query, err, got, want)
		}
	}
}

func TestPruneShrinksFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	for sequence := range uint64(10) {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Write(t.Context(), batchOf(sequence+1, 2000)), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	before := size(t, path)
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	// The newest minute of history ends 33 seconds after the eighth of the ten batches.
	keep := store.Retention{Sessions: 32 * time.Second}
	pruned, err := s.Prune(t.Context(), keep)
	if err != nil || pruned.Rows != 14_000 {
		t.Errorf("pruned %d rows, %v; want 14000", pruned.Rows, err)
	}
	if _, total, err := s.Sessions(t.Context(), stats.SessionQuery{Limit: 1}); err != nil || total.Rows != 6000 {
		t.Errorf("%v sessions are left, %v; want 6000", total, err)
	}
	if err := s.Close(); err != nil { // moves all of the log into the file
		t.Fatal(err)
	}
	if n := size(t, path); n > before*3/4 {
		t.Errorf("the file still has %d bytes of %d", n, before)
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestPoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := open(t, path)
	for i, name := range []string{"eth0", "wlan0", "eth0", "any"} {
		if err := s.AddPoint(t.Context(), flow.Point(i+1), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddPoint(t.Context(), 1, "another"); err != nil {
		t.Fatal(err)
	}
	names, err := s.Points(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[flow.Point]string{1: "eth0", 2: "wlan0", 4: "any"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestConfig(t *testing.T) {
	if err := sqlite.Default().Validate(); err != nil {
		t.Error(err)
	}
	if err := (sqlite.Config{}).Validate(); err == nil || !strings.Contains(err.Error(), "path") {
		t.Errorf("error does not name the key: %v", err)
	}
}

// What an earlier version stored by the hour is there by the day too, also before 1970.
func TestMigrationMakesDays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	tables, err := os.ReadFile("migrations/0001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	alter(t, path, string(tables)+"; PRAGMA application_id = 1852206385; PRAGMA user_version = 1")
	for i, hour := range []int64{-25, -24, -1, 0, 23, 24} {
		for point := range 2 {
			columns := "step, time, point, new_sessions, active_sessions"
			values := fmt.Sprintf("3600, %d, %d, 1, %d", hour*int64(time.Hour), point, i+1)
			for _, c := range []string{
				"bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other", "offered_packets", "offered_bytes",
				"refused_packets", "refused_bytes", "dropped_packets", "truncated_packets", "retransmits", "observed", "duplicate_packets",
				"duplicate_bytes", "offloaded_packets", "kernel_packets", "kernel_bytes", "kernel_missed", "kernel_dropped",
			} {
				columns, values = columns+", "+c, values+", 3"
			}
			alter(t, path, "INSERT INTO traffic_history ("+columns+") VALUES ("+values+")")
		}
	}
	const day = int64(24 * time.Hour)
	s := open(t, path)
	for point := range flow.Point(2) {
		q := store.HistoryQuery{From: -2 * day, To: 2 * day, Step: 86400, Point: point}
		days, err := s.History(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var sessions, active, bytes []uint64
		for _, d := range days {
			sessions, active, bytes = append(sessions, d.NewSessions), append(active, d.ActiveSessions), append(bytes, d.Input.KernelBytes)
		}
		if diff := cmp.Diff([][]uint64{{1, 2, 2, 1}, {1, 3, 5, 6}, {3, 6, 6, 3}}, [][]uint64{sessions, active, bytes}); diff != "" {
			t.Error(diff)
		}
	}
}
