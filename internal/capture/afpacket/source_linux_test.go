package afpacket

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/e2e/netns"
)

// patience bounds how long a test waits for packets that it knows to be under way.
const patience = 5 * time.Second

func open(t *testing.T, cfg Config) *Source {
	t.Helper()
	return openAll(t, cfg).Sources[0]
}

func openAll(t *testing.T, cfg Config) *Capture {
	t.Helper()
	c, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func on(names ...string) Config {
	cfg := Default()
	cfg.Interfaces, cfg.RingBytes = names, 8<<20
	return cfg
}

// frame is an Ethernet frame with a type for experiments and a number.
func frame(number uint32, size int) []byte {
	b := make([]byte, size)
	copy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5")
	binary.BigEndian.PutUint32(b[14:], number)
	return b
}

// drain calls Next until enough says so, or no packet came for a while.
func drain(t *testing.T, s *Source, enough func(capture.Frame) bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	var f capture.Frame
	for {
		err := s.Next(&f)
		switch {
		case err == nil && enough(f):
			return
		case err == nil:
		case !errors.Is(err, capture.ErrIdle):
			t.Fatal(err)
		case time.Now().After(deadline):
			t.Fatal("not all packets came")
		}
	}
}

// What Next delivers must be what the kernel counted on the interface, both ways.
func TestCountsAgreeWithInterface(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	before := netns.Count(t, "right")
	s := open(t, on("right"))
	in, out := netns.NewSender(t, "left"), netns.NewSender(t, "right")
	const packets = 2000
	for i := range uint32(packets) {
		in.Send(t, frame(i, 60+int(i)%1400))
		if i%4 == 0 {
			out.Send(t, frame(i, 100))
		}
	}
	var got netns.Counters
	drain(t, s, func(f capture.Frame) bool {
		if f.LinkType != linkEthernet || len(f.Data) != min(int(f.WireLen), 256) || f.VLANTPID != 0 {
			t.Fatalf("frame of link type %d, %d of %d bytes", f.LinkType, len(f.Data), f.WireLen)
		}
		if age := time.Since(time.Unix(0, f.Time)); age < -time.Second || age > time.Minute {
			t.Fatalf("packet is %v old", age)
		}
		if f.Outgoing {
			got.TxPackets++
			got.TxBytes += uint64(f.WireLen)
		} else {
			if number := binary.BigEndian.Uint32(f.Data[14:]); uint64(number) != got.RxPackets {
				t.Fatalf("packet %d came as number %d", number, got.RxPackets)
			}
			got.RxPackets++
			got.RxBytes += uint64(f.WireLen)
		}
		return got.RxPackets == packets && got.TxPackets == packets/4
	})
	after := netns.Count(t, "right")
	want := netns.Counters{
		RxPackets: after.RxPackets - before.RxPackets, RxBytes: after.RxBytes - before.RxBytes,
		TxPackets: after.TxPackets - before.TxPackets, TxBytes: after.TxBytes - before.TxBytes,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("captured and counted by the kernel differ (-kernel +captured):\n%s", diff)
	}
}

func TestVLANTag(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	s := open(t, on("right"))
	tagged := frame(1, 100)
	copy(tagged[12:], "\x88\xa8\x20\x07\x81\x00\x00\x2a\x88\xb5")
	netns.NewSender(t, "left").Send(t, tagged)
	drain(t, s, func(f capture.Frame) bool {
		if f.VLANTPID != 0x88a8 || f.VLANTCI != 0x2007 || f.WireLen != 100 || len(f.Data) != 96 {
			t.Errorf("tag %#x %#x, %d of %d bytes", f.VLANTPID, f.VLANTCI, len(f.Data), f.WireLen)
		}
		if inner := binary.BigEndian.Uint32(f.Data[12:]); inner != 0x8100002a {
			t.Errorf("inner tag %#x", inner)
		}
		return true
	})
}

// On the loopback each packet passes the tap twice but must be seen once.
func TestLoopbackNotTwice(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	s := open(t, on("lo"))
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	const packets, last = 500, "last"
	for i := range packets {
		text := "packet"
		if i == packets-1 {
			text = last
		}
		if _, err := listener.WriteTo([]byte(text), listener.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	drain(t, s, func(f capture.Frame) bool {
		seen++
		if f.LinkType != linkEthernet || binary.BigEndian.Uint16(f.Data[12:]) != 0x0800 {
			t.Fatalf("frame of link type %d: %x", f.LinkType, f.Data)
		}
		return strings.HasSuffix(string(f.Data), last)
	})
	if seen != packets {
		t.Errorf("%d packets seen, %d sent", seen, packets)
	}
}

// A reader that stalls loses packets, and every one of them is counted.
func TestDropsAreCounted(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	cfg := on("right")
	cfg.RingBytes = minRingBytes
	s := open(t, cfg)
	if s.RingBytes() != minRingBytes {
		t.Errorf("ring of %d bytes", s.RingBytes())
	}
	sender := netns.NewSender(t, "left")
	const packets = 20_000
	for i := range uint32(packets) {
		sender.Send(t, frame(i, 300))
	}
	delivered := uint64(0)
	for idle := 0; idle < 3; {
		err := s.Next(new(capture.Frame))
		switch {
		case err == nil:
			delivered++
		case errors.Is(err, capture.ErrIdle):
			idle++
		default:
			t.Fatal(err)
		}
	}
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	// On a busy machine the kernel's own backlog overflows before any socket sees the packet.
	offered := packets - netns.Count(t, "right").RxDropped
	if stats.Received != delivered || stats.Received+stats.Dropped != offered || stats.Dropped == 0 || stats.Frozen == 0 {
		t.Errorf("%d packets offered, %d delivered, counted %+v", offered, delivered, stats)
	}
	again, err := s.Stats()
	if err != nil || again != stats {
		t.Errorf("asked again: %+v, %v", again, err)
	}
}

func TestInterfaceGone(t *testing.T) {
	for _, test := range []struct {
		name    string
		command []string
	}{
		{"deleted", []string{"link", "delete", "left"}},
		{"down", []string{"link", "set", "right", "down"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !netns.Enter(t) {
				return
			}
			netns.Pair(t, "left", "right")
			s := open(t, on("right"))
			netns.NewSender(t, "left").Send(t, frame(1, 100))
			// What still waits in the kernel's backlog for the receiving interface
			// is thrown away when that goes down, and was never seen.
			time.Sleep(50 * time.Millisecond)
			netns.Run(t, "ip", test.command...)
			packets := 0
			for deadline := time.Now().Add(patience); ; {
				err := s.Next(new(capture.Frame))
				if err == nil {
					packets++
					continue
				}
				if errors.Is(err, capture.ErrInterfaceGone) {
					break
				}
				if !errors.Is(err, capture.ErrIdle) || time.Now().After(deadline) {
					t.Fatal(err)
				}
			}
			if packets != 1 {
				t.Errorf("%d packets delivered before the end, 1 was sent", packets)
			}
			if err := s.Next(new(capture.Frame)); !errors.Is(err, capture.ErrInterfaceGone) {
				t.Errorf("the end is not final: %v", err)
			}
		})
	}
}

func TestIdle(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	s := open(t, on("right"))
	start := time.Now()
	var f capture.Frame
	if err := s.Next(&f); !errors.Is(err, capture.ErrIdle) {
		t.Fatal(err)
	}
	if f.Time < start.UnixNano() || f.Time > time.Now().UnixNano() {
		t.Errorf("clock of the idle source is %v", time.Unix(0, f.Time))
	}
}

func TestOpenRefuses(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	netns.Run(t, "ip", "link", "set", "right", "down")
	for _, test := range []struct {
		name string
		want error
		text []string
	}{
		{"eth9", ErrUnknownInterface, []string{"eth9", "left", "lo", "-i"}},
		{"a-name-longer-than-any-interface", ErrUnknownInterface, []string{"lo"}},
		{"right", capture.ErrInterfaceGone, []string{"ip link set right up"}},
	} {
		_, err := Open(on(test.name))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, text := range test.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("error does not mention %q: %v", text, err)
			}
		}
	}
}

// The child is in a user namespace of its own but not in a network namespace, so it
// has no rights on the interfaces.
func TestNoPermission(t *testing.T) {
	if !netns.Inside(t) {
		output, err := netns.Again(t, syscall.CLONE_NEWUSER)
		switch {
		case errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL):
			netns.Unavailable(t, "no user namespace can be made: "+err.Error())
		case err != nil:
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	_, err := Open(on("lo"))
	if !errors.Is(err, ErrPermission) || !errors.Is(err, unix.EPERM) {
		t.Fatal(err)
	}
	for _, text := range []string{"sudo setcap cap_net_raw+ep /", "AmbientCapabilities=CAP_NET_RAW"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error does not mention %q: %v", text, err)
		}
	}
}

func TestPromiscuous(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	cfg := on("right")
	cfg.Promiscuous = true
	s := open(t, cfg)
	promiscuous := func() bool {
		return strings.Contains(string(netns.Run(t, "ip", "-details", "link", "show", "dev", "right")), "promiscuity 1")
	}
	if !promiscuous() {
		t.Error("the interface is not promiscuous")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if promiscuous() {
		t.Error("the interface is still promiscuous after Close")
	}
	if _, err := s.Stats(); err != nil {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Next(new(capture.Frame)); err == nil || errors.Is(err, capture.ErrIdle) {
		t.Errorf("after Close: %v", err)
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	s := open(t, on("right"))
	sender := netns.NewSender(t, "left")
	const packets = 5000
	for i := range uint32(packets) {
		sender.Send(t, frame(i, 1000))
	}
	f := new(capture.Frame)
	allocs := testing.AllocsPerRun(packets+3, func() {
		if err := s.Next(f); err != nil && !errors.Is(err, capture.ErrIdle) {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}
