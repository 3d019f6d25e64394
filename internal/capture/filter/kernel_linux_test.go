package filter_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/e2e/netns"
)

// framesToSend is how many frames of the captures pass every program in the kernel.
const framesToSend = 60

// packetSocket is bound to an interface.
type packetSocket int

func openSocket(t *testing.T, kind int, name string) packetSocket {
	t.Helper()
	device, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	const everything = 0x0300 // ETH_P_ALL in network order
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, everything)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20); err != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: device.Index}); err != nil {
		t.Fatal(err)
	}
	return packetSocket(fd)
}

func (s packetSocket) attach(raw []bpf.RawInstruction) error {
	program := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		program[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(int(s), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// receive takes what is there.
func (s packetSocket) receive(t *testing.T, each func(data []byte, from *unix.SockaddrLinklayer)) {
	t.Helper()
	buffer := make([]byte, 2048)
	for {
		n, from, err := unix.Recvfrom(int(s), buffer, 0)
		if errors.Is(err, unix.EAGAIN) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		// The kernel may send something of its own.
		if link := from.(*unix.SockaddrLinklayer); string(link.Addr[:4]) == source {
			each(buffer[:n], link)
		}
	}
}

// wire is a veth pair with a witness on its right end, to know when all has arrived.
type wire struct {
	left, right, witness packetSocket
}

// send sends frames numbered in their source address, and waits until they have passed
// every socket on the right end.
func (w *wire) send(t *testing.T, from packetSocket, frames [][]byte) {
	t.Helper()
	for _, frame := range frames {
		if _, err := unix.Write(int(from), frame); err != nil {
			t.Fatalf("%v: % x", err, frame[:min(len(frame), 40)])
		}
	}
	arrived := 0
	for deadline := time.Now().Add(5 * time.Second); arrived < len(frames); {
		w.witness.receive(t, func([]byte, *unix.SockaddrLinklayer) { arrived++ })
		if arrived < len(frames) && time.Now().After(deadline) {
			t.Fatalf("only %d of %d frames came", arrived, len(frames))
		}
	}
}

// source begins the source address of every frame that is sent.
const source = "\x02\x00\x00\x00"

// number writes a frame's number into its source address.
func number(frame []byte, n int) {
	copy(frame[6:], source)
	binary.BigEndian.PutUint16(frame[10:], uint16(n))
}

func newWire(t *testing.T) *wire {
	t.Helper()
	netns.Pair(t, "left", "right")
	return &wire{
		left: openSocket(t, unix.SOCK_RAW, "left"), right: openSocket(t, unix.SOCK_RAW, "right"), witness: openSocket(t, unix.SOCK_RAW, "right"),
	}
}

// toSend picks whole frames of as many kinds as possible, with and without a VLAN tag.
func toSend(t *testing.T, tagged bool) (list [][]byte) {
	t.Helper()
	kinds := map[string]bool{}
	for _, f := range samples(t)[1] {
		if len(f.data) < 60 || int(f.wireLen) != len(f.data) || len(list) == framesToSend {
			continue
		}
		isTagged := f.data[12] == 0x81 && f.data[13] == 0 || f.data[12] == 0x88 && f.data[13] == 0xa8
		if kind := string(f.data[12:24]) + string(f.data[34:38]); isTagged == tagged && !kinds[kind] {
			kinds[kind] = true
			frame := slices.Clone(f.data)
			number(frame, len(list))
			list = append(list, frame)
		}
	}
	if len(list) < 5 {
		t.Fatalf("only %d frames", len(list))
	}
	return list
}

// The kernel must accept every program, and let through exactly what the same program
// lets through of a file.
func TestKernelAgreesWithFile(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	w := newWire(t)
	frames := toSend(t, false)
	network := openSocket(t, unix.SOCK_DGRAM, "right")
	matches := 0
	for _, expr := range expressionsByLink[1] {
		live, file := compileBoth(t, expr, 1)
		if err := w.right.attach(live.Raw()); err != nil {
			t.Errorf("%s: the kernel refuses it: %v", expr, err)
			continue
		}
		raw, rawFile := program(expr, true, 101), program(expr, false, 101)
		if raw != nil && rawFile != nil {
			if err := network.attach(raw.Raw()); err != nil {
				t.Errorf("%s: the kernel refuses it for raw IP: %v", expr, err)
			}
		}
		w.send(t, w.left, frames)
		got, gotRaw := map[int]bool{}, map[int]bool{}
		w.right.receive(t, func(data []byte, _ *unix.SockaddrLinklayer) { got[int(binary.BigEndian.Uint16(data[10:]))] = true })
		network.receive(t, func(_ []byte, from *unix.SockaddrLinklayer) {
			gotRaw[int(binary.BigEndian.Uint16(from.Addr[4:]))] = true
		})
		matches += len(got)
		for i, frame := range frames {
			if want := file.Match(frame, uint32(len(frame))); got[i] != want {
				t.Errorf("%s: kernel says %v, file says %v: % x", expr, got[i], want, frame)
			}
			if raw == nil || rawFile == nil {
				continue
			}
			if want := rawFile.Match(frame[14:], uint32(len(frame)-14)); gotRaw[i] != want {
				t.Errorf("%s: kernel says %v of raw IP, file says %v: % x", expr, gotRaw[i], want, frame[14:])
			}
		}
	}
	t.Logf("%d expressions, %d frames, %d matches", len(expressionsByLink[1]), len(frames), matches)
	if matches == 0 {
		t.Error("nothing matched")
	}
}

func program(expr string, kernel bool, linkType uint16) *filter.Program {
	p, err := filter.Compile(expr, linkType, filter.Options{Kernel: kernel, SnapLen: 2000})
	if err != nil {
		return nil
	}
	return p
}

func compileBoth(t *testing.T, expr string, linkType uint16) (live, file *filter.Program) {
	t.Helper()
	live, file = program(expr, true, linkType), program(expr, false, linkType)
	if live == nil || file == nil {
		t.Fatalf("%s does not compile", expr)
	}
	return live, file
}

// A tag that the kernel took out of the frame must count like one that is in a file, and
// so must one that it left in because the machine sent the frame itself.
func TestKernelFindsTags(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	w := newWire(t)
	sender := openSocket(t, unix.SOCK_RAW, "right")
	tagged, plain := toSend(t, true), toSend(t, false)
	removed, left := 0, 0
	var list []string
	for _, expr := range tags {
		if strings.HasPrefix(expr, "vlan") && !strings.Contains(expr, "len") && !strings.Contains(expr, "or ") && !strings.Contains(expr, "ether[") {
			list = append(list, expr)
		}
	}
	ids := map[uint16]bool{}
	for _, frame := range tagged {
		if id := binary.BigEndian.Uint16(frame[14:]) & 0xfff; !ids[id] {
			ids[id] = true
			list = append(list, fmt.Sprintf("vlan %d", id), fmt.Sprintf("vlan %d and ip", id), fmt.Sprintf("vlan %d and ip[0] = 0x45 and ip[ip[0] & 0xf] >= 0", id))
		}
	}
	for _, expr := range list {
		live, file := compileBoth(t, expr, 1)
		if err := w.right.attach(live.Raw()); err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		for _, c := range []struct {
			from   packetSocket
			frames [][]byte
			count  *int
		}{{w.left, tagged, &removed}, {w.left, plain, &removed}, {sender, tagged, &left}} {
			w.send(t, c.from, c.frames)
			got := map[int]bool{}
			w.right.receive(t, func(data []byte, _ *unix.SockaddrLinklayer) { got[int(binary.BigEndian.Uint16(data[10:]))] = true })
			*c.count += len(got)
			for i, frame := range c.frames {
				if want := file.Match(frame, uint32(len(frame))); got[i] != want {
					t.Errorf("%s: kernel says %v, file says %v: % x", expr, got[i], want, frame)
				}
			}
		}
	}
	t.Logf("%d expressions; %d matches with the tag removed, %d with the tag left", len(list), removed, left)
	if removed == 0 || left == 0 {
		t.Error("one of both was not tried")
	}
}

func TestKernelKnowsDirection(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	w := newWire(t)
	sender := openSocket(t, unix.SOCK_RAW, "right")
	device, err := net.InterfaceByName("right")
	if err != nil {
		t.Fatal(err)
	}
	frames := toSend(t, false)[:5]
	for _, c := range []struct {
		expr    string
		in, out int
	}{
		{"inbound", 5, 0}, {"outbound", 0, 5}, {"not outbound", 5, 0}, {"inbound or outbound", 5, 5},
		{fmt.Sprintf("ifindex %d and inbound", device.Index), 5, 0},
		{fmt.Sprintf("ifindex %d", device.Index+1), 0, 0}, {"", 5, 5},
	} {
		p := program(c.expr, true, 1)
		if p == nil {
			t.Fatalf("%s does not compile", c.expr)
		}
		if err := w.right.attach(p.Raw()); err != nil {
			t.Fatalf("%s: %v", c.expr, err)
		}
		for _, way := range []struct {
			from packetSocket
			want int
		}{{w.left, c.in}, {sender, c.out}} {
			w.send(t, way.from, frames)
			got := 0
			w.right.receive(t, func([]byte, *unix.SockaddrLinklayer) { got++ })
			if got != way.want {
				t.Errorf("%q: %d packets, want %d", c.expr, got, way.want)
			}
		}
	}
}
