package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// ErrFormat is wrapped by the error for an input that is no capture file.
var ErrFormat = errors.New("not a capture file")

type format uint8

const (
	formatUnknown format = iota // its first bytes have not come yet
	formatPcap
	formatPcapNG
	formatEnded // Source.err says how
)

const (
	magicMicroseconds = 0xa1b2c3d4
	magicNanoseconds  = 0xa1b23c4d

	accepted = "accepted are pcap and pcapng, also compressed with gzip or zstd"
)

// foreign are the formats that users try most, each with what to do about it.
var foreign = []struct {
	magic  string
	advice string
}{
	{"\xa1\xb2\xcd\x34", "a modified pcap; convert it with `editcap -F pcap`"},
	{"\x34\xcd\xb2\xa1", "a modified pcap; convert it with `editcap -F pcap`"},
	{"\xfd7zXZ\x00", "compressed with xz; pipe `xz -dc FILE` into it and read `-`"},
	{"BZh", "compressed with bzip2; pipe `bzip2 -dc FILE` into it and read `-`"},
	{"\x04\x22\x4d\x18", "compressed with lz4; pipe `lz4 -dc FILE` into it and read `-`"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"snoop\x00", "a snoop capture; convert it with `editcap -F pcapng`"},
	{"GMBU", "a Network Monitor capture; convert it with `editcap -F pcapng`"},
	{"RTSS", "a Network Monitor capture; convert it with `editcap -F pcapng`"},
}

// begin finds out the format from the first bytes.
func (s *Source) begin() error {
	head, err := s.win.peek(4)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %s is empty; %s", ErrFormat, s.name, accepted)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s has less than 4 bytes; %s", ErrFormat, s.name, accepted)
	case err != nil:
		return err
	}
	little, big := binary.LittleEndian.Uint32(head), binary.BigEndian.Uint32(head)
	switch {
	case little == blockSection:
		s.format = formatPcapNG
		return nil
	case little == magicMicroseconds || little == magicNanoseconds:
		return s.beginPcap(little)
	case big == magicMicroseconds || big == magicNanoseconds:
		s.big = true
		return s.beginPcap(big)
	}
	return fmt.Errorf("%w: %s is %s; %s", ErrFormat, s.name, s.describe(head), accepted)
}

// describe names what an unknown file begins with.
func (s *Source) describe(head []byte) string {
	if more, err := s.win.peek(6); err == nil {
		head = more
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.advice
		}
	}
	return fmt.Sprintf("unknown (it begins with %q)", head)
}

// u16 and u32 read in the writer's byte order.
func (s *Source) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if s.big {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (s *Source) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if s.big {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (s *Source) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if s.big {
		v = bits.ReverseBytes64(v)
	}
	return v
}
