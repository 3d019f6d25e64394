package offline

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"netflow-monitor/internal/meter"
)

// BenchmarkRead is the whole of "read" on the capture file that NETFLOW_BENCH_PCAP
// names: reading, decoding, metering, sorting, printing.
//
//	NETFLOW_BENCH_PCAP=mix10m.pcap go test -run '^$' -bench Read -benchtime 5x ./internal/offline
func BenchmarkRead(b *testing.B) {
	path := os.Getenv("NETFLOW_BENCH_PCAP")
	if path == "" {
		b.Skip("NETFLOW_BENCH_PCAP names no capture file")
	}
	readAndWrite(b, path)
}

// scanSessions is how many packets the scan has, each of them a session.
const scanSessions = 1_000_000

// BenchmarkScan is the same on a port scan: a SYN to another address or port every 10
// µs, so that all sessions live at the same time. peak-MB is what the process had
// resident at most, which is right if nothing else ran in it:
//
//	go test -run '^$' -bench Scan -benchtime 5x ./internal/offline
func BenchmarkScan(b *testing.B) { readAndWrite(b, scanFile(b)) }

func readAndWrite(b *testing.B, path string) {
	b.Helper()
	var packets uint64
	before := usage(b)
	for b.Loop() {
		result, err := Read(context.Background(), []string{path}, Options{Meter: meter.Default()})
		if err != nil {
			b.Fatal(err)
		}
		if err := result.WriteSessions(io.Discard, Table); err != nil {
			b.Fatal(err)
		}
		packets += result.Counters.Input.Packets
	}
	after := usage(b)
	b.ReportMetric(float64(cpuTime(after)-cpuTime(before))/float64(packets), "cpu-ns/packet")
	b.ReportMetric(float64(after.Maxrss)/1e3, "peak-MB")
}

// BenchmarkWrite is the writing alone, for each format.
func BenchmarkWrite(b *testing.B) {
	result, err := Read(context.Background(), []string{scanFile(b)}, Options{Meter: meter.Default()})
	if err != nil {
		b.Fatal(err)
	}
	for name, format := range map[string]Format{"table": Table, "json": JSON, "csv": CSV} {
		b.Run(name, func(b *testing.B) {
			before := usage(b)
			for b.Loop() {
				if err := result.WriteSessions(io.Discard, format); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(usage(b))-cpuTime(before))/float64(b.N)/scanSessions, "cpu-ns/session")
		})
	}
}

// scanFile writes the capture of a scan.
func scanFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "scan.pcap")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	_, err = out.Write(pcap())
	record := frame(0, 6, "\x64\x40\x00\x00\x0a\x00\x00\x02", "\xc0\x00\x01\xbb\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\x10\x00\x00\x00\x00\x00")
	const (
		srcAddr = 16 + 14 + 12 // record header, Ethernet header, and what of IP is before it
		dstPort = srcAddr + 8 + 2
	)
	for i := 0; err == nil && i < scanSessions; i++ {
		binary.LittleEndian.PutUint32(record, uint32(1_700_000_000+i/100_000))
		binary.LittleEndian.PutUint32(record[4:], uint32(i%100_000*10))
		binary.BigEndian.PutUint16(record[srcAddr+2:], uint16(i*40_503>>4))
		binary.BigEndian.PutUint16(record[dstPort:], uint16(1+i%1000))
		binary.BigEndian.PutUint16(record[dstPort-2:], uint16(1024+i/1000))
		_, err = out.Write(record)
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

func usage(b *testing.B) (u syscall.Rusage) {
	b.Helper()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

// cpuTime is the user and system time of this process in nanoseconds.
func cpuTime(u syscall.Rusage) int64 { return u.Utime.Nano() + u.Stime.Nano() }
