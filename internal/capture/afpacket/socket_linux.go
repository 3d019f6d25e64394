package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/filter"
)

const (
	// blockTimeout is after how many milliseconds the kernel hands over a block that
	// is not full. Ten times less costs six times the processor time when idle.
	blockTimeout = 100
	// frameSize is only checked for plausibility with TPACKET_V3: frames are packed.
	frameSize = 2048
)

// openSocket makes a packet socket whose ring and filter are in place before it
// receives its first packet: its protocol is 0 until bind.
func openSocket(cfg Config, d device) (fd int, ring []byte, linkType uint16, err error) {
	kind, linkType, err := d.socket()
	if err != nil {
		return -1, nil, 0, err
	}
	fd, err = unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return -1, nil, 0, fmt.Errorf("%w: packet socket: %w; %s", ErrPermission, err, PermissionRemedy())
		}
		return -1, nil, 0, fmt.Errorf("packet socket: %w", err)
	}
	program, err := compile(cfg, linkType)
	if err != nil {
		return -1, nil, 0, errors.Join(err, unix.Close(fd))
	}
	if ring, err = setUp(fd, cfg, d, program); err != nil {
		return -1, nil, 0, errors.Join(err, unix.Close(fd))
	}
	return fd, ring, linkType, nil
}

func setUp(fd int, cfg Config, d device, program []unix.SockFilter) (ring []byte, err error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, fmt.Errorf("packet ring version 3 (Linux 3.2 or newer): %w", err)
	}
	err = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err != nil {
		return nil, fmt.Errorf("attach filter of %d instructions: %w", len(program), err)
	}
	if d.loopback() { // each packet passes twice, out and in
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return nil, fmt.Errorf("ignore outgoing packets (Linux 4.20 or newer): %w", err)
		}
	}
	if cfg.Promiscuous && !d.loopback() {
		request := unix.PacketMreq{Ifindex: int32(d.index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &request); err != nil {
			return nil, fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	if ring, err = makeRing(fd, cfg.RingBytes/blockSize); err != nil {
		return nil, err
	}
	address := unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: d.index}
	if err := unix.Bind(fd, &address); err != nil {
		return nil, errors.Join(fmt.Errorf("bind: %w", err), unix.Munmap(ring))
	}
	return ring, nil
}

// compile makes the socket's filter. It also cuts frames to the snap length, so that
// the kernel does not copy what nobody reads.
func compile(cfg Config, linkType uint16) ([]unix.SockFilter, error) {
	program, err := filter.Compile(cfg.Filter, linkType, filter.Options{Kernel: true, SnapLen: uint32(cfg.SnapLen)})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFilter, err)
	}
	raw := program.Raw()
	code := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		code[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return code, nil
}

// makeRing takes half of the blocks, again and again, where the kernel has no memory
// for them: a smaller ring is worth more than none.
func makeRing(fd, blocks int) ([]byte, error) {
	for {
		request := unix.TpacketReq3{
			Block_size: blockSize, Block_nr: uint32(blocks),
			Frame_size: frameSize, Frame_nr: uint32(blocks * (blockSize / frameSize)),
			Retire_blk_tov: blockTimeout,
		}
		err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOMEM) || blocks/2 < minRingBytes/blockSize {
			return nil, fmt.Errorf("packet ring of %d MiB: %w", blocks, err)
		}
		blocks /= 2
	}
	ring, err := unix.Mmap(fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map packet ring of %d MiB: %w", blocks, err)
	}
	return ring, nil
}

// networkOrder is htons.
func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}
