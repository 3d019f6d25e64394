package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/e2e/netns"
)

// collect reads a source until no packet came for a while.
func collect(t *testing.T, s *Source, each func(capture.Frame)) {
	t.Helper()
	var f capture.Frame
	for idle := 0; idle < 3; {
		err := s.Next(&f)
		switch {
		case err == nil:
			each(f)
		case errors.Is(err, capture.ErrIdle):
			idle++
		default:
			t.Fatal(err)
		}
	}
}

// perInterface counts a source's packets by interface.
func perInterface(t *testing.T, s *Source) map[int32]int {
	t.Helper()
	seen := map[int32]int{}
	collect(t, s, func(f capture.Frame) { seen[f.Interface]++ })
	return seen
}

func index(t *testing.T, name string) int32 {
	t.Helper()
	d, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return int32(d.Index)
}

func sendMany(t *testing.T, name string, n int) {
	t.Helper()
	s := netns.NewSender(t, name)
	for i := range uint32(n) {
		s.Send(t, frame(i, 100))
	}
}

// Interfaces that come while the capture runs are in it, with all their packets and
// without anything being done; the loopback is not.
func TestAnyInterface(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	s := open(t, on(Any))
	netns.Pair(t, "b0", "b1")
	sendMany(t, "a0", 10)
	sendMany(t, "b1", 20)
	conn, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte("not to be seen"))
	_ = conn.Close()
	seen := perInterface(t, s)
	want := map[int32]int{index(t, "a0"): 10, index(t, "a1"): 10, index(t, "b0"): 20, index(t, "b1"): 20}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("packets by interface %v, want %v", seen, want)
	}
}

func TestLoopbackOnlyWhenNamed(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	s := open(t, on(Any, "lo"))
	conn, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const packets = 10
	for range packets {
		_, _ = conn.Write([]byte("once")) // refused by an ICMP message, which comes as an error now and then
	}
	sendMany(t, "a0", packets)
	udp := 0
	others := map[int32]int{}
	collect(t, s, func(f capture.Frame) {
		switch {
		case f.Interface != 1:
			others[f.Interface]++
		case f.Data[23] == unix.IPPROTO_UDP:
			udp++
		}
	})
	if udp == 0 || udp > packets || len(others) != 2 {
		t.Errorf("%d datagrams on the loopback and %v elsewhere", udp, others)
	}
}

// Of several named interfaces some may be missing, and come back under another index.
func TestSeveralInterfaces(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	netns.Pair(t, "b0", "b1")
	cfg := on("a0", "c0")
	cfg.Promiscuous = true
	c := openAll(t, cfg)
	s := c.Sources[0]
	refresh := func(wantMissing int) {
		t.Helper()
		missing, err := c.Refresh()
		if err != nil || len(missing) != wantMissing {
			t.Fatalf("missing %v, %v", missing, err)
		}
	}
	refresh(1)
	sendMany(t, "a1", 5)
	sendMany(t, "b0", 7)
	if seen := perInterface(t, s); len(seen) != 1 || seen[index(t, "a0")] != 5 {
		t.Errorf("only a0 was named and is there, seen %v", seen)
	}
	netns.Run(t, "ip", "link", "del", "a0")
	refresh(2)
	netns.Pair(t, "a0", "a1")
	netns.Pair(t, "c0", "c1")
	refresh(0)
	sendMany(t, "a1", 3)
	sendMany(t, "c1", 4)
	seen := perInterface(t, s)
	if len(seen) != 2 || seen[index(t, "a0")] != 3 || seen[index(t, "c0")] != 4 {
		t.Errorf("after they came back: %v", seen)
	}
	netns.Run(t, "ip", "link", "set", "c0", "down")
	netns.Run(t, "ip", "link", "set", "c0", "name", "d0")
	netns.Run(t, "ip", "link", "set", "d0", "up")
	refresh(1)
	sendMany(t, "c1", 4)
	if seen := perInterface(t, s); len(seen) != 0 {
		t.Errorf("an interface with another name now: %v", seen)
	}
}

// That the interfaces can't be looked up is no reason to leave one.
func TestRefreshWithoutDescriptors(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	c := openAll(t, on("a0"))
	var had unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &had); err != nil {
		t.Fatal(err)
	}
	limit := func(l unix.Rlimit) {
		t.Helper()
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(unix.Rlimit{Cur: 0, Max: had.Max})
	_, err := c.Refresh()
	limit(had)
	if !errors.Is(err, unix.EMFILE) {
		t.Errorf("without descriptors: %v", err)
	}
	sendMany(t, "a1", 3)
	if seen := perInterface(t, c.Sources[0]); seen[0] != 3 {
		t.Errorf("captured afterwards: %v", seen)
	}
}

// A capture on one interface is over when the name belongs to another.
func TestRefreshLeavesARenamedInterface(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	c := openAll(t, on("a0"))
	if missing, err := c.Refresh(); err != nil || len(missing) != 0 {
		t.Fatal(missing, err)
	}
	sendMany(t, "a1", 2)
	time.Sleep(50 * time.Millisecond)                     // the receiver's backlog
	netns.Run(t, "ip", "link", "set", "a0", "name", "z0") // kernels since 6.3 allow it while it is up
	if missing, err := c.Refresh(); err != nil || len(missing) != 1 {
		t.Fatal(missing, err)
	}
	sendMany(t, "a1", 2)
	packets := 0
	var f capture.Frame
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		err := c.Sources[0].Next(&f)
		switch {
		case err == nil:
			packets++
		case errors.Is(err, capture.ErrInterfaceGone):
			if packets != 2 {
				t.Errorf("%d packets before it was left", packets)
			}
			return
		case !errors.Is(err, capture.ErrIdle):
			t.Fatal(err)
		}
	}
	t.Error("the capture goes on")
}

// Both directions of a conversation come from the same source, every packet from one.
func TestWorkersShareThePackets(t *testing.T) {
	for name, names := range map[string][]string{"one": {"a1"}, "several": {"a1", "b1"}, "any": {Any}} {
		t.Run(name, func(t *testing.T) {
			if !netns.Enter(t) {
				return
			}
			netns.Pair(t, "a0", "a1")
			netns.Pair(t, "b0", "b1")
			cfg := on(names...)
			cfg.Workers = 4
			c := openAll(t, cfg)
			near, far := netns.NewSender(t, "a0"), netns.NewSender(t, "a1")
			const conversations = 200
			for i := range conversations {
				near.Send(t, datagram(i, false))
				far.Send(t, datagram(i, true))
			}
			worker := map[uint16]int{}
			total, busy := 0, 0
			for number, s := range c.Sources {
				before := total
				collect(t, s, func(f capture.Frame) {
					if f.Data[12] != 0x08 { // the kernel's own, of IPv6
						return
					}
					total++
					port := max(binary.BigEndian.Uint16(f.Data[34:]), binary.BigEndian.Uint16(f.Data[36:]))
					if w, known := worker[port]; known && w != number {
						t.Errorf("conversation of port %d at workers %d and %d", port, w, number)
					}
					worker[port] = number
				})
				if total > before {
					busy++
				}
			}
			want := 2 * conversations
			if names[0] == Any {
				want *= 2 // both ends of the cable are here
			}
			if total != want || len(worker) != conversations || busy < 3 {
				t.Errorf("%d packets of %d conversations by %d workers, want %d", total, len(worker), busy, want)
			}
		})
	}
}

// datagram is a packet of a conversation, from one end or the other.
func datagram(number int, back bool) []byte {
	b := netns.Datagram(number)
	if back {
		copy(b[26:], []byte{198, 51, 100, 9, 192, 0, 2, 9})
		copy(b[34:], slices.Concat(b[36:38], b[34:36]))
	}
	return b
}

// Filters hold on all interfaces, as each of them has packets.
func TestFilterOnSeveralInterfaces(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	tun := netns.Tun(t, "tun0")
	cfg := on("a1", "tun0")
	cfg.Filter = "udp port 20003 or udp port 20005"
	s := open(t, cfg)
	sender := netns.NewSender(t, "a0")
	for i := range 10 {
		sender.Send(t, datagram(i, false))
		if _, err := tun.Write(datagram(i, true)[14 : 46+14]); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int32]int{}
	collect(t, s, func(f capture.Frame) {
		seen[f.Interface]++
		if ethernet := f.Interface == index(t, "a1"); ethernet != (f.LinkType == linkEthernet) {
			t.Errorf("interface %d has link type %d", f.Interface, f.LinkType)
		} else if ethernet && f.WireLen != 60 || !ethernet && f.WireLen != 46 {
			t.Errorf("interface %d: %d bytes", f.Interface, f.WireLen)
		}
	})
	if seen[index(t, "a1")] != 2 || seen[index(t, "tun0")] != 2 || len(seen) != 2 {
		t.Errorf("packets %v", seen)
	}
	cfg.Filter = "udp port"
	if _, err := Open(cfg); !errors.Is(err, ErrFilter) {
		t.Errorf("a broken filter: %v", err)
	}
	cfg.Filter = "ether host 02:00:00:00:00:01"
	if s := open(t, cfg); s != nil {
		sender.Send(t, datagram(1, false))
		if _, err := tun.Write(datagram(1, true)[14:]); err != nil {
			t.Fatal(err)
		}
		if seen := perInterface(t, s); seen[index(t, "a1")] != 1 || len(seen) != 1 {
			t.Errorf("what only Ethernet has: %v", seen)
		}
	}
}

// Packets of an interface that changes its link type are read as what they are then.
func TestChangedLinkType(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	tun := netns.Tun(t, "tun0")
	s := open(t, on(Any))
	write := func() {
		t.Helper()
		if _, err := tun.Write(datagram(1, false)[14:]); err != nil {
			t.Fatal(err)
		}
	}
	write()
	netns.Run(t, "ip", "link", "set", "tun0", "down")
	const infrared = 783 // ARPHRD_IRDA: none that we know
	for _, hardware := range []int{infrared, unix.ARPHRD_PPP} {
		if err := unix.IoctlSetInt(int(tun.Fd()), unix.TUNSETLINK, hardware); err != nil {
			t.Fatal(err)
		}
		netns.Run(t, "ip", "link", "set", "tun0", "up")
		write()
		netns.Run(t, "ip", "link", "set", "tun0", "down")
	}
	packets := 0
	collect(t, s, func(f capture.Frame) {
		packets++
		if f.LinkType != linkRaw || f.Data[0]>>4 != 4 {
			t.Errorf("link type %d, %x", f.LinkType, f.Data)
		}
	})
	if packets != 2 {
		t.Errorf("%d packets, want one of each type that can be decoded", packets)
	}
}
