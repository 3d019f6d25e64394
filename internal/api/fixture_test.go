package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"netflow-monitor/internal/auth"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

const testPassword = "correct horse"

// atlas puts 203.0.113.0/24 into China and 198.51.100.0/24 into an unknown place.
type atlas struct{}

func (atlas) Locate(a netip.Addr) geo.Location {
	switch b := a.Unmap().As16(); b[12] {
	case 203:
		return geo.Location{
			Scope: geo.ScopePublic, CountryCode: "CN", Country: "China", City: "Beijing", HasPosition: true,
			Latitude: 39.9, Longitude: 116.4, ASN: 64500, ISP: "Example Net",
		}
	case 198:
		return geo.Location{Scope: geo.ScopePublic}
	default:
		return geo.Location{Scope: geo.ScopePrivate}
	}
}

// monitor is a capture that only says whether it is on.
type monitor struct {
	mu     sync.Mutex
	status MonitorStatus
	err    error
}

func (m *monitor) Start(context.Context) (bool, error) { return m.set(true) }
func (m *monitor) Stop(context.Context) (bool, error)  { return m.set(false) }

func (m *monitor) Status() MonitorStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

func (m *monitor) set(on bool) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return false, m.err
	}
	changed := m.status.Monitoring != on
	m.status.Monitoring = on
	return changed, nil
}

// fixture is a server with the real engine and a real database.
type fixture struct {
	*Server
	engine *stats.Engine
	writer *store.Writer
	// database is what writer writes to.
	database *sqlite.Store
	monitor  *monitor
	// now is the time of the last batch.
	now time.Time
}

type option func(*Config, *Deps)

func withAuth(t *testing.T) option {
	t.Helper()
	cfg := auth.Default()
	cfg.Password = testPassword
	a, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return func(_ *Config, d *Deps) { d.Auth = a }
}

func newFixture(tb testing.TB, options ...option) *fixture {
	tb.Helper()
	home := stats.NewHome([]netip.Addr{netip.MustParseAddr("192.168.1.2")}, nil)
	engine, err := stats.New(stats.Default(), atlas{}, home)
	if err != nil {
		tb.Fatal(err)
	}
	database, err := sqlite.Open(tb.Context(), sqlite.Config{Path: filepath.Join(tb.TempDir(), "netflow.db")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := database.Close(); err != nil {
			tb.Error(err)
		}
	})
	log := slog.New(slog.DiscardHandler)
	writer, err := store.NewWriter(store.Default(), database, engine, log)
	if err != nil {
		tb.Fatal(err)
	}
	m := &monitor{status: MonitorStatus{
		Monitoring: true, SourceKind: "interface", SourceName: "eth0", CoverageMinute: 1,
		Points: []PointStatus{
			{Point: 1, Name: "eth0", Type: "ethernet", State: PointCapturing, CoverageMinute: 1},
			{Point: 2, Name: "br0", Type: "bridge", State: PointDown, CoverageMinute: 1},
		},
		StartedAt: time.Now(), Since: time.Now(), MaxSessions: 10000,
	}}
	points := []string{"", "eth0", "br0"}
	cfg := Default()
	deps := Deps{
		Engine: engine, Catalog: store.NewCatalog(engine, writer, database), Writer: writer, Keeper: database, Monitor: m,
		Points: func(p flow.Point) string { return points[p] },
		FindPoint: func(name string) (flow.Point, bool) {
			i := slices.Index(points, name)
			return flow.Point(max(i, 0)), i > 0
		},
		Page: testPage(), Version: "1.2.3", Log: log,
	}
	for _, o := range options {
		o(&cfg, &deps)
	}
	s, err := New(cfg, deps)
	if err != nil {
		tb.Fatal(err)
	}
	s.feed.interval = 100 * time.Millisecond
	return &fixture{Server: s, engine: engine, writer: writer, database: database, monitor: m, now: time.Now().Truncate(time.Second)}
}

func testPage() fs.FS {
	return fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html><title>page</title>")},
		"assets/app-1a2b.js": {Data: []byte("// " + strings.Repeat("script ", 1000))},
		"logo.png":           {Data: []byte("png")},
		".gitkeep":           {},
	}
}

// traffic feeds n sessions to the engine in one batch, a second after the last one:
// the first is TCP to China, the second is a ping, the rest are UDP.
func (f *fixture) traffic(tb testing.TB, n int) {
	tb.Helper()
	f.now = f.now.Add(time.Second)
	at := f.now.UnixNano() - int64(time.Millisecond)
	records := make([]flow.Record, n)
	for i := range records {
		records[i] = testRecord(at, i)
	}
	in := flow.Input{Packets: uint64(3*n) + 1, Refused: 1, Dropped: 1, KernelPackets: uint64(3*n) + 1}
	b := flow.Batch{
		Time: f.now.UnixNano(), Since: f.now.UnixNano() - int64(time.Second), Records: records, Input: in,
		Points: []flow.PointInput{{Point: 1, Observed: int64(time.Second), Input: in}},
	}
	if err := f.engine.Consume(b); err != nil {
		tb.Fatal(err)
	}
}

func testRecord(at int64, i int) flow.Record {
	src, dst := netip.MustParseAddr("192.168.1.2"), netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
	r := flow.Record{
		ID: flow.NewID(at, uint32(i)), Start: at, Last: at, First: true, State: flow.StateActive,
		Sent: flow.Counters{Packets: 1, WireBytes: 100, IPBytes: 86, PayloadBytes: 58}, Received: flow.Counters{Packets: 2, WireBytes: 1000},
	}
	r.Key = flow.Key{SrcPort: uint16(10000 + i%50000), DstPort: 53, Protocol: flow.ProtoUDP, Version: 4, Point: 1}
	switch i {
	case 0:
		dst = netip.MustParseAddr("203.0.113.9")
		r.Key.DstPort, r.Key.Protocol = 443, flow.ProtoTCP
		r.State, r.TCPFlagsSent, r.TCPFlagsReceived = flow.StateEstablished, flow.TCPSyn|flow.TCPAck, 0xff
		r.Sent.WireBytes = 50_000
	case 1:
		r.Key.SrcPort, r.Key.DstPort, r.Key.Protocol = 8, 0, flow.ProtoICMP
		r.ICMPType = 8
	}
	r.Key.Src, r.Key.Dst = src.As16(), dst.As16()
	return r
}

// get asks the handler as a browser on this machine would.
func (f *fixture) get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	return f.do(t, http.MethodGet, path, "")
}

func (f *fixture) do(t *testing.T, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "localhost:8080", "127.0.0.1:5000"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %.300s", err, w.Body)
	}
	return v
}

// serve runs the server on a real socket and returns its address.
func (f *fixture) serve(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// failing is a catalog whose store is broken; panicking one with a fault.
type failing struct{ Catalog }

func (failing) Sessions(context.Context, stats.SessionQuery) ([]stats.Session, store.Total, error) {
	return nil, store.Total{}, errors.New("disk is broken")
}

func (failing) Info(context.Context) (store.Info, error) {
	return store.Info{}, errors.New("disk is broken")
}

type panicking struct{ Catalog }

func (panicking) Sessions(context.Context, stats.SessionQuery) ([]stats.Session, store.Total, error) {
	panic("a fault")
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
