package pcapfile_test

import (
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
		record := join(le32(1), le32(2), le32(128), le32(1500), make([]byte, 128))
		file := fileHeader(1)
		for range 200_000 {
			file = append(file, record...)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for _, decode := range []bool{false, true} {
		name := "next"
		if decode {
			name = "next+decode"
		}
		b.Run(name, func(b *testing.B) { walk(b, path, decode) })
	}
}

func walk(b *testing.B, path string, decode bool) {
	var source capture.Source
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
		f, err := source.Next()
		if err != nil {
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
			packet.Decode(f.LinkType, f.Data, f.WireLen, &h)
		}
	}
}
