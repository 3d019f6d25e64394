package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	// blockTimeout is after how many milliseconds the kernel hands over a block that
	// is not full. Ten times less costs six times the processor time when idle.
	blockTimeout = 100
	// frameSize is only checked for plausibility with TPACKET_V3: frames are packed.
	frameSize = 2048
)

// openSocket makes a packet socket with its ring, bound to an interface or, with index 0,
// to all. It takes no packet until it is given a filter.
func openSocket(ringBytes, index int) (fd int, ring []byte, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return -1, nil, fmt.Errorf("%w: packet socket: %w; %s", ErrPermission, err, PermissionRemedy())
		}
		return -1, nil, fmt.Errorf("packet socket: %w", err)
	}
	if ring, err = setUp(fd, ringBytes, index); err != nil {
		return -1, nil, errors.Join(err, unix.Close(fd))
	}
	return fd, ring, nil
}

func setUp(fd, ringBytes, index int) (ring []byte, err error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, fmt.Errorf("packet ring version 3 (Linux 3.2 or newer): %w", err)
	}
	if err := attach(fd, sockFilter(nothing)); err != nil {
		return nil, err
	}
	if ring, err = makeRing(fd, ringBytes/blockSize); err != nil {
		return nil, err
	}
	address := unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}
	if err := unix.Bind(fd, &address); err != nil {
		return nil, errors.Join(fmt.Errorf("bind: %w", err), unix.Munmap(ring))
	}
	return ring, nil
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

// fanOut makes a group of the sockets: each packet goes to one of them, by a hash that is
// the same for both directions of a conversation (PACKET_FANOUT_HASH, packet(7)).
func fanOut(fds []int) error {
	const typeShift = 16
	group := (unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_UNIQUEID) << typeShift
	for _, fd := range fds {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, group); err != nil {
			return fmt.Errorf("share packets among %d workers (Linux 4.12 or newer): %w", len(fds), err)
		}
		made, err := unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
		if err != nil {
			return fmt.Errorf("number of the workers' group: %w", err)
		}
		group = made&(1<<typeShift-1) | unix.PACKET_FANOUT_HASH<<typeShift
	}
	return nil
}

// promiscuous asks a device for all frames, or no longer, until the socket is closed.
func promiscuous(fd, index, option int) error {
	request := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, option, &request); err != nil {
		return fmt.Errorf("promiscuous mode: %w", err)
	}
	return nil
}

// networkOrder is htons.
func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}
