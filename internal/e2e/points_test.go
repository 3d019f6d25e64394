package e2e

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// TestEachPacketCountsOnce watches all interfaces around a bridge: its ports and itself
// see the same packets.
func TestEachPacketCountsOnce(t *testing.T) {
	needTools(t, "ping", "nsenter", "curl", "sqlite3")
	if !enter(t) {
		return
	}
	l := layLab(t)
	dir := t.TempDir()
	before := count(t, "br0", "client0", "server0")
	m := startMonitor(t, dir, "-i", "any")
	url := "http://" + serverAddr + "/?n=" + strconv.Itoa(downloadBytes)
	for range downloads {
		l.client.Run(t, "curl", "-s", "-o", "/dev/null", url)
		netns.Run(t, "curl", "-s", "-o", "/dev/null", url)
	}
	netns.Run(t, "ping", "-q", "-c", strconv.Itoa(pings), "-i", "0.05", serverAddr)
	netns.Run(t, "ping", "-q", "-c", "2", "-i", "0.05", "127.0.0.1") // not to be seen

	s := requireAccounted(t, m, before)
	if names := s.Interfaces; !slices.Equal(slices.Sorted(slices.Values(names)), []string{"br0", "client0", "server0"}) {
		t.Errorf("captured on %v", names)
	}
	if s.Capture.Duplicates == 0 || point(s, "br0").Type != "bridge" || point(s, "br0").Duplicates == 0 {
		t.Errorf("%+v, the bridge %+v", s.Capture, point(s, "br0"))
	}
	for _, c := range []struct {
		from, on string
		also     []string
	}{
		{clientAddr, "client0", []string{"server0"}}, // through the bridge, which does not see it itself
		{bridgeAddr, "server0", []string{"br0"}},     // of what is at both, the port is nearer to the wire
	} {
		var page wire.Page[wire.Session]
		eventually(t, 5*time.Second, "the downloads are listed, closed", func() (bool, any) {
			page = m.sessions("protocol=tcp&src_ip=" + c.from)
			return page.Total == downloads && allClosed(page.Items), page
		})
		for _, x := range page.Items {
			payload := x.PayloadBytesReceived - x.RetransmittedBytesReceived
			if x.Interface != c.on || !slices.Equal(x.AlsoSeen, c.also) || payload < downloadBytes || payload > downloadBytes+1000 || x.Carried {
				t.Errorf("from %s: at %s, also %v, payload %d: %+v", c.from, x.Interface, x.AlsoSeen, payload, x)
			}
		}
	}
	ping := m.sessions("protocol=icmp")
	if ping.Total != 1 || ping.Items[0].PacketsSent != pings || ping.Items[0].PacketsReceived != pings || ping.Items[0].Direction != "out" {
		t.Errorf("ping: %+v", ping)
	}
	for name, want := range map[string]int{"br0": downloads, "client0": downloads, "server0": 2 * downloads} {
		if got := m.sessions("protocol=tcp&interface=" + name).Total; got != want {
			t.Errorf("%d sessions seen at %s, want %d", got, name, want)
		}
	}
	t.Run("each series knows its interface", func(t *testing.T) { checkPointSeries(t, m, s) })
	t.Run("nothing lives on after a stop", func(t *testing.T) { checkStopped(t, m, l) })
	m.stop()
	db := filepath.Join(dir, "data", "netflow.db")
	if got := sqlite(t, db, "SELECT count(*) FROM sessions WHERE protocol = 6 AND also_points = ''"); got != "0" {
		t.Errorf("%s sessions are said to be seen once", got)
	}
	if got := sqlite(t, db, `SELECT group_concat(interface) FROM (SELECT interface FROM traffic_history_readable
		WHERE step = 3600 AND offered_packets = kernel_packets AND offered_packets > 0 ORDER BY interface)`); got != "all,br0,client0,server0" {
		t.Errorf("history by interface: %s", got)
	}
}

// checkStopped stops in the middle of many conversations, and starts again.
func checkStopped(t *testing.T, m *monitor, l *lab) {
	for range 3 {
		loop := l.client.Command(t, "sh", "-c", "for i in $(seq 40); do curl -s -o /dev/null http://"+serverAddr+"/?n=20000; done")
		if err := loop.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1300 * time.Millisecond)
		call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/stop-monitoring")
		eventually(t, 3*time.Second, "no session is active and nothing flows", func() (bool, any) {
			active, rates := m.sessions("active=true"), m.status().Rates
			return active.Total == 0 && rates == (wire.Rates{}), []any{active, rates}
		})
		_ = loop.Wait()
		call[wire.MonitoringResult](t, http.MethodPost, m.base+"api/start-monitoring")
	}
}

// checkPointSeries expects that the series of the interfaces add up to the one of all.
func checkPointSeries(t *testing.T, m *monitor, s wire.Status) {
	sum := func(query string) (traffic, captured, kernel uint64) {
		for _, p := range call[wire.History](t, http.MethodGet, m.base+"api/traffic-history?hours=1&"+query).Points {
			traffic += p.BytesIn + p.BytesOut + p.BytesOther
			captured += p.Captured
			kernel += p.KernelPackets
		}
		return traffic, captured, kernel
	}
	traffic, captured, _ := sum("")
	for _, p := range s.Points {
		bytes, packets, kernel := sum("interface=" + p.Name)
		if packets != p.Packets || kernel != p.Packets {
			t.Errorf("%s: %d packets in the history, the interface counted %d, the status says %d", p.Name, packets, kernel, p.Packets)
		}
		traffic, captured = traffic-bytes, captured-packets
	}
	if traffic != 0 || captured != 0 {
		t.Errorf("%d bytes and %d packets are of no interface", int64(traffic), int64(captured))
	}
	if _, err := try[wire.History](t.Context(), http.MethodGet, m.base+"api/traffic-history?interface=nosuch0"); err == nil {
		t.Error("an interface that never was is accepted")
	}
}

// TestTunnelCountsOnce watches a VXLAN and the cable under it: the session inside is one,
// and its bytes are those on the cable.
func TestTunnelCountsOnce(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	o := overlays[0]
	o.lay(t, w)
	before := count(t, w.near, "vx"+strconv.Itoa(int(o.vni)))
	m := startMonitor(t, t.TempDir(), "-i", "any")
	for range downloads {
		transfer(t, o.far+":80", downloadBytes, 1000)
	}
	netns.Run(t, "ping", "-q", "-c", strconv.Itoa(pings), "-i", "0.05", o.far)
	requireAccounted(t, m, before)
	checkInner(t, m, o)
	for _, s := range m.sessions("tunnel=vxlan").Items {
		if s.Interface != w.near || !slices.Equal(s.AlsoSeen, []string{"vx" + strconv.Itoa(int(o.vni))}) {
			t.Errorf("at %s, also %v: %+v", s.Interface, s.AlsoSeen, s)
		}
	}
	if other := m.sessions("tunnel=none&ip=" + o.far); other.Total != 0 {
		t.Errorf("sessions inside without their tunnel: %+v", other)
	}
	m.stop()
}

// TestEncipheredTunnel watches a tunnel whose packets can't be looked into on the cable:
// the sessions inside are listed, and only the packets on the cable are in the totals.
func TestEncipheredTunnel(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	tun := netns.Tun(t, "tun0")
	netns.Run(t, "ip", "address", "add", "10.66.0.1/24", "dev", "tun0")
	m := startMonitor(t, t.TempDir(), "-i", "any")
	alone := startMonitor(t, t.TempDir(), "-i", "tun0")
	cable, err := net.Dial("udp", farAddr+":53")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cable.Close() }()
	go encipher(tun, cable)
	const packets = 10
	ping(t, "10.66.0.2", packets) // nobody answers there
	var inside, outside wire.Page[wire.Session]
	eventually(t, 10*time.Second, "both sessions are listed", func() (bool, any) {
		inside, outside = m.sessions("protocol=icmp"), m.sessions("protocol=udp&port=53")
		return inside.Total == 1 && inside.Items[0].PacketsSent == packets && outside.Total == 1 && outside.Items[0].PacketsSent == packets, []any{inside, outside}
	})
	if s := inside.Items[0]; !s.Carried || s.Interface != "tun0" {
		t.Errorf("inside: %+v", s)
	}
	if s := outside.Items[0]; s.Carried || s.Interface != w.near {
		t.Errorf("outside: %+v", s)
	}
	s := m.status()
	if s.Totals.Packets != outside.Items[0].TotalPackets || s.Capture.Metered != s.Totals.Packets+packets {
		t.Errorf("totals %+v of %+v", s.Totals, s.Capture)
	}
	eventually(t, 5*time.Second, "seen alone, the tunnel is all there is", func() (bool, any) {
		s := alone.sessions("protocol=icmp")
		return s.Total == 1 && !s.Items[0].Carried && alone.status().Totals.Packets == packets, s
	})
	m.stop()
	alone.stop()
}

// encipher sends what the tunnel is given over the cable, so that nobody can read it.
func encipher(tun *os.File, cable net.Conn) {
	packet := make([]byte, 2000)
	for {
		n, err := tun.Read(packet)
		if err != nil {
			return
		}
		for i := range packet[:n] {
			packet[i] ^= 0x5a
		}
		_, _ = cable.Write(packet[:n])
	}
}

// ping sends echo requests that nobody answers.
func ping(t *testing.T, address string, n int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ping", "-q", "-c", strconv.Itoa(n), "-i", "0.02", "-W", "0.1", address)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() > 1 {
		t.Fatalf("ping: %v\n%s", err, out)
	}
}

// TestWorkers shares the packets among several rings.
func TestWorkers(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	before := w.counters()
	m := launch{dir: t.TempDir(), args: []string{"-i", w.near}, env: []string{"NETFLOW_NETWORK_WORKERS=4", "NETFLOW_NETWORK_RING_SIZE=4MiB"}}.start(t)
	exchange(t)
	checkSessions(t, m)
	eventually(t, 10*time.Second, "the monitor's totals equal the interface's", func() (bool, any) {
		want, s := w.counters().minus(before), m.status()
		return s.Capture.Packets == want.packets && s.Capture.Bytes == want.bytes && s.Capture.Workers == 4 && s.Capture.RingBytes == 4<<20, []any{want, s}
	})
	m.stop()
}

// TestWhatIsLostIsCounted keeps the program from reading its ring.
func TestWhatIsLostIsCounted(t *testing.T) {
	needTools(t, "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	m := launch{dir: t.TempDir(), args: []string{"-i", w.near}, env: []string{"NETFLOW_NETWORK_RING_SIZE=2MiB"}}.start(t)
	flood := netns.NewSender(t, w.near)
	defer flood.Close()
	const packets = 40_000
	for i, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := m.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		for range packets * (1 - i) {
			flood.Send(t, netns.Datagram(1))
		}
	}
	eventually(t, 10*time.Second, "captured and lost are what the interface counted", func() (bool, any) {
		s := m.status()
		c, p := s.Capture, point(s, w.near)
		return c.Dropped > 0 && c.Packets+c.Dropped == c.KernelPackets && c.KernelPackets >= packets && c.Metered+c.Refused == c.Packets &&
			p.Dropped != nil && *p.Dropped == c.Dropped && c.Coverage < 1 && p.Coverage < 1 && c.CoverageMinute < 1, s
	})
	m.stop()
}
