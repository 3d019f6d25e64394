package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// BenchmarkWrite stores windows of 20 000 ended sessions, 4000 IPs and their history.
func BenchmarkWrite(b *testing.B) { benchmarkWrite(b, flow.TCPCounters{}) }

// BenchmarkWriteDetails is the same with a retransmission in each session.
func BenchmarkWriteDetails(b *testing.B) { benchmarkWrite(b, flow.TCPCounters{Retransmits: 1}) }

func benchmarkWrite(b *testing.B, quality flow.TCPCounters) {
	b.Helper()
	const n = 20_000
	s := open(b, filepath.Join(b.TempDir(), "netflow.db"))
	sequence := uint64(0)
	for b.Loop() {
		sequence++
		b.StopTimer()
		batch := batchOf(sequence, n)
		batch.IPs = batch.IPs[:n/5]
		for i := range batch.Sessions {
			batch.Sessions[i].SentTCP = quality
		}
		for i := range batch.IPs {
			batch.IPs[i].Addr = batch.Sessions[i].Key.SrcAddr()
		}
		b.StartTimer()
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "sessions/s")
}

// BenchmarkQuery asks a database of 200 000 sessions what the page asks.
func BenchmarkQuery(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "netflow.db"))
	for sequence := range uint64(10) {
		if err := s.Write(b.Context(), batchOf(sequence+1, 20_000)); err != nil {
			b.Fatal(err)
		}
	}
	tcp := uint8(6)
	for name, q := range map[string]stats.SessionQuery{
		"newest":   {Descending: true, Limit: 50},
		"largest":  {OrderBy: "total_bytes", Descending: true, Limit: 50},
		"protocol": {Protocol: &tcp, Descending: true, Limit: 50},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Sessions(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("history", func(b *testing.B) {
		for b.Loop() {
			q := store.HistoryQuery{From: 0, To: int64(24 * time.Hour), Step: 60}
			if _, err := s.History(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("info", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Info(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
