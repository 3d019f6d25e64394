package pcapfile

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"netflow-monitor/internal/capture"
)

// order is a byte order that can also append.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var orders = map[string]order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// words are 32-bit fields.
func words(o order, values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = o.AppendUint32(out, v)
	}
	return out
}

func halves(o order, a, b uint16) []byte { return o.AppendUint16(o.AppendUint16(nil, a), b) }

func pcapHeader(o order, magic, snapLen, link uint32) []byte {
	return join(words(o, magic), halves(o, 2, 4), words(o, 0, 0, snapLen, link))
}

func pcapRecord(o order, seconds, fraction, wire uint32, data string) []byte {
	return join(words(o, seconds, fraction, uint32(len(data)), wire), []byte(data))
}

// block is a pcapng block; its body is padded to 32 bits.
func block(o order, kind uint32, body ...[]byte) []byte {
	b := join(body...)
	b = append(b, make([]byte, -len(b)&3)...)
	length := words(o, uint32(len(b)+12))
	return join(words(o, kind), length, b, length)
}

func section(o order) []byte {
	return block(o, blockSection, words(o, byteOrderMark), halves(o, 1, 0), words(o, 0xffffffff, 0xffffffff))
}

func option(o order, code uint16, value ...byte) []byte {
	return join(halves(o, code, uint16(len(value))), value, make([]byte, -len(value)&3))
}

func describe(o order, link uint16, snapLen uint32, options ...[]byte) []byte {
	return block(o, blockInterface, halves(o, link, 0), words(o, snapLen), join(options...), option(o, 0))
}

func enhanced(o order, id uint32, stamp uint64, wire uint32, data string) []byte {
	return block(o, blockEnhanced, words(o, id, uint32(stamp>>32), uint32(stamp), uint32(len(data)), wire), []byte(data))
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// got is a packet in a form that can be compared.
type got struct {
	Time int64
	Wire uint32
	Link uint16
	Data string
}

// readAll reads a source to its end and closes it. The error is nil for io.EOF.
func readAll(t *testing.T, s *Source) (packets []got, err error) {
	t.Helper()
	var f capture.Frame
	for {
		err := s.Next(&f)
		switch {
		case errors.Is(err, capture.ErrIdle):
			continue
		case errors.Is(err, io.EOF):
			err = nil
			fallthrough
		case err != nil:
			if again := s.Next(&f); again == nil || errors.Is(again, capture.ErrIdle) {
				t.Errorf("the end is not final: %v", again)
			}
			if stats, _ := s.Stats(); stats.Received != uint64(len(packets)) {
				t.Errorf("%d packets delivered, %d counted", len(packets), stats.Received)
			}
			if closing := s.Close(); closing != nil {
				t.Error(closing)
			}
			return packets, err
		}
		packets = append(packets, got{f.Time, f.WireLen, f.LinkType, string(f.Data)})
	}
}
