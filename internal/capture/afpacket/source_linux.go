package afpacket

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture"
)

const (
	// pollTimeout is the longest that Next waits, in milliseconds.
	pollTimeout = 100

	// Offsets in a block's header (struct tpacket_block_desc, linux/if_packet.h).
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16

	// linkAddress is where struct sockaddr_ll follows a packet's header.
	linkAddress = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	vlanTag     = 4
	vlanTPID    = 0x8100 // what the tag is where the kernel does not say
)

// Source delivers the packets of a ring. It implements capture.Source.
type Source struct {
	name   string
	shared bool // packets of several interfaces
	fd     int
	ring   []byte
	poll   [1]unix.PollFd
	gone   error // why there will be no more packets, once the ring is read out
	// leaving says that the interface is not the one any more that packets are wanted of.
	leaving atomic.Pointer[error]

	block  []byte // the block being read; nil if it is still the kernel's
	number int    // its place in the ring
	left   uint32 // packets of it still to be delivered
	offset uint32 // where in it the next packet is

	received atomic.Uint64
	mu       sync.Mutex // guards what follows: reading the kernel's counters resets them
	lost     capture.Stats
	closed   bool
}

func newSource(cfg Config, fd int, ring []byte) *Source {
	return &Source{
		name: cfg.name(), shared: cfg.shared(), fd: fd, ring: ring,
		poll: [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLERR}},
	}
}

// name is what is captured on, for messages.
func (c Config) name() string { return strings.Join(c.Interfaces, ",") }

// control does something with the socket, from any goroutine; nothing once it is closed.
func (s *Source) control(do func(fd int) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return do(s.fd)
}

// leave makes Next return err within a moment, from any goroutine.
func (s *Source) leave(err error) { s.leaving.Store(&err) }

// RingBytes is the size of the ring, which is smaller than configured where the
// kernel had no memory for it.
func (s *Source) RingBytes() int { return len(s.ring) }

// Next implements capture.Source.
func (s *Source) Next(f *capture.Frame) error {
	for s.left == 0 {
		if err := s.nextBlock(); err != nil {
			f.Time = time.Now().UnixNano()
			return err
		}
	}
	s.left--
	p := s.block[s.offset:]
	header := (*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0])) //nolint:gosec // the kernel's layout of the ring
	s.offset += header.Next_offset
	address := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p[linkAddress])) //nolint:gosec // as above
	start := uint32(header.Mac)
	end := start + header.Snaplen
	f.Time = int64(header.Sec)*int64(time.Second) + int64(header.Nsec)
	f.WireLen = header.Len
	f.LinkType = linkEthernet
	if address.Hatype != unix.ARPHRD_ETHER && address.Hatype != unix.ARPHRD_LOOPBACK {
		// Whatever link header it has is not shown reliably.
		f.LinkType = linkRaw
		start = min(uint32(header.Net), end)
		f.WireLen -= start - uint32(header.Mac)
	}
	f.Data = p[start:end:end]
	f.Interface = 0
	if s.shared {
		f.Interface = address.Ifindex
	}
	f.VLANTCI, f.VLANTPID = 0, 0
	f.Outgoing = address.Pkttype == unix.PACKET_OUTGOING
	if header.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		f.WireLen += vlanTag
		f.VLANTCI = uint16(header.Hv1.Vlan_tci)
		f.VLANTPID = vlanTPID
		if header.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
			f.VLANTPID = header.Hv1.Vlan_tpid
		}
	}
	return nil
}

// nextBlock gives the block that was read out back to the kernel and takes the next,
// waiting for it if need be. It takes at least one packet or returns an error.
func (s *Source) nextBlock() error {
	if s.block != nil {
		s.release()
	}
	for {
		if s.ring == nil {
			return s.gone
		}
		if s.take() {
			return nil
		}
		if s.gone != nil {
			return s.gone
		}
		if reason := s.leaving.Load(); reason != nil {
			s.end(*reason)
			continue
		}
		n, err := unix.Poll(s.poll[:], pollTimeout)
		switch {
		case errors.Is(err, unix.EINTR) || err == nil && n == 0:
			return capture.ErrIdle
		case err != nil:
			return fmt.Errorf("wait for packets on %s: %w", s.name, err)
		case s.poll[0].Revents&unix.POLLIN == 0:
			s.end(s.failure())
		}
	}
}

// end waits until the kernel has handed over the block that it was filling: the last one.
func (s *Source) end(reason error) {
	s.gone = reason
	time.Sleep(2 * blockTimeout * time.Millisecond)
}

// take takes the block at number if the kernel has handed it over.
func (s *Source) take() bool {
	block := s.ring[s.number*blockSize:][:blockSize:blockSize]
	// Loading the status with acquire semantics orders all that is read of the block after it.
	if atomic.LoadUint32(word(block, blockStatus))&unix.TP_STATUS_USER == 0 {
		return false
	}
	s.block = block
	s.left = *word(block, blockPackets)
	s.offset = *word(block, blockFirst)
	if s.left == 0 {
		s.release()
		return false
	}
	return true
}

// release gives the block back: all reads of it must be done.
func (s *Source) release() {
	s.received.Add(uint64(*word(s.block, blockPackets) - s.left))
	atomic.StoreUint32(word(s.block, blockStatus), unix.TP_STATUS_KERNEL)
	s.block, s.left = nil, 0
	s.number = (s.number + 1) % (len(s.ring) / blockSize)
}

func word(block []byte, offset int) *uint32 {
	return (*uint32)(unsafe.Pointer(&block[offset])) //nolint:gosec // aligned: blocks are pages, offsets multiples of 4
}

// failure is why poll reported an error.
func (s *Source) failure() error {
	number, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil {
		err = unix.Errno(number)
	}
	if errors.Is(err, unix.ENETDOWN) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV) || number == 0 {
		return fmt.Errorf("%w: %s", capture.ErrInterfaceGone, s.name)
	}
	return fmt.Errorf("capture on %s: %w", s.name, err)
}

// Stats implements capture.Source. Received counts a block when all of it was
// delivered.
func (s *Source) Stats() (capture.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.readCounters(); err != nil {
		return capture.Stats{}, err
	}
	stats := s.lost
	stats.Received = s.received.Load()
	return stats, nil
}

// readCounters adds up what the kernel counted since it was last asked.
func (s *Source) readCounters() error {
	if s.closed {
		return nil
	}
	counters, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return fmt.Errorf("drop counters of %s: %w", s.name, err)
	}
	s.lost.Dropped += uint64(counters.Drops)
	s.lost.Frozen += uint64(counters.Freeze_q_cnt)
	return nil
}

// Close implements capture.Source. The frames that were delivered are invalid after it.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.block != nil {
		s.release()
	}
	err := s.readCounters()
	s.closed = true
	s.gone = errors.New("capture is closed")
	err = errors.Join(err, unix.Munmap(s.ring), unix.Close(s.fd))
	s.ring, s.block = nil, nil
	if err != nil {
		return fmt.Errorf("close capture on %s: %w", s.name, err)
	}
	return nil
}
