package e2e

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// TestRouter watches a router between a network with public addresses and the internet:
// what its machines call goes out, and counts once though two interfaces see it.
func TestRouter(t *testing.T) {
	needTools(t, "nsenter", "curl")
	if !enter(t) {
		return
	}
	const inside, outside, upstream = "198.18.50.1", "203.0.113.1", "203.0.113.254"
	client, server := netns.Neighbour(t), netns.Neighbour(t)
	for _, cable := range []struct {
		name, near, far string
		machine         *netns.Namespace
	}{
		{"lan0", inside, "198.18.50.10", client},
		{"wan0", outside, upstream, server},
	} {
		netns.Pair(t, cable.name, "eth0")
		cable.machine.Take(t, "eth0")
		netns.Run(t, "ip", "address", "add", cable.near+"/24", "dev", cable.name)
		cable.machine.Run(t, "ip", "address", "add", cable.far+"/24", "dev", "eth0")
		cable.machine.Run(t, "ip", "link", "set", "eth0", "addrgenmode", "none")
		cable.machine.Run(t, "ip", "link", "set", "eth0", "up")
	}
	client.Run(t, "ip", "route", "add", "default", "via", inside)
	server.Run(t, "ip", "route", "add", "default", "via", outside)
	netns.Run(t, "ip", "route", "add", "default", "via", upstream)
	server.Run(t, "ip", "address", "add", farAddr+"/32", "dev", "lo")
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &testWire{t: t, near: "wan0", peer: server}
	w.serve()

	m := startMonitor(t, t.TempDir(), "-i", "any")
	client.Run(t, "curl", "-s", "-o", "/dev/null", "http://"+farAddr+"/?n="+strconv.Itoa(downloadBytes))
	server.Run(t, "ping", "-q", "-c", "3", "-i", "0.05", "198.18.50.10")
	var web, ping wire.Page[wire.Session]
	eventually(t, 10*time.Second, "both conversations are listed", func() (bool, any) {
		web, ping = m.sessions("protocol=tcp"), m.sessions("protocol=icmp")
		return web.Total == 1 && allClosed(web.Items) && ping.Total == 1 && ping.Items[0].PacketsReceived == 3, []any{web, ping}
	})
	for want, s := range map[string]wire.Session{"out": web.Items[0], "in": ping.Items[0]} {
		if s.Direction != want || len(s.AlsoSeen) != 1 || s.SrcIP == inside || s.SrcIP == outside {
			t.Errorf("want %s: %+v", want, s)
		}
	}
	totals := m.status().Totals
	payload := web.Items[0].PayloadBytesReceived - web.Items[0].RetransmittedBytesReceived
	if payload < downloadBytes || payload > downloadBytes+1000 || totals.BytesIn < downloadBytes || totals.BytesIn > 2*downloadBytes || totals.BytesOther > totals.BytesIn/10 {
		t.Errorf("totals %+v of %+v", totals, web.Items[0])
	}
	m.stop()
}

// TestMirrorPort watches packets of others, on an interface without an address.
func TestMirrorPort(t *testing.T) {
	if !enter(t) {
		return
	}
	for name, c := range map[string]struct {
		home string
		want map[string]string // the direction, by the address that begins
	}{
		"private networks are home": {"", map[string]string{"10.1.2.3": "out", "203.0.113.9": "in", "10.1.2.4": "internal", "203.0.113.8": "transit"}},
		"home is what is said":      {"203.0.113.8/31", map[string]string{"10.1.2.3": "in", "203.0.113.9": "out", "10.1.2.4": "transit", "203.0.113.8": "out"}},
	} {
		t.Run(name, func(t *testing.T) {
			netns.Pair(t, "mirror0", "switch0")
			defer netns.Run(t, "ip", "link", "del", "mirror0")
			m := launch{dir: t.TempDir(), args: []string{"-i", "mirror0"}, env: []string{"NETFLOW_NETWORK_HOME=" + c.home}}.start(t)
			port := netns.NewSender(t, "switch0")
			defer port.Close()
			for i, ends := range [][2][]byte{
				{{10, 1, 2, 3}, {203, 0, 113, 9}}, {{203, 0, 113, 9}, {10, 1, 2, 5}}, {{10, 1, 2, 4}, {10, 1, 2, 5}}, {{203, 0, 113, 8}, {198, 51, 100, 1}},
			} {
				frame := netns.Datagram(i)
				copy(frame[26:], slices.Concat(ends[0], ends[1]))
				port.Send(t, frame)
			}
			var page wire.Page[wire.Session]
			eventually(t, 10*time.Second, "all conversations are listed", func() (bool, any) {
				page = m.sessions("protocol=udp")
				return page.Total == len(c.want), page
			})
			for _, s := range page.Items {
				if s.Direction != c.want[s.SrcIP] {
					t.Errorf("%s to %s is %s, want %s", s.SrcIP, s.DstIP, s.Direction, c.want[s.SrcIP])
				}
			}
			m.stop()
		})
	}
}
