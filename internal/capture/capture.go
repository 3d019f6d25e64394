// Package capture is the seam between what delivers packets and what meters them.
package capture

import "errors"

// Frame is one captured packet.
type Frame struct {
	// Data holds the captured bytes from the link header on. It is valid until
	// the next call of Next.
	Data []byte
	// Time is when the packet was seen, in nanoseconds since the Unix epoch.
	Time int64
	// WireLen is the frame's length in bytes on the wire without its check
	// sequence, and with the VLAN tag if VLANTPID is not 0; Data may be shorter.
	WireLen uint32
	// Interface is the kernel's index of the interface that the packet passed; 0 where
	// the source has only one.
	Interface int32
	// LinkType is the LINKTYPE_ number of Data (https://www.tcpdump.org/linktypes.html).
	LinkType uint16
	// VLANTCI is the 802.1Q tag that the kernel took out of Data; valid if VLANTPID is not 0.
	VLANTCI, VLANTPID uint16
	// Outgoing is true if this machine sent the packet and the source knows it.
	Outgoing bool
}

// Stats are cumulative counts since the source was opened.
type Stats struct {
	// Received are the packets delivered by Next.
	Received uint64
	// Dropped are packets lost before delivery: ring full (PACKET_STATISTICS tp_drops).
	Dropped uint64
	// Frozen counts how often the ring was full (tp_freeze_q_cnt).
	Frozen uint64
}

// Source delivers packets, one at a time, to one goroutine.
type Source interface {
	// Next delivers the next packet in f, which belongs to the caller and of which
	// it overwrites all. io.EOF: the source is exhausted. ErrIdle: no packet for a
	// moment; f.Time then is the source's clock and nothing else is valid. Any
	// other error is final, and nothing of f is valid.
	Next(f *Frame) error
	// Stats may be called from any goroutine.
	Stats() (Stats, error)
	// Close releases the source; call it from the goroutine that calls Next, after the last Next.
	Close() error
}

// ErrIdle is returned by Source.Next when no packet came for a moment, at most
// 250 ms, so that its caller can look at the clock.
var ErrIdle = errors.New("no packet yet")

// ErrInterfaceGone is returned by a live source whose interface vanished or went down.
var ErrInterfaceGone = errors.New("interface is gone or down")

// ErrTruncated is returned at the end of a file that breaks off within a packet or is
// damaged from there on; all packets before it were delivered.
var ErrTruncated = errors.New("capture file is truncated or damaged")
