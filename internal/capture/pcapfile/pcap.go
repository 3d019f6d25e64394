package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"netflow-monitor/internal/capture"
)

const (
	pcapFileHeader   = 24
	pcapRecordHeader = 16

	// usualPacket is the snap length that capture programs take for "everything";
	// packets up to it are believed even where the file claims a smaller one.
	usualPacket = 256 << 10
	// maxPacket bounds what a file may claim; libpcap's largest, for USB, is twice that.
	maxPacket = 64 << 20

	// The link-type field of the file header holds more than the link type: where
	// bit 26 is set, the top 4 bits are the length of the frame check sequence in
	// 16-bit units (draft-ietf-opsawg-pcap §4).
	pcapLinkMask   = 0x03ffffff
	pcapFCSPresent = 1 << 26
	pcapFCSShift   = 28
)

var errPacketLength = errors.New("a packet length that cannot be")

// iface is what a file says of an interface packets were captured on.
type iface struct {
	linkType uint16
	snapLen  uint32 // 0: unlimited
	fcsLen   uint32 // bytes of check sequence at the end of each frame
	clock    clock
}

// beginPcap reads the file header.
func (s *Source) beginPcap(magic uint32) error {
	head, err := s.win.peek(pcapFileHeader)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("open %s: %w", s.name, s.win.damage(0, err))
	}
	if err != nil {
		return err
	}
	if major := s.u16(head[4:]); major != 2 {
		return fmt.Errorf("%w: %s is pcap of the unknown version %d; %s", ErrFormat, s.name, major, accepted)
	}
	field := s.u32(head[20:])
	link := field & pcapLinkMask
	if link > 0xffff {
		return fmt.Errorf("%w: %s has the unknown link type %d", ErrFormat, s.name, link)
	}
	i := iface{linkType: uint16(link), clock: clock{multiplier: 1000}}
	if magic == magicNanoseconds {
		i.clock.multiplier = 1
	}
	if field&pcapFCSPresent != 0 {
		i.fcsLen = field >> pcapFCSShift * 2
	}
	s.win.advance(pcapFileHeader)
	s.format = formatPcap
	s.ifaces = append(s.ifaces[:0], i)
	s.limit = min(max(s.u32(head[16:]), usualPacket), maxPacket)
	return nil
}

// readPcap reads one record, fetching what is not in the window yet.
func (s *Source) readPcap(f *capture.Frame) error {
	head, err := s.win.peek(pcapRecordHeader)
	if err != nil {
		return err
	}
	captured := s.u32(head[8:])
	if captured > s.limit {
		return errPacketLength
	}
	if _, err := s.win.peek(pcapRecordHeader + int(captured)); err != nil {
		return err
	}
	s.takePcap(f)
	return nil
}

// takePcap takes the next record if the window holds all of it. It is apart from
// readPcap because it runs for every packet.
func (s *Source) takePcap(f *capture.Frame) bool {
	rest := s.win.buf[s.win.pos:]
	if len(rest) < pcapRecordHeader {
		return false
	}
	head := (*[pcapRecordHeader]byte)(rest)
	seconds, fraction := binary.LittleEndian.Uint32(head[0:]), binary.LittleEndian.Uint32(head[4:])
	captured, wire := binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
	if s.big {
		seconds, fraction = bits.ReverseBytes32(seconds), bits.ReverseBytes32(fraction)
		captured, wire = bits.ReverseBytes32(captured), bits.ReverseBytes32(wire)
	}
	size := pcapRecordHeader + int(captured)
	if captured > s.limit || size > len(rest) {
		return false
	}
	s.win.pos += size
	i := &s.ifaces[0]
	f.Time = int64(seconds)*nanoseconds + int64(fraction)*int64(i.clock.multiplier)
	i.deliver(f, rest[pcapRecordHeader:size:size], wire)
	return true
}

// deliver fills in what a packet's record says, its time excepted.
func (i *iface) deliver(f *capture.Frame, data []byte, wire uint32) {
	wire = max(wire, uint32(len(data)))
	if i.fcsLen != 0 && wire >= i.fcsLen {
		wire -= i.fcsLen
		data = data[:min(len(data), int(wire))]
	}
	f.Data = data
	f.WireLen = wire
	f.LinkType = i.linkType
	f.VLANTCI, f.VLANTPID, f.Outgoing = 0, 0, false
}
