package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// rollupDay is midnight in UTC.
const rollupDay = 1_700_006_400 * int64(time.Second)

// deltasOf are n keys of each dimension for a minute, out of ten times as many.
func deltasOf(r *rand.Rand, at int64, n int, dimensions ...stats.Dimension) []stats.RankDelta {
	deltas := make([]stats.RankDelta, 0, n*len(dimensions))
	for _, d := range dimensions {
		for i := range n {
			x := stats.RankDelta{Time: at, Dimension: d.Name, Sessions: 1, Local: i < 20}
			number := uint32(i)
			if i >= n/2 { // half of them are always the same
				number = r.Uint32N(uint32(10 * n))
			}
			x.Key = fmt.Sprintf("%d.%d.%d.%d", 11+number%7, number/7&255, number>>8&255, number&255)
			x.Sent = stats.Volume{Bytes: r.Uint64N(1 << 30), Packets: r.Uint64N(1 << 20)}
			x.Received = stats.Volume{Bytes: r.Uint64N(1 << 30), Packets: r.Uint64N(1 << 20)}
			if d.Title != nil {
				x.Name = "Name of " + x.Key
			}
			deltas = append(deltas, x)
		}
	}
	return deltas
}

// BenchmarkWriteRollups writes a flush of 2000 keys of each dimension.
func BenchmarkWriteRollups(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "netflow.db"))
	r := rand.New(rand.NewPCG(1, 1))
	sequence := uint64(0)
	for b.Loop() {
		b.StopTimer()
		sequence++
		batch := store.Batch{Run: "run", Sequence: sequence}
		batch.Ranks = deltasOf(r, rollupDay+int64(sequence)*5*int64(time.Second)/int64(time.Minute)*int64(time.Minute), 2000, stats.Dimensions...)
		b.StartTimer()
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// month fills 32 days with as many addresses as are kept: 2000 a day, 1000 an hour and, at the
// edges, 200 a minute.
func month(b *testing.B) *sqlite.Store {
	b.Helper()
	path := filepath.Join(b.TempDir(), "netflow.db")
	s := open(b, path)
	r := rand.New(rand.NewPCG(1, 1))
	sequence := uint64(0)
	for day := range int64(32) {
		for hour := range int64(24) {
			n, minutes := 1000, int64(1)
			if hour == 0 {
				n = 2000
			}
			if hour == 10 && day%30 == 0 {
				n, minutes = 200, 60
			}
			for minute := range minutes {
				sequence++
				batch := store.Batch{Run: "run", Sequence: sequence}
				batch.Ranks = deltasOf(r, rollupDay+((day*24+hour)*60+minute)*int64(time.Minute), n, stats.Dimensions[0])
				if err := s.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
		}
		for {
			n, err := s.Trim(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
	// As many systems with names as there are.
	sequence++
	batch := store.Batch{Run: "run", Sequence: sequence, Ranks: deltasOf(r, rollupDay, 80_000, stats.Dimensions[2])}
	if err := s.Write(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkRanks asks for the largest ten of 30 days, with hours and minutes at the edges.
func BenchmarkRanks(b *testing.B) {
	s := month(b)
	begin := rollupDay + 10*int64(time.Hour) + 10*int64(time.Minute)
	for _, c := range []struct {
		name     string
		from, to int64
	}{
		{"30 days", rollupDay, rollupDay + 30*24*int64(time.Hour)},
		{"30 days with edges", begin, begin + 30*24*int64(time.Hour)},
		{"a day with edges", begin, begin + 24*int64(time.Hour)},
		{"an hour", begin, begin + int64(time.Hour)},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Ranks(b.Context(), store.RankQuery{Dimension: "ip", From: c.from, To: c.to, Limit: 10}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("series", func(b *testing.B) {
		for b.Loop() {
			q := store.RankHistoryQuery{Dimension: "ip", From: rollupDay, To: rollupDay + 30*24*int64(time.Hour), Step: 3600}
			q.Keys = []string{"11.0.0.0", "12.0.0.1", "13.0.0.2", "14.0.0.3", "15.0.0.4"}
			if _, err := s.RankHistory(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("names", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.FindNames(b.Context(), "asn", "11.0", 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
