package e2e

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// A conversation in which each side has a port and a MAC of its own.
var (
	vlanClient = netip.MustParseAddrPort("10.0.0.1:40000")
	vlanServer = netip.MustParseAddrPort("10.0.0.2:5000")
)

// TestVLAN sends tagged frames over a real cable, in both directions: the kernel takes
// the tag out of what arrives, so that the monitor must not rely on the frame alone.
func TestVLAN(t *testing.T) {
	if !enter(t) {
		return
	}
	netns.Pair(t, "near0", "far0")
	before := netns.Count(t, "near0")
	m := startMonitor(t, t.TempDir(), "-i", "near0")
	only := startMonitor(t, t.TempDir(), "-i", "near0", "-f", "vlan 20 and udp port 5000")
	near, far := openWire(t, "near0"), openWire(t, "far0")

	const rounds = 2
	other := func(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }
	twice := func(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+2) }
	var total traffic
	send := func(to rawWire, frame []byte) {
		to.send(t, frame)
		total.packets, total.bytes = total.packets+1, total.bytes+uint64(len(frame))
	}
	asked := []struct {
		client, server netip.AddrPort
		tags, answer   []uint16
	}{
		{vlanClient, vlanServer, []uint16{10}, []uint16{20}}, // answered in another VLAN
		{other(vlanClient), vlanServer, []uint16{20}, []uint16{20}},
		{other(vlanClient), vlanServer, []uint16{30}, []uint16{30}}, // the same ends, and whole
		{twice(vlanClient), vlanServer, []uint16{40, 41}, []uint16{40, 41}},
		{twice(vlanClient), other(vlanServer), nil, nil},
	}
	for range rounds {
		for _, c := range asked {
			send(far, udpFrame(c.client, c.server, c.tags...))
		}
		// A frame through the cable may be slower than one that leaves this end.
		eventually(t, 5*time.Second, "all arrive", func() (bool, any) {
			got := m.status().Capture
			return got.Packets == total.packets, got
		})
		for _, c := range asked {
			send(near, udpFrame(c.server, c.client, c.answer...))
		}
	}

	eventually(t, 10*time.Second, "every frame is counted, with its tags, as by the interface", func() (bool, any) {
		got, kernel := m.status().Capture, netns.Count(t, "near0")
		seen := traffic{kernel.RxPackets + kernel.TxPackets, kernel.RxBytes + kernel.TxBytes}.
			minus(traffic{before.RxPackets + before.TxPackets, before.RxBytes + before.TxBytes})
		return seen == total && traffic{got.Packets, got.Bytes} == total && got.Metered == total.packets, []any{total, seen, got}
	})
	type row struct {
		client, server netip.AddrPort
		vlan, inner    uint16
		packets, bytes uint64 // each way
	}
	want := []row{
		{vlanClient, vlanServer, 10, 0, rounds, rounds * (frameLen + 4)},
		{other(vlanClient), vlanServer, 20, 0, rounds, rounds * (frameLen + 4)},
		{other(vlanClient), vlanServer, 30, 0, rounds, rounds * (frameLen + 4)},
		{twice(vlanClient), vlanServer, 40, 41, rounds, rounds * (frameLen + 8)},
		{twice(vlanClient), other(vlanServer), 0, 0, rounds, rounds * frameLen},
	}
	found := map[row]int{}
	page := m.sessions("")
	for _, s := range page.Items {
		found[row{ends(s).client, ends(s).server, s.VLAN, s.InnerVLAN, s.PacketsSent, s.BytesSent}]++
		if s.PacketsSent != s.PacketsReceived || s.BytesSent != s.BytesReceived || s.State != "active" {
			t.Errorf("one side is missing: %+v", s)
		}
	}
	for _, r := range want {
		if found[r] != 1 {
			t.Errorf("%d sessions like %+v", found[r], r)
		}
	}
	if page.Total != len(want) || t.Failed() {
		t.Errorf("%d sessions, want %d: %+v", page.Total, len(want), page.Items)
	}

	// The filter sees the tag wherever it is: the answers of the first, all of the second.
	eventually(t, 10*time.Second, "the filter takes the frames of its VLAN", func() (bool, any) {
		got := only.status().Capture
		return got.Packets == 3*rounds && got.Bytes == got.Packets*(frameLen+4), got
	})
	m.stop()
	only.stop()
}

type sessionEnds struct{ client, server netip.AddrPort }

func ends(s wire.Session) sessionEnds {
	return sessionEnds{
		netip.AddrPortFrom(netip.MustParseAddr(s.SrcIP), s.SrcPort),
		netip.AddrPortFrom(netip.MustParseAddr(s.DstIP), s.DstPort),
	}
}

// rawWire sends frames as they are.
type rawWire struct{ socket, index int }

func openWire(t *testing.T, name string) rawWire {
	t.Helper()
	device, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(socket) })
	return rawWire{socket, device.Index}
}

func (w rawWire) send(t *testing.T, frame []byte) {
	t.Helper()
	if err := unix.Sendto(w.socket, frame, 0, &unix.SockaddrLinklayer{Ifindex: w.index}); err != nil {
		t.Fatal(err)
	}
}

// frameLen is the length of a frame without tags: Ethernet, IPv4, UDP and payload.
const (
	udpPayload = 32
	frameLen   = 14 + 20 + 8 + udpPayload
)

// udpFrame is a datagram with 802.1Q tags, the outermost first.
func udpFrame(from, to netip.AddrPort, vlans ...uint16) []byte {
	mac := func(a netip.AddrPort) []byte { return append([]byte{2, 0}, a.Addr().AsSlice()...) }
	b := append(mac(to), mac(from)...)
	for _, vlan := range vlans {
		b = append16(append16(b, 0x8100), vlan)
	}
	b = append16(b, 0x0800)
	b = append(b, 0x45, 0, 0, 20+8+udpPayload, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0)
	b = append(b, from.Addr().AsSlice()...)
	b = append(b, to.Addr().AsSlice()...)
	b = append16(append16(b, from.Port()), to.Port())
	b = append(b, 0, 8+udpPayload, 0, 0)
	return append(b, make([]byte, udpPayload)...)
}

func append16(b []byte, n uint16) []byte { return append(b, byte(n>>8), byte(n)) }
