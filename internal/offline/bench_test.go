package offline

import (
	"context"
	"io"
	"os"
	"syscall"
	"testing"

	"netflow-monitor/internal/meter"
)

// BenchmarkRead is the whole of "read" on the capture file that NETFLOW_BENCH_PCAP
// names: reading, decoding, metering, sorting, printing.
func BenchmarkRead(b *testing.B) {
	path := os.Getenv("NETFLOW_BENCH_PCAP")
	if path == "" {
		b.Skip("NETFLOW_BENCH_PCAP names no capture file")
	}
	var packets uint64
	before := cpuTime(b)
	for b.Loop() {
		result, err := Read(context.Background(), []string{path}, meter.Default())
		if err != nil {
			b.Fatal(err)
		}
		if err := result.WriteSessions(io.Discard, Table); err != nil {
			b.Fatal(err)
		}
		packets += result.Counters.Input.Packets
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(packets), "cpu-ns/packet")
}

// cpuTime is the user and system time of this process in nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
