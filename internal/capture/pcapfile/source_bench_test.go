package pcapfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/packet"
)

// BenchmarkWalk reads a file of 128-byte packets from the page cache; with "decode"
// the headers of each are read too. NETFLOW_BENCH_PCAP names another file.
func BenchmarkWalk(b *testing.B) {
	path := os.Getenv("NETFLOW_BENCH_PCAP")
	if path == "" {
		path = filepath.Join(b.TempDir(), "walk.pcap")
		if err := os.WriteFile(path, benchmarkFile(200_000), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("next", func(b *testing.B) { walk(b, path, false) })
	b.Run("next+decode", func(b *testing.B) { walk(b, path, true) })
}

// benchmarkFile holds the same packet, an empty UDP datagram, again and again.
func benchmarkFile(packets int) []byte {
	frame := make([]byte, 128)
	copy(frame[12:], "\x08\x00\x45\x00\x00\x1c\x00\x00\x00\x00\x40\x11")
	copy(frame[38:], "\x00\x08")
	record := make([]byte, 0, 16+len(frame))
	for _, v := range []int{1, 2, len(frame), 1500} {
		record = binary.LittleEndian.AppendUint32(record, uint32(v))
	}
	record = append(record, frame...)
	header := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00")
	return append(header, bytes.Repeat(record, packets)...)
}

func walk(b *testing.B, path string, decode bool) {
	b.Helper()
	var source capture.Source
	var f capture.Frame
	var h packet.Headers
	b.ReportAllocs()
	for b.Loop() {
		if source == nil {
			opened, err := pcapfile.Open(path, pcapfile.Options{})
			if err != nil {
				b.Fatal(err)
			}
			source = opened
		}
		if err := source.Next(&f); err != nil {
			if !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			if err := source.Close(); err != nil {
				b.Fatal(err)
			}
			source = nil
			continue
		}
		if decode {
			new(packet.Decoder).Decode(f.LinkType, f.Data, f.WireLen, &h)
		}
	}
}
