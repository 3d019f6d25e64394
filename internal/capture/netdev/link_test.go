//go:build linux

package netdev

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"netflow-monitor/internal/e2e/netns"
)

// patience is how long something may take on a busy machine.
const patience = 10 * time.Second

// ipLinks is what ip(8) says of all interfaces. Types and parents are our own words
// and not compared.
func ipLinks(t *testing.T) []Link {
	t.Helper()
	type side struct {
		Packets, Bytes, Dropped, Errors uint64
		Missed                          uint64 `json:"missed_errors"`
	}
	var entries []struct {
		Index   int    `json:"ifindex"`
		Name    string `json:"ifname"`
		Flags   []string
		MTU     int
		Master  string
		Address string
		Stats64 struct{ Rx, Tx side }
	}
	if err := json.Unmarshal(netns.Run(t, "ip", "-json", "-statistics", "-statistics", "link"), &entries); err != nil {
		t.Fatal(err)
	}
	index := map[string]int{}
	for _, e := range entries {
		index[e.Name] = e.Index
	}
	links := make([]Link, 0, len(entries))
	for _, e := range entries {
		l := Link{Index: e.Index, Name: e.Name, MTU: e.MTU, Master: index[e.Master], MAC: e.Address}
		if l.MAC == "00:00:00:00:00:00" {
			l.MAC = ""
		}
		for _, flag := range e.Flags {
			l.Up = l.Up || flag == "UP"
		}
		rx, tx := e.Stats64.Rx, e.Stats64.Tx
		l.Counters = Counters{
			rx.Packets, rx.Bytes, tx.Packets, tx.Bytes, rx.Dropped, tx.Dropped, rx.Errors, tx.Errors, rx.Missed,
		}
		links = append(links, l)
	}
	return links
}

func mustLinks(t *testing.T) map[string]Link {
	t.Helper()
	links, err := Links()
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]Link, len(links))
	for _, l := range links {
		byName[l.Name] = l
	}
	return byName
}

func TestLinksOfEveryKind(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	netns.Run(t, "ip", "link", "add", "bridge", "type", "bridge")
	netns.Run(t, "ip", "link", "set", "left", "master", "bridge")
	netns.Run(t, "ip", "link", "add", "overlay", "mtu", "1400", "type", "vxlan", "id", "7", "dev", "right", "dstport", "4789")
	netns.Run(t, "ip", "link", "add", "free", "type", "vxlan", "id", "8", "remote", "192.0.2.1", "dstport", "4790")
	netns.Run(t, "ip", "link", "add", "ifb", "type", "ifb")

	got := mustLinks(t)
	type kind struct {
		Type           string
		Hardware       uint16
		Up, Running    bool
		Master, Parent int
	}
	for name, want := range map[string]kind{
		"lo":      {"loopback", unix.ARPHRD_LOOPBACK, true, true, 0, 0},
		"left":    {"veth", unix.ARPHRD_ETHER, true, true, got["bridge"].Index, 0},
		"right":   {"veth", unix.ARPHRD_ETHER, true, true, 0, 0},
		"bridge":  {"bridge", unix.ARPHRD_ETHER, false, false, 0, 0},
		"overlay": {"vxlan", unix.ARPHRD_ETHER, false, false, 0, got["right"].Index},
		"free":    {"vxlan", unix.ARPHRD_ETHER, false, false, 0, 0},
		"ifb":     {"ifb", unix.ARPHRD_ETHER, false, false, 0, 0},
	} {
		l := got[name]
		if diff := cmp.Diff(want, kind{l.Type, l.Hardware, l.Up, l.Running, l.Master, l.Parent}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}

	netns.Run(t, "ip", "link", "set", "right", "down")
	if left := mustLinks(t)["left"]; !left.Up || left.Running {
		t.Errorf("the other end is down, and left is up %v, running %v", left.Up, left.Running)
	}
}

func TestTunAndTap(t *testing.T) {
	device, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		netns.Unavailable(t, err.Error())
	}
	device.Close()
	if !netns.Enter(t) {
		return
	}
	for _, mode := range []string{"tun", "tap"} {
		netns.Run(t, "ip", "tuntap", "add", "dev", mode+"0", "mode", mode)
		if l := mustLinks(t)[mode+"0"]; l.Type != mode || l.Parent != 0 || l.Running {
			t.Errorf("%s is %+v", mode, l)
		}
	}
}

// An index of another namespace may be that of any interface here.
func TestParentInOtherNamespace(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	other := netns.Neighbour(t)
	other.Run(t, "ip", "link", "add", "below", "index", "900", "type", "veth", "peer", "name", "below2")
	other.Run(t, "ip", "link", "add", "overlay", "type", "vxlan", "id", "7", "dev", "below", "dstport", "4789")
	other.Run(t, "ip", "link", "add", "end", "index", "901", "type", "veth", "peer", "name", "end2")
	for _, name := range []string{"overlay", "end2"} {
		other.Run(t, "ip", "link", "set", name, "netns", strconv.Itoa(os.Getpid()))
	}
	netns.Run(t, "ip", "link", "add", "stranger", "index", "900", "type", "veth", "peer", "index", "901", "name", "stranger2")
	got := mustLinks(t)
	for name, kind := range map[string]string{"overlay": "vxlan", "end2": "veth"} {
		if l := got[name]; l.Type != kind || l.Parent != 0 {
			t.Errorf("%s is %q with parent %d", name, l.Type, l.Parent)
		}
	}
}

func TestCounters(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	netns.Run(t, "ip", "address", "add", "192.0.2.1/24", "dev", "left")
	netns.Run(t, "ip", "neighbour", "add", "192.0.2.2", "lladdr", mustLinks(t)["right"].MAC, "dev", "left")
	netns.Run(t, "ip", "link", "add", "bridge", "type", "bridge")
	netns.Run(t, "ip", "link", "set", "bridge", "addrgenmode", "none") // else it sends by itself
	netns.Run(t, "ip", "link", "set", "bridge", "up")
	netns.Run(t, "ip", "link", "set", "right", "master", "bridge")
	socket, err := net.Dial("udp4", "192.0.2.2:9")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for range 1000 {
		if _, err := socket.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	// Both must look at the same moment: packets may still be under way.
	var diff string
	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		links, err := Links()
		if err != nil {
			t.Fatal(err)
		}
		for i := range links {
			links[i].Type, links[i].Hardware, links[i].Running = "", 0, false
		}
		if diff = cmp.Diff(ipLinks(t), links); diff == "" {
			break
		}
	}
	if diff != "" {
		t.Errorf("differs from ip(8):\n%s", diff)
	}
	if c := mustLinks(t)["right"].Counters; c.RxPackets < 1000 || c.RxBytes < 1000*1042 {
		t.Errorf("of 1000 packets right received %+v", c)
	}
}

// The kinds that kernels without their modules cannot make.
func TestTypes(t *testing.T) {
	for _, test := range []struct {
		link     netlink.Link
		hardware uint16
		want     string
	}{
		{&netlink.Device{}, unix.ARPHRD_ETHER, "ethernet"},
		{&netlink.Device{}, unix.ARPHRD_LOOPBACK, "loopback"},
		{&netlink.Device{}, unix.ARPHRD_INFINIBAND, "infiniband"},
		{&netlink.Device{}, unix.ARPHRD_PPP, "ppp"},
		{&netlink.Device{}, unix.ARPHRD_NONE, "raw-ip"},
		{&netlink.Device{}, unix.ARPHRD_RAWIP, "raw-ip"},
		{&netlink.Device{}, unix.ARPHRD_IEEE80211, "wifi-monitor"},
		{&netlink.Device{}, unix.ARPHRD_IEEE80211_PRISM, "wifi-monitor"},
		{&netlink.Device{}, unix.ARPHRD_IEEE80211_RADIOTAP, "wifi-monitor"},
		{&netlink.Device{}, unix.ARPHRD_TUNNEL, "ipip"},
		{&netlink.Device{}, unix.ARPHRD_TUNNEL6, "ip6tnl"},
		{&netlink.Device{}, unix.ARPHRD_SIT, "sit"},
		{&netlink.Device{}, unix.ARPHRD_IPGRE, "gre"},
		{&netlink.Device{}, unix.ARPHRD_IP6GRE, "ip6gre"},
		{&netlink.Device{}, unix.ARPHRD_FDDI, "774"},
		{&netlink.Bond{}, unix.ARPHRD_ETHER, "bond"},
		{&netlink.GenericLink{LinkType: "team"}, unix.ARPHRD_ETHER, "team"},
		{&netlink.GenericLink{LinkType: "dsa"}, unix.ARPHRD_ETHER, "ethernet"},
		{&netlink.GenericLink{LinkType: "ppp"}, unix.ARPHRD_PPP, "ppp"},
		{&netlink.GenericLink{LinkType: "wwan"}, unix.ARPHRD_RAWIP, "wwan"},
		{&netlink.Vlan{}, unix.ARPHRD_ETHER, "vlan"},
		{&netlink.Vxlan{}, unix.ARPHRD_ETHER, "vxlan"},
		{&netlink.Geneve{}, unix.ARPHRD_ETHER, "geneve"},
		{&netlink.Wireguard{}, unix.ARPHRD_NONE, "wireguard"},
		{&netlink.Tuntap{}, unix.ARPHRD_NONE, "tun"},
		{&netlink.Tuntap{}, unix.ARPHRD_ETHER, "tap"},
		{&netlink.Gretun{}, unix.ARPHRD_IPGRE, "gre"},
		{&netlink.Gretun{}, unix.ARPHRD_IP6GRE, "ip6gre"},
		{&netlink.Gretap{Local: net.IPv4zero.To4()}, unix.ARPHRD_ETHER, "gretap"},
		{&netlink.Gretap{Local: net.IPv6zero}, unix.ARPHRD_ETHER, "ip6gretap"},
		{&netlink.Iptun{}, unix.ARPHRD_TUNNEL, "ipip"},
		{&netlink.Sittun{}, unix.ARPHRD_SIT, "sit"},
		{&netlink.Ip6tnl{}, unix.ARPHRD_TUNNEL6, "ip6tnl"},
		{&netlink.Vti{}, unix.ARPHRD_TUNNEL, "vti"},
		{&netlink.Vti{}, unix.ARPHRD_TUNNEL6, "vti6"},
		{&netlink.Xfrmi{}, unix.ARPHRD_NONE, "xfrm"},
		{&netlink.Macvlan{}, unix.ARPHRD_ETHER, "macvlan"},
		{&netlink.Macvtap{}, unix.ARPHRD_ETHER, "macvtap"},
		{&netlink.IPVlan{}, unix.ARPHRD_ETHER, "ipvlan"},
		{&netlink.Dummy{}, unix.ARPHRD_ETHER, "dummy"},
		{&netlink.Vrf{}, unix.ARPHRD_ETHER, "vrf"},
	} {
		if got := typeOf(test.link, test.hardware); got != test.want {
			t.Errorf("%T with hardware %d is %q, want %q", test.link, test.hardware, got, test.want)
		}
	}
}

func TestNewLink(t *testing.T) {
	attrs := func(index, parent, namespace int) netlink.LinkAttrs {
		return netlink.LinkAttrs{Index: index, ParentIndex: parent, NetNsID: namespace}
	}
	tunnel := attrs(5, 2, -1)
	tunnel.HardwareAddr = net.HardwareAddr{192, 0, 2, 1}
	for _, test := range []struct {
		name string
		link netlink.Link
		want Link
	}{
		{"tagged", &netlink.Vlan{LinkAttrs: attrs(5, 2, -1), VlanId: 4094}, Link{Index: 5, Type: "vlan", Parent: 2, VLAN: 4094}},
		{"macvlan of the host in a container", &netlink.Macvlan{LinkAttrs: attrs(5, 2, 0)}, Link{Index: 5, Type: "macvlan"}},
		{"an overlay", &netlink.Vxlan{LinkAttrs: attrs(5, 0, -1), VtepDevIndex: 2}, Link{Index: 5, Type: "vxlan", Parent: 2}},
		{"an overlay of another namespace", &netlink.Vxlan{LinkAttrs: attrs(5, 0, 0), VtepDevIndex: 2}, Link{Index: 5, Type: "vxlan"}},
		{"its own parent", &netlink.Dummy{LinkAttrs: attrs(5, 5, -1)}, Link{Index: 5, Type: "dummy"}},
		{"a cable", &netlink.Veth{LinkAttrs: attrs(5, 2, -1)}, Link{Index: 5, Type: "veth"}},
		{"another cable", &netlink.Netkit{LinkAttrs: attrs(5, 2, -1)}, Link{Index: 5, Type: "netkit"}},
		{"a tunnel's end is no MAC", &netlink.Iptun{LinkAttrs: tunnel}, Link{Index: 5, Type: "ipip", Parent: 2}},
	} {
		test.want.Hardware = unix.ARPHRD_ETHER
		if diff := cmp.Diff(test.want, newLink(test.link, unix.ARPHRD_ETHER)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestDropStrangers(t *testing.T) {
	links := []Link{{Index: 1, Parent: 2, Master: 3}, {Index: 2, Parent: 4, Master: 5}, {Index: 3}}
	dropStrangers(links)
	if diff := cmp.Diff([]Link{{Index: 1, Parent: 2, Master: 3}, {Index: 2}, {Index: 3}}, links); diff != "" {
		t.Error(diff)
	}
}

func TestInterruptedDump(t *testing.T) {
	calls := 0
	list, err := whole(func() ([]int, error) {
		if calls++; calls < 3 {
			return []int{1}, netlink.ErrDumpInterrupted
		}
		return []int{1, 2}, nil
	})
	if err != nil || len(list) != 2 {
		t.Errorf("got %v, %v", list, err)
	}
	calls = 0
	_, err = whole(func() ([]int, error) { calls++; return nil, netlink.ErrDumpInterrupted })
	if !errors.Is(err, netlink.ErrDumpInterrupted) || calls != attempts {
		t.Errorf("after %d attempts: %v", calls, err)
	}
	calls = 0
	_, err = whole(func() ([]int, error) { calls++; return nil, os.ErrPermission })
	if !errors.Is(err, os.ErrPermission) || calls != 1 {
		t.Errorf("after %d attempts: %v", calls, err)
	}
}
