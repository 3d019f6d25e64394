package demo

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	pcapNanoseconds = 0xa1b23c4d
	linkEthernet    = 1
	snapLength      = 262144
)

// pcapWriter writes a classic pcap stream with nanosecond times.
type pcapWriter struct{ out *bufio.Writer }

func newPcapWriter(out io.Writer) (*pcapWriter, error) {
	w := &pcapWriter{bufio.NewWriterSize(out, 1<<16)}
	var header [24]byte
	binary.LittleEndian.PutUint32(header[0:], pcapNanoseconds)
	binary.LittleEndian.PutUint16(header[4:], 2)
	binary.LittleEndian.PutUint16(header[6:], 4)
	binary.LittleEndian.PutUint32(header[16:], snapLength)
	binary.LittleEndian.PutUint32(header[20:], linkEthernet)
	if _, err := w.out.Write(header[:]); err != nil {
		return nil, fmt.Errorf("write pcap header: %w", err)
	}
	return w, nil
}

// packet writes one packet: its time in nanoseconds since the epoch, the bytes
// that are kept of it and how many there were.
func (w *pcapWriter) packet(at int64, kept []byte, length int) error {
	var header [16]byte
	binary.LittleEndian.PutUint32(header[0:], uint32(at/1e9))
	binary.LittleEndian.PutUint32(header[4:], uint32(at%1e9))
	binary.LittleEndian.PutUint32(header[8:], uint32(len(kept)))
	binary.LittleEndian.PutUint32(header[12:], uint32(length))
	if _, err := w.out.Write(header[:]); err != nil {
		return fmt.Errorf("write packet: %w", err)
	}
	if _, err := w.out.Write(kept); err != nil {
		return fmt.Errorf("write packet: %w", err)
	}
	return nil
}

func (w *pcapWriter) flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write packets: %w", err)
	}
	return nil
}
