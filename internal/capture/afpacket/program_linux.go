package afpacket

import (
	"fmt"
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/filter"
)

// What the kernel tells a filter of a packet besides its bytes (linux/filter.h).
const (
	askPacketType = -0x1000 + 4
	askInterface  = -0x1000 + 8
	askHardware   = -0x1000 + 28
)

// nothing is the program that takes no packet.
var nothing = []bpf.RawInstruction{{Op: unix.BPF_RET | unix.BPF_K}}

// target is which packets a socket takes.
type target struct {
	devices  []device // those that were named and are there
	all      bool     // also those of all interfaces but the loopback
	loopback bool     // also those of the loopback
}

// program makes the socket's filter. It also cuts frames to the snap length, so that
// the kernel does not copy what nobody reads. The data of a packet is an Ethernet frame
// or an IP packet, depending on its interface: there is a program for each. Packets pass
// the loopback twice, out and in; they are taken once.
func (c Config) program(t target) ([]unix.SockFilter, error) {
	ethernet, errEthernet := c.compile(linkEthernet)
	raw, errRaw := c.compile(linkRaw)
	onlyRaw := !c.shared() && linkType(t.devices[0].hardware) == linkRaw
	onlyEthernet := !c.shared() && !onlyRaw
	switch {
	case errRaw != nil && onlyRaw:
		return nil, errRaw
	case errEthernet != nil && (onlyEthernet || errRaw != nil):
		return nil, errEthernet
	}
	// Of several interfaces, those that can have no such packet have none.
	if errEthernet != nil {
		ethernet = nothing
	}
	if errRaw != nil {
		raw = nothing
	}
	code := t.ofInterfaces()
	code = append(code, t.byHardware(len(ethernet))...)
	code = append(code, ethernet...)
	code = append(code, raw...)
	if len(code) > maxInstructions {
		return nil, fmt.Errorf("%w: it has %d instructions for Ethernet and for IP, the kernel takes %d; shorten it", ErrFilter, len(code), maxInstructions)
	}
	return sockFilter(code), nil
}

// maxInstructions is BPF_MAXINSNS.
const maxInstructions = 4096

func (c Config) compile(linkType uint16) ([]bpf.RawInstruction, error) {
	p, err := filter.Compile(c.Filter, linkType, filter.Options{Kernel: true, SnapLen: uint32(c.SnapLen)})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFilter, err)
	}
	return p.Raw(), nil
}

// ofInterfaces goes on for packets of the interfaces that were asked for.
func (t target) ofInterfaces() []bpf.RawInstruction {
	if t.all {
		return nil
	}
	code := []bpf.RawInstruction{load(askInterface)}
	for i, d := range t.devices {
		code = append(code, equal(uint32(d.index), len(t.devices)-i, 0))
	}
	return append(code, nothing...)
}

// byHardware goes on where the program for the packet's kind of interface is: directly
// behind this one, or so many instructions farther.
func (t target) byHardware(ethernet int) []bpf.RawInstruction {
	// What follows the comparisons: no, raw, loopback.
	const no, toRaw, loopback, end = 0, 1, 2, 5
	kinds := len(rawHardware) + 2
	code := []bpf.RawInstruction{load(askHardware)}
	jump := func(hardware uint16, to int) {
		kinds--
		code = append(code, equal(uint32(hardware), kinds+to, 0))
	}
	jump(unix.ARPHRD_ETHER, end)
	for _, hardware := range rawHardware {
		jump(hardware, toRaw)
	}
	if t.loopback {
		jump(unix.ARPHRD_LOOPBACK, loopback)
	} else {
		jump(unix.ARPHRD_LOOPBACK, no)
	}
	return append(code,
		nothing[0],
		bpf.RawInstruction{Op: unix.BPF_JMP | unix.BPF_JA, K: uint32(end - toRaw - 1 + ethernet)},
		load(askPacketType),
		equal(unix.PACKET_OUTGOING, 0, 1),
		nothing[0],
	)
}

func load(what int32) bpf.RawInstruction {
	return bpf.RawInstruction{Op: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: uint32(what)}
}

// equal skips instructions depending on whether what was loaded is k.
func equal(k uint32, yes, no int) bpf.RawInstruction {
	return bpf.RawInstruction{Op: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(yes), Jf: uint8(no), K: k}
}

func sockFilter(code []bpf.RawInstruction) []unix.SockFilter {
	return slices.Collect(func(yield func(unix.SockFilter) bool) {
		for _, in := range code {
			if !yield(unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}) {
				return
			}
		}
	})
}

// attach gives a socket its filter, also a new one while it receives.
func attach(fd int, program []unix.SockFilter) error {
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err != nil {
		return fmt.Errorf("attach filter of %d instructions: %w", len(program), err)
	}
	return nil
}
