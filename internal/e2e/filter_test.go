package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
)

// TestFilter watches the same wire with a filter, with its opposite and with none.
func TestFilter(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	before := w.counters()
	all := startMonitor(t, t.TempDir(), "-i", w.near)
	some := startMonitor(t, t.TempDir(), "-i", w.near, "-f", "tcp port "+otherPort)
	dir := t.TempDir()
	config := write(t, dir, "config.yaml", fmt.Sprintf("network: {interface: %s, filter: not tcp port %s}\n", w.near, otherPort))
	rest := startMonitor(t, dir, "-c", config)

	talk(t)
	requireFiltered(t, w, before, all, some, rest)

	t.Run("also after a stop and a start", func(t *testing.T) {
		call[wire.MonitoringResult](t, http.MethodPost, some.base+"api/stop-monitoring")
		call[wire.MonitoringResult](t, http.MethodPost, some.base+"api/start-monitoring")
		talk(t)
		requireFiltered(t, w, before, all, some, rest)
	})
	for _, m := range []*monitor{all, some, rest} {
		m.stop()
	}
}

// talk makes traffic of each kind: TCP on two ports, UDP on one of them and on another,
// and ICMP, also messages that quote UDP to the other port.
func talk(t *testing.T) {
	t.Helper()
	exchange(t)
	for range downloads {
		transfer(t, farAddr+":"+otherPort, downloadBytes, 1000)
	}
	conn, err := net.Dial("udp", net.JoinHostPort(farAddr, otherPort))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("nobody listens")); err != nil {
		t.Fatal(err)
	}
}

// transfer receives and sends so many bytes over a connection of its own.
func transfer(t *testing.T, address string, receive, send int) {
	t.Helper()
	post(t, fmt.Sprintf("http://%s/?n=%d", address, receive), receive, send)
}

func post(t *testing.T, url string, receive, send int) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	res, err := client.Post(url, "text/plain", strings.NewReader(strings.Repeat("x", send)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n != int64(receive) {
		t.Fatalf("transfer: %d bytes, %v", n, err)
	}
}

// conversation is what two monitors must agree on.
type conversation struct{ Sent, Received traffic }

// requireFiltered expects the matching sessions in one monitor and the others in the
// other, as the monitor without a filter counts them, and no packet lost between them.
func requireFiltered(t *testing.T, w *testWire, before traffic, all, some, rest *monitor) {
	t.Helper()
	eventually(t, 10*time.Second, "the filters' shares add up to the interface's counters", func() (bool, any) {
		want := w.counters().minus(before)
		a, s, r := all.status(), some.status(), rest.status()
		return a.Capture.Packets == want.packets && a.Capture.Bytes == want.bytes &&
			s.Capture.Packets+r.Capture.Packets == want.packets && s.Capture.Bytes+r.Capture.Bytes == want.bytes &&
			s.Totals.Packets == s.Capture.Packets && a.Totals.Packets == s.Totals.Packets+r.Totals.Packets, []any{want, a.Capture, s.Capture, r.Capture}
	})
	eventually(t, 10*time.Second, "each has exactly its sessions", func() (bool, any) {
		matching, others := all.conversations("protocol=tcp&port="+otherPort), all.conversations("")
		for key := range matching {
			delete(others, key)
		}
		diff := cmp.Diff(matching, some.conversations(""), cmp.AllowUnexported(traffic{})) +
			cmp.Diff(others, rest.conversations(""), cmp.AllowUnexported(traffic{}))
		return diff == "" && len(matching)%downloads == 0 && len(matching) > 0 && len(others) > len(matching), diff
	})
	var total traffic
	for _, c := range some.conversations("") {
		total.packets += c.Sent.packets + c.Received.packets
		total.bytes += c.Sent.bytes + c.Received.bytes
	}
	if got := some.status().Capture; got.Packets != total.packets || got.Bytes != total.bytes {
		t.Errorf("the sessions add up to %+v, the capture is %+v", total, got)
	}
}

// conversations are a monitor's sessions by their ends. What a stop and a start split in
// one monitor is one session in the other.
func (m *monitor) conversations(query string) map[string]conversation {
	m.t.Helper()
	found := map[string]conversation{}
	for _, s := range m.sessions(query).Items {
		key := fmt.Sprintf("%s %s:%d %s:%d", s.CommunityID, s.SrcIP, s.SrcPort, s.DstIP, s.DstPort)
		c := found[key]
		c.Sent.packets, c.Sent.bytes = c.Sent.packets+s.PacketsSent, c.Sent.bytes+s.BytesSent
		c.Received.packets, c.Received.bytes = c.Received.packets+s.PacketsReceived, c.Received.bytes+s.BytesReceived
		found[key] = c
	}
	return found
}

// TestWrongFilter is about expressions that are no filter: nothing starts.
func TestWrongFilter(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "config.yaml", "network:\n  interface: lo\n  filter: tcp porrt 80\n")
	for name, c := range map[string]struct {
		args  []string
		env   string
		code  int
		parts []string
	}{
		"flag":            {args: []string{"-i", "lo", "-f", "tcp porrt 80"}, code: exitUsage, parts: []string{"filter expression, byte 4", `"porrt"`, "\n  tcp porrt 80\n      ^\n"}},
		"flag, end":       {args: []string{"-i", "lo", "-f", "tcp and ("}, code: exitUsage, parts: []string{"at the end", "\n  tcp and (\n           ^\n"}},
		"flag, unknown":   {args: []string{"-i", "lo", "-f", "ip proto ospff"}, code: exitUsage, parts: []string{"byte 9", `"ospff"`, "\n  ip proto ospff\n           ^\n"}},
		"flag, file":      {args: []string{"read", "-f", "port 70000", "none.pcap"}, code: exitUsage, parts: []string{"byte 5", "\n  port 70000\n       ^\n"}},
		"configuration":   {args: []string{"-c", file}, code: exitFailure, parts: []string{"network.filter", "config.yaml:3", "byte 4", `"porrt"`}},
		"config check":    {args: []string{"config", "check", "-c", file}, code: exitFailure, parts: []string{"network.filter", "config.yaml:3", "byte 4", `"porrt"`}},
		"variable, check": {args: []string{"config", "check"}, env: "NETFLOW_NETWORK_FILTER=porrt 80", code: exitFailure, parts: []string{"NETFLOW_NETWORK_FILTER", `"porrt"`}},
	} {
		t.Run(name, func(t *testing.T) {
			l := launch{dir: dir, args: c.args}
			if c.env != "" {
				l.env = []string{c.env}
			}
			l.fails(t, c.code, c.parts...)
			if left, err := filepath.Glob(filepath.Join(dir, "data")); err != nil || len(left) != 0 {
				t.Errorf("a run that is refused left %v behind: %v", left, err)
			}
		})
	}
}
