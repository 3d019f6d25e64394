package e2e

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// overlay is a VXLAN between the two ends of the wire.
type overlay struct {
	vni       uint32
	port      int // UDP
	near, far string
}

// Two of them: on the port of RFC 7348 and on the one that Linux took before it.
var overlays = []overlay{
	{vni: 5001, port: 4789, near: "10.1.0.1", far: "10.1.0.2"},
	{vni: 77, port: 8472, near: "10.2.0.1", far: "10.2.0.2"},
}

func (o overlay) lay(t *testing.T, w *testWire) {
	t.Helper()
	name := "vx" + strconv.Itoa(int(o.vni))
	device := func(remote, under string) []string {
		return []string{
			"link", "add", name, "type", "vxlan", "id", strconv.Itoa(int(o.vni)),
			"remote", remote, "dstport", strconv.Itoa(o.port), "dev", under,
		}
	}
	netns.Run(t, "ip", device(farAddr, w.near)...)
	w.peer.Run(t, "ip", device(nearAddr, "far0")...)
	netns.Run(t, "ip", "link", "set", name, "addrgenmode", "none")
	w.peer.Run(t, "ip", "link", "set", name, "addrgenmode", "none")
	netns.Run(t, "ip", "address", "add", o.near+"/24", "dev", name)
	w.peer.Run(t, "ip", "address", "add", o.far+"/24", "dev", name)
	netns.Run(t, "ip", "link", "set", name, "up")
	w.peer.Run(t, "ip", "link", "set", name, "up")
}

// TestTunnel watches the wire under two VXLANs, unwrapping them and not.
func TestTunnel(t *testing.T) {
	needTools(t, "ping", "nsenter")
	if !enter(t) {
		return
	}
	w := layWire(t)
	for _, o := range overlays {
		o.lay(t, w)
	}
	before := w.counters()
	inner := startMonitor(t, t.TempDir(), "-i", w.near)
	dir := t.TempDir()
	config := write(t, dir, "config.yaml", "monitor: {decapsulate: none}\n")
	outer := startMonitor(t, dir, "-i", w.near, "-c", config)
	exchange(t) // beside the tunnels
	for _, o := range overlays {
		for range downloads {
			transfer(t, o.far+":80", downloadBytes, 1000)
		}
		netns.Run(t, "ping", "-q", "-c", strconv.Itoa(pings), "-i", "0.05", o.far)
	}

	eventually(t, 10*time.Second, "both account for every packet and byte of the kernel, once", func() (bool, any) {
		want, a, b := w.counters().minus(before), inner.status(), outer.status()
		return a.Capture.Packets == want.packets && a.Capture.Bytes == want.bytes &&
			b.Capture.Packets == want.packets && b.Capture.Bytes == want.bytes &&
			a.Capture.Metered+a.Capture.Refused == want.packets && b.Capture.Metered+b.Capture.Refused == want.packets &&
			a.Totals.Bytes <= want.bytes && b.Totals.Bytes <= want.bytes, []any{want, a.Capture, b.Capture}
	})
	for _, o := range overlays {
		t.Run("port "+strconv.Itoa(o.port), func(t *testing.T) {
			checkInner(t, inner, o)
			checkOuter(t, outer, inner, o)
		})
	}
	if got := inner.sessions("tunnel=vxlan&dst_ip=" + farAddr).Total; got != 0 {
		t.Errorf("%d sessions beside the tunnels are said to be in one", got)
	}
	inner.stop()
	outer.stop()
}

// checkInner expects the sessions that went through a tunnel.
func checkInner(t *testing.T, m *monitor, o overlay) {
	t.Helper()
	var page wire.Page[wire.Session]
	eventually(t, 10*time.Second, "the sessions inside are listed", func() (bool, any) {
		page = m.sessions("tunnel=vxlan&dst_ip=" + o.far)
		web := 0
		for _, s := range page.Items {
			if s.Protocol == "TCP" && s.State == "closed" {
				web++
			}
		}
		return page.Total == downloads+1 && web == downloads, page
	})
	for _, s := range page.Items {
		if s.Tunnel != "vxlan" || s.TunnelID != o.vni || s.TunnelSrcIP != nearAddr || s.TunnelDstIP != farAddr {
			t.Errorf("tunnel: %+v", s)
		}
		const outerHeaders = 14 + 20 + 8 + 8 // Ethernet, IPv4, UDP, VXLAN
		headers := s.BytesReceived - s.IPBytesReceived
		if want := s.PacketsReceived * (outerHeaders + 14); headers != want {
			t.Errorf("%d wire bytes around the inner IP packets, want %d: %+v", headers, want, s)
		}
		switch s.Protocol {
		case "TCP":
			payload := s.PayloadBytesReceived - s.RetransmittedBytesReceived
			if s.SrcIP != o.near || s.DstPort != 80 || payload < downloadBytes || payload > downloadBytes+1000 || s.RTTMs == nil {
				t.Errorf("HTTP: %+v", s)
			}
		default:
			if s.SrcIP != o.near || s.PacketsSent != pings || s.PacketsReceived != pings {
				t.Errorf("ping: %+v", s)
			}
		}
	}
}

// checkOuter expects nothing but the tunnel, with at least the bytes of what is inside.
func checkOuter(t *testing.T, outer, inner *monitor, o overlay) {
	t.Helper()
	var packets, bytes uint64
	for _, s := range inner.sessions("tunnel=vxlan&ip=" + o.far).Items {
		packets, bytes = packets+s.TotalPackets, bytes+s.TotalBytes
	}
	near, far := netip.MustParseAddr(nearAddr), netip.MustParseAddr(farAddr)
	eventually(t, 10*time.Second, "the tunnel carries what is inside", func() (bool, any) {
		var got traffic
		for _, s := range outer.sessions("protocol=udp&port=" + strconv.Itoa(o.port)).Items {
			got.packets, got.bytes = got.packets+s.TotalPackets, got.bytes+s.TotalBytes
			ends := [2]netip.Addr{netip.MustParseAddr(s.SrcIP), netip.MustParseAddr(s.DstIP)}
			if ends != [2]netip.Addr{near, far} && ends != [2]netip.Addr{far, near} || s.DstPort != uint16(o.port) || s.Tunnel != "" || s.TunnelID != 0 {
				t.Errorf("not the tunnel itself: %+v", s)
			}
		}
		// ARP through the tunnel is in no session inside.
		more := got.minus(traffic{packets, bytes})
		return packets > 0 && more.packets <= 20 && more.bytes <= 20*100, []any{got, packets, bytes}
	})
	if page := outer.sessions("ip=" + o.far); page.Total != 0 {
		t.Errorf("a look inside: %+v", page)
	}
}
