package sqlite

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

var update = flag.Bool("update", false, "write the snapshot of the newest schema, if there is none")

// keepsake is a little of everything that a database has held since schema 1. Snapshots of
// past schemas are made of it, so it must not change; what came later has tests of its own.
func keepsake() store.Batch {
	const start = int64(1_700_000_000_123_456_789)
	address := func(text string) [16]byte { return netip.MustParseAddr(text).As16() }
	plain := stats.Session{
		ID: flow.NewID(start, 1), Start: start, Last: start + 5e9, State: flow.StateClosed, End: flow.EndOfFlow, Direction: stats.DirectionOut,
		Key:  flow.Key{Version: 4, Protocol: flow.ProtoTCP, SrcPort: 50000, DstPort: 443, Src: address("10.0.0.1"), Dst: address("192.0.2.7"), Point: 1},
		Sent: flow.Counters{Packets: 10, WireBytes: 1000, IPBytes: 860, PayloadBytes: 400}, Received: flow.Counters{Packets: 9, WireBytes: 9000, IPBytes: 8874, PayloadBytes: 8400},
		TCPFlagsSent: 0x1b, TCPFlagsReceived: 0x1a, RTTClient: 150_000, RTTServer: 12_000_000,
	}
	detailed := plain
	detailed.ID, detailed.Last = flow.NewID(start, 2), start+6e9
	detailed.Key.Version, detailed.Key.Src, detailed.Key.Dst, detailed.Key.VLAN = 6, address("2001:db8::1"), address("2001:db8::2"), 7
	detailed.SentTCP = flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 100, OutOfOrder: 2, ZeroWindows: 3, Resets: 1, OffloadedPackets: 4}
	detailed.Tunnel.Kinds = [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelVXLAN}
	detailed.Tunnel.ID = 42
	detailed.Also.Add(2)
	ping := stats.Session{
		ID: flow.NewID(start, 3), Start: start, Last: start + 7e9, State: flow.StateActive, End: flow.EndIdleTimeout, ICMPType: 8,
		Key:  flow.Key{Version: 4, Protocol: flow.ProtoICMP, SrcPort: 0x1234, DstPort: 1, Src: address("10.0.0.1"), Dst: address("192.0.2.8")},
		Sent: flow.Counters{Packets: 3, WireBytes: 294, IPBytes: 252, PayloadBytes: 168},
	}
	living := plain
	living.ID, living.End, living.Last = flow.NewID(start, 4), flow.EndNone, start+8e9
	b := store.Batch{Run: "run", Sequence: 3, Sessions: []stats.Session{plain, detailed, ping, living}}
	for _, s := range b.Sessions {
		b.IPs = append(b.IPs, stats.IP{Addr: s.Key.SrcAddr(), Sent: s.Sent, Received: s.Received, Sessions: 1, First: s.Start, Last: s.Last, Local: true})
	}
	for i := range int64(3) {
		b.Samples = append(b.Samples, stats.Sample{
			Time: start + i*40e9, Point: flow.Point(i % 2), NewSessions: uint64(i) + 1, In: stats.Volume{Packets: 5, Bytes: 500}, Observed: 1e9,
			Retransmits: uint64(i),
		})
	}
	b.Events = []store.Event{
		{ID: 1, Time: start, Level: store.LevelInfo, Kind: "program_started", Message: "It's on.", Params: map[string]string{"version": "1"}},
		{ID: 2, Time: start + 1, Level: store.LevelError, Kind: "store_failed", Message: "Disk full; free some space."},
	}
	return b
}

// asked is what a store answers about a keepsake.
type asked struct {
	Sessions []stats.Session
	Living   stats.Session
	IPs      []stats.IP
	History  map[int64][]stats.Sample
	Events   []store.Event
	Points   map[flow.Point]string
	Written  bool
}

func ask(t *testing.T, s *Store) (a asked) {
	t.Helper()
	ctx := t.Context()
	var errs [8]error
	a.Sessions, _, errs[0] = s.Sessions(ctx, stats.SessionQuery{OrderBy: "session_id"})
	a.Living, errs[1] = s.Session(ctx, keepsake().Sessions[3].ID)
	a.IPs, _, errs[2] = s.IPs(ctx, stats.IPQuery{OrderBy: "ip"})
	a.Events, _, errs[3] = s.Events(ctx, store.EventQuery{OldestFirst: true})
	a.Points, errs[4] = s.Points(ctx)
	a.Written, errs[5] = s.Written(ctx, "run", 3)
	a.History = map[int64][]stats.Sample{}
	begin := keepsake().Samples[0].Time
	for i, step := range []int64{60, 3600} {
		a.History[step], errs[6+i] = s.History(ctx, store.HistoryQuery{From: begin, To: begin + int64(2*time.Minute), Step: step})
	}
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return a
}

// keep writes the keepsake and closes the store as a killed run would leave it.
func keep(t *testing.T, path string) {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		s.AddPoint(t.Context(), 1, "eth0"), s.AddPoint(t.Context(), 2, "br0"),
		s.Write(t.Context(), keepsake()),
		s.exec(t.Context(), "INSERT INTO configurations (key, value, updated_at) VALUES ('greeting', '\"it''s\"', 1)"),
		s.Close(),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func reopen(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path})
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

// TestMigrateSnapshots opens a database of each past schema with this program, which must
// answer all questions about it as about one that it has written itself.
func TestMigrateSnapshots(t *testing.T) {
	own := filepath.Join(t.TempDir(), "netflow.db")
	keep(t, own)
	if *update {
		writeSnapshot(t, own)
	}
	want := ask(t, reopen(t, own))
	if len(want.Sessions) != 4 || len(want.IPs) != 2 || len(want.Events) != 2 || want.Living.End != flow.EndForced || !want.Written {
		t.Fatalf("not all was kept: %+v", want)
	}
	snapshots, err := filepath.Glob("testdata/schema-*.sql")
	if err != nil || len(snapshots) == 0 {
		t.Fatalf("no snapshots: %v", err)
	}
	for _, name := range snapshots {
		t.Run(filepath.Base(name), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "netflow.db")
			before := load(t, path, name)
			s := reopen(t, path)
			if got := int(s.version.Load()); got != newestVersion() || before > got {
				t.Errorf("from schema %d to %d, want %d", before, got, newestVersion())
			}
			if diff := cmp.Diff(want, ask(t, s), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("(-own +migrated):\n%s", diff)
			}
			if n := count(t.Context(), t, s, `configurations WHERE key = 'greeting' AND value = '"it''s"' AND updated_at = 1`); n != 1 {
				t.Error("the configuration is lost")
			}
			problems, err := s.Check(t.Context())
			if err != nil || len(problems) > 0 {
				t.Errorf("check: %v, %v", problems, err)
			}
			b := keepsake()
			b.Sequence++
			if err := s.Write(t.Context(), b); err != nil {
				t.Errorf("writing on: %v", err)
			}
		})
	}
}

// load makes a database of a snapshot and returns its schema version.
func load(t *testing.T, path, snapshot string) (version int) {
	t.Helper()
	script, err := os.ReadFile(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn(path, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), string(script))
	if err = errors.Join(err, db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version), db.Close()); err != nil {
		t.Fatal(err)
	}
	return version
}

// TestMigrationsAreFrozen compares what the migrations up to a snapshot's make now with what
// they made then: databases of that schema are out there.
func TestMigrationsAreFrozen(t *testing.T) {
	snapshots, err := filepath.Glob("testdata/schema-*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range snapshots {
		then, now := filepath.Join(t.TempDir(), "then.db"), filepath.Join(t.TempDir(), "now.db")
		version := load(t, then, name)
		db, err := sql.Open("sqlite", dsn(now, nil))
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range migrationFiles()[:version] {
			if err := applyMigration(t.Context(), db, file, i+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(schemaOf(t, then), schemaOf(t, now)); diff != "" {
			t.Errorf("a migration up to %d has changed; write a new one instead (-then +now):\n%s", version, diff)
		}
	}
}

var (
	comment = regexp.MustCompile(`--[^\n]*`)
	space   = regexp.MustCompile(`\s+`)
)

// schemaOf is what is in a database, without comments.
func schemaOf(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, nil))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	schema := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		schema[name] = strings.TrimSpace(space.ReplaceAllString(comment.ReplaceAllString(text, ""), " "))
	}
	if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return schema
}

// writeSnapshot dumps the database as text, for a schema that no snapshot is of.
func writeSnapshot(t *testing.T, path string) {
	t.Helper()
	name := fmt.Sprintf("testdata/schema-%d.sql", newestVersion())
	if _, err := os.Stat(name); err == nil {
		t.Logf("%s is there, and stays as it is", name)
		return
	}
	dump, err := exec.CommandContext(t.Context(), "sqlite3", path, ".dump").Output()
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("PRAGMA auto_vacuum=2;\nPRAGMA application_id=%d;\nPRAGMA user_version=%d;\n", applicationID, newestVersion())
	if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(name, append([]byte(head), dump...), 0o644)); err != nil {
		t.Fatal(err)
	}
}
