package pcapfile

import (
	"encoding/binary"
	"errors"

	"netflow-monitor/internal/capture"
)

// Block types and options (draft-ietf-opsawg-pcapng §4).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockObsolete  = 2 // the packet block of 2004
	blockSimple    = 3
	blockEnhanced  = 6

	blockOverhead = 12 // type, length, and the length again
	byteOrderMark = 0x1a2b3c4d

	sectionHeader   = 16 + blockOverhead
	interfaceHeader = 8 + blockOverhead
	packetHeader    = 20 + blockOverhead
	simpleHeader    = 4 + blockOverhead

	optionEnd        = 0
	optionResolution = 9
	optionFCSLen     = 13
	optionTimeOffset = 14

	microseconds = 6

	// maxBlock bounds the blocks that are held whole; others are passed over.
	maxBlock = maxPacket + 64<<10
	// maxInterfaces bounds the interfaces of one section.
	maxInterfaces = 1 << 16
)

var (
	errBlockLength    = errors.New("a block length that cannot be")
	errByteOrder      = errors.New("a section header without its byte-order mark")
	errVersion        = errors.New("a section of an unknown version")
	errNoInterface    = errors.New("a packet of an interface that was not described")
	errManyInterfaces = errors.New("more interfaces than are believed")
	errTimes          = errors.New("a time resolution or offset that cannot be")
)

// readPcapNG reads blocks up to the next packet.
func (s *Source) readPcapNG(f *capture.Frame) error {
	for {
		if s.skipping > 0 {
			var err error
			if s.skipping, err = s.win.skip(s.skipping); err != nil {
				return err
			}
		}
		head, err := s.win.peek(8)
		if err != nil {
			return err
		}
		var isPacket bool
		if binary.LittleEndian.Uint32(head) == blockSection {
			err = s.readSection()
		} else {
			isPacket, err = s.readBlock(s.u32(head), s.u32(head[4:]), f)
		}
		if isPacket || err != nil {
			return err
		}
	}
}

// readBlock reads a block that is not a section header. What is not known is left to
// be skipped.
func (s *Source) readBlock(kind, length uint32, f *capture.Frame) (isPacket bool, err error) {
	if length < blockOverhead || length%4 != 0 {
		return false, errBlockLength
	}
	switch kind {
	case blockInterface:
	case blockEnhanced, blockSimple, blockObsolete:
		isPacket = true
	default:
		s.skipping = int64(length)
		return false, nil
	}
	if length > maxBlock {
		return false, errBlockLength
	}
	block, err := s.win.peek(int(length))
	if err != nil {
		return false, err
	}
	switch {
	case s.u32(block[length-4:]) != length:
		err = errBlockLength
	case isPacket:
		err = s.readPacket(kind, block, f)
	default:
		err = s.readInterface(block)
	}
	if err == nil {
		s.win.advance(len(block))
	}
	return isPacket, err
}

// readSection reads a section header, which alone tells its byte order and makes
// the interfaces of the section before it unknown.
func (s *Source) readSection() error {
	block, err := s.win.peek(sectionHeader)
	if err != nil {
		return err
	}
	switch uint32(byteOrderMark) {
	case binary.LittleEndian.Uint32(block[8:]):
		s.big = false
	case binary.BigEndian.Uint32(block[8:]):
		s.big = true
	default:
		return errByteOrder
	}
	length := s.u32(block[4:])
	if length < sectionHeader || length%4 != 0 {
		return errBlockLength
	}
	if s.u16(block[12:]) != 1 {
		return errVersion
	}
	s.ifaces = s.ifaces[:0]
	s.skipping = int64(length)
	return nil
}

// readInterface reads an interface description block.
func (s *Source) readInterface(block []byte) error {
	if len(block) < interfaceHeader {
		return errBlockLength
	}
	if len(s.ifaces) == maxInterfaces {
		return errManyInterfaces
	}
	i := iface{linkType: s.u16(block[8:]), snapLen: s.u32(block[12:])}
	resolution, offset := uint8(microseconds), int64(0)
	options := block[16 : len(block)-4]
	for len(options) >= 4 {
		code, length := s.u16(options), int(s.u16(options[2:]))
		if code == optionEnd || length > len(options)-4 {
			break
		}
		value := options[4 : 4+length]
		switch {
		case code == optionResolution && length == 1:
			resolution = value[0]
		case code == optionFCSLen && length == 1:
			i.fcsLen = uint32(value[0])
		case code == optionTimeOffset && length == 8:
			offset = int64(s.u64(value))
		}
		options = options[min(len(options), 4+(length+3)&^3):]
	}
	var ok bool
	if i.clock, ok = newClock(resolution); !ok || !i.clock.setOffset(offset) {
		return errTimes
	}
	s.ifaces = append(s.ifaces, i)
	return nil
}

// readPacket reads a packet from any of the three kinds of block that hold one.
func (s *Source) readPacket(kind uint32, block []byte, f *capture.Frame) error {
	if kind == blockSimple {
		return s.readSimple(block, f)
	}
	if len(block) < packetHeader {
		return errBlockLength
	}
	id := s.u32(block[8:])
	if kind == blockObsolete {
		id = uint32(s.u16(block[8:]))
	}
	if id >= uint32(len(s.ifaces)) {
		return errNoInterface
	}
	captured := s.u32(block[20:])
	if captured > uint32(len(block)-packetHeader) {
		return errPacketLength
	}
	i := &s.ifaces[id]
	f.Time = i.clock.time(uint64(s.u32(block[12:]))<<32 | uint64(s.u32(block[16:])))
	i.deliver(f, block[28:28+captured], s.u32(block[24:]))
	return nil
}

// readSimple reads a simple packet block: of the first interface, without a time,
// for which that of the packet before it stands in.
func (s *Source) readSimple(block []byte, f *capture.Frame) error {
	if len(block) < simpleHeader {
		return errBlockLength
	}
	if len(s.ifaces) == 0 {
		return errNoInterface
	}
	i := &s.ifaces[0]
	wire := s.u32(block[8:])
	captured := min(wire, uint32(len(block)-simpleHeader))
	if i.snapLen != 0 {
		captured = min(captured, i.snapLen)
	}
	f.Time = s.last
	i.deliver(f, block[12:12+captured], wire)
	return nil
}
