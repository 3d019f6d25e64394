package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"netflow-monitor/internal/api/wire"
)

// The traffic of one round.
const (
	downloads     = 4
	downloadBytes = 500_000
	lookups       = 6
	pings         = 5
)

// TestLive watches real HTTP, DNS and ping traffic between two network namespaces
// with the real binary, through a kill and a stop.
func TestLive(t *testing.T) {
	needTools(t, "ping", "sqlite3", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	dir := t.TempDir()
	before := w.counters()
	m := startMonitor(t, dir, "-i", w.near)
	topics := m.subscribe("status", "traffic", "sessions", "ip-stats", "geo-map", "events")
	exchange(t)

	t.Run("sessions", func(t *testing.T) { checkSessions(t, m) })
	t.Run("accounts for every packet of the kernel", func(t *testing.T) {
		eventually(t, 10*time.Second, "the monitor's totals equal the interface's", func() (bool, any) {
			want, got := w.counters().minus(before), m.status().Capture
			return got.Packets == want.packets && got.Bytes == want.bytes && got.Dropped == 0 &&
				got.Metered+got.Refused == got.Packets, []any{want, got}
		})
	})
	t.Run("every topic arrives each second", func(t *testing.T) { checkTopics(t, topics) })
	t.Run("history", func(t *testing.T) { checkHistory(t, m) })

	t.Run("stop and start", func(t *testing.T) { checkStopStart(t, m, w) })
	t.Run("kill -9 loses and doubles nothing that was stored", func(t *testing.T) {
		m = checkKill(t, m, dir, w)
	})
	m.stop()
	t.Run("everything is stored after a clean stop", func(t *testing.T) { checkDatabase(t, dir) })
}

// exchange makes the traffic.
func exchange(t *testing.T) {
	t.Helper()
	for range downloads {
		// A connection of its own for each, closed at the end.
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
		res, err := client.Get(fmt.Sprintf("http://%s/?n=%d", farAddr, downloadBytes))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, res.Body); err != nil || n != downloadBytes {
			t.Fatalf("download: %d bytes, %v", n, err)
		}
		_ = res.Body.Close()
	}
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(farAddr, "53"))
	}}
	for range lookups {
		addrs, err := resolver.LookupNetIP(t.Context(), "ip4", farName)
		if err != nil || len(addrs) != 1 || addrs[0].Unmap().String() != farAddr {
			t.Fatalf("look-up: %v, %v", addrs, err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "ping", "-q", "-c", strconv.Itoa(pings), "-i", "0.05", farAddr).CombinedOutput(); err != nil {
		t.Fatalf("ping: %v\n%s", err, out)
	}
}

func checkSessions(t *testing.T, m *monitor) {
	eventually(t, 10*time.Second, "all conversations are listed", func() (bool, any) {
		web := m.sessions("protocol=tcp&port=80&dst_ip=" + farAddr)
		dns := m.sessions("protocol=udp&port=53")
		ping := m.sessions("protocol=icmp")
		return web.Total == downloads && dns.Total == lookups && ping.Total == 1 &&
			ping.Items[0].PacketsReceived == pings && web.Items[0].State == "closed", []any{web, dns, ping}
	})
	for _, s := range m.sessions("protocol=tcp&port=80").Items {
		if s.SrcIP != nearAddr || s.DstPort != 80 || s.Direction != "out" {
			t.Errorf("wrong way round: %+v", s)
		}
		// The payload is exact: headers and body, and what a busy sender repeated.
		if n := s.PayloadBytesReceived - s.RetransmittedBytesReceived; n < downloadBytes || n > downloadBytes+1000 {
			t.Errorf("payload received %d, sent were %d and headers", n, downloadBytes)
		}
		if s.TCPFlagsSent == "" || s.CommunityID == "" || s.SrcLocation.Scope != "documentation" {
			t.Errorf("incomplete: %+v", s)
		}
	}
	ping := m.sessions("protocol=icmp").Items[0]
	if ping.PacketsSent != pings || ping.SrcPort != 0 || ping.ICMPType == nil || *ping.ICMPType != 8 {
		t.Errorf("ping: %+v", ping)
	}
	ip := call[wire.IPDetail](t, http.MethodGet, m.base+"api/ip-stats/"+farAddr)
	if ip.SessionCount != downloads+lookups+1 || ip.BytesSent < downloads*downloadBytes || ip.Local {
		t.Errorf("the peer's statistics: %+v", ip)
	}
}

// subscribe opens a WebSocket for topics and keeps what arrives.
func (m *monitor) subscribe(names ...string) <-chan wire.ServerMessage {
	m.t.Helper()
	conn, res, err := websocket.Dial(m.t.Context(), strings.Replace(m.base, "http", "ws", 1)+"api/ws", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	conn.SetReadLimit(16 << 20)
	m.t.Cleanup(func() { _ = conn.CloseNow() })
	subscription := wire.ClientMessage{Type: "subscribe"}
	for _, name := range names {
		subscription.Topics = append(subscription.Topics, wire.Subscription{Topic: name})
	}
	if err := wsjson.Write(m.t.Context(), conn, subscription); err != nil {
		m.t.Fatal(err)
	}
	messages := make(chan wire.ServerMessage, 1000)
	go func() {
		defer close(messages)
		for {
			var msg wire.ServerMessage
			if wsjson.Read(context.Background(), conn, &msg) != nil {
				return
			}
			messages <- msg
		}
	}()
	return messages
}

func checkTopics(t *testing.T, messages <-chan wire.ServerMessage) {
	const updates = 3
	seen := map[string][]time.Time{}
	deadline := time.After(15 * time.Second)
	topics := []string{"status", "traffic", "sessions", "ip-stats", "geo-map", "events"}
	for slices.ContainsFunc(topics, func(topic string) bool { return len(seen[topic]) <= updates }) {
		select {
		case msg, ok := <-messages:
			if !ok || msg.Type == "error" {
				t.Fatalf("message %+v", msg)
			}
			if msg.Type == "hello" {
				continue
			}
			if first := len(seen[msg.Topic]) == 0; first != (msg.Type == "snapshot") {
				t.Errorf("%s: %s as message %d", msg.Topic, msg.Type, len(seen[msg.Topic])+1)
			}
			seen[msg.Topic] = append(seen[msg.Topic], msg.Time)
		case <-deadline:
			t.Fatalf("too few updates: %v", seen)
		}
	}
}

func checkHistory(t *testing.T, m *monitor) {
	eventually(t, 10*time.Second, "the seconds add up to the totals", func() (bool, any) {
		history := call[wire.History](t, http.MethodGet, m.base+"api/traffic-history?hours=1")
		var in, out uint64
		for _, p := range history.Points {
			in, out = in+p.BytesIn, out+p.BytesOut
		}
		totals := m.status().Totals
		return in == totals.BytesIn && out == totals.BytesOut && in > downloads*downloadBytes && out > 0, []any{in, out, totals}
	})
	if kinds := m.events(); !slices.Contains(kinds, "capture_started") || !slices.Contains(kinds, "program_started") {
		t.Errorf("events: %v", kinds)
	}
}

func checkStopStart(t *testing.T, m *monitor, w *testWire) {
	stopped := call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/stop-monitoring")
	again := call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/stop-monitoring")
	if stopped.Monitoring || !stopped.Changed || again.Changed {
		t.Fatalf("stop: %+v, then %+v", stopped, again)
	}
	metered := m.status().Capture.Packets
	if open := m.sessions("active=true"); open.Total != 0 {
		t.Errorf("%d sessions are active though monitoring is off", open.Total)
	}
	exchange(t)
	if got := m.status(); got.Monitoring || got.Capture.Packets != metered {
		t.Errorf("counted while stopped: %+v", got)
	}
	before := w.counters()
	started := call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/start-monitoring")
	if !started.Monitoring || !started.Changed {
		t.Fatalf("start: %+v", started)
	}
	exchange(t)
	eventually(t, 10*time.Second, "packets are counted again, and only those since", func() (bool, any) {
		want, got := w.counters().minus(before).packets, m.status().Capture.Packets-metered
		return got == want, []any{want, got}
	})
}

func checkKill(t *testing.T, m *monitor, dir string, w *testWire) *monitor {
	sent := time.Now()
	eventually(t, 15*time.Second, "the window with the last traffic is stored", func() (bool, any) {
		db := m.status().Database
		return db.LastWrite != nil && db.LastWrite.After(sent.Add(1500*time.Millisecond)), db
	})
	want := byID(m.sessions("order_by=start_time"))
	m.kill()

	next := startMonitor(w.t, dir, "-i", w.near) // it outlives the subtest
	got := byID(next.sessions("order_by=start_time"))
	for id, s := range want {
		if got[id].TotalBytes != s.TotalBytes || got[id].TotalPackets != s.TotalPackets {
			t.Errorf("session %s had %d bytes, has %d after the kill", id, s.TotalBytes, got[id].TotalBytes)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d sessions, %d before the kill", len(got), len(want))
	}
	if kinds := next.events(); !slices.Contains(kinds, "recovered") {
		t.Errorf("no event of the kill: %v", kinds)
	}
	return next
}

func byID(page wire.Page[wire.Session]) map[string]wire.Session {
	sessions := make(map[string]wire.Session, len(page.Items))
	for _, s := range page.Items {
		sessions[s.SessionID] = s
	}
	return sessions
}

// checkDatabase reads the file as a user with the sqlite3 tool would.
func checkDatabase(t *testing.T, dir string) {
	query := func(sql string) string { return sqlite(t, filepath.Join(dir, "data", "netflow.db"), sql) }
	if got := query("PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
	for _, table := range []string{"sessions", "ip_statistics", "traffic_history", "event_logs", "configurations"} {
		if n, err := strconv.Atoi(query("SELECT count(*) FROM " + table)); err != nil || n == 0 && table != "configurations" {
			t.Errorf("%s: %d rows, %v", table, n, err)
		}
	}
	if open := query("SELECT count(*) FROM sessions WHERE end_reason = 0"); open != "0" {
		t.Errorf("%s sessions are open after a clean stop", open)
	}
	if _, err := os.Stat(filepath.Join(dir, "logs", "netflow.log")); err != nil {
		t.Error(err)
	}
}
