package sqlite

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// writeRanks writes n addresses, 1000 bytes each, for each of some times.
func writeRanks(t *testing.T, s *Store, sequence uint64, n int, times ...time.Time) {
	t.Helper()
	b := store.Batch{Run: "ranks", Sequence: sequence}
	for _, at := range times {
		for i := range n {
			d := stats.RankDelta{Time: at.UnixNano(), Dimension: stats.DimensionIP, Key: strconv.Itoa(i)}
			d.Sent.Bytes = 1000
			b.Ranks = append(b.Ranks, d)
		}
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// A clock that was ahead must not make all that comes after it is put right be over.
func TestTrimAfterClockWasAhead(t *testing.T) {
	s := reopen(t, filepath.Join(t.TempDir(), "netflow.db"))
	const keys = 1500
	now := time.Date(2026, 5, 1, 12, 30, 0, 0, time.UTC)
	writeRanks(t, s, 1, 1, now.AddDate(0, 0, 2))
	writeRanks(t, s, 2, keys, now)
	n, err := s.Trim(t.Context())
	if want := keys - keptKeys[0]; err != nil || n != want { // of the minute; there is room in the hour
		t.Errorf("%d rows were trimmed, %v; want %d", n, err, want)
	}
	if n := len(s.trim.groups); n != 3 {
		t.Errorf("%d groups are looked at again, want those of now", n)
	}
}

// What is to be trimmed may have been pruned meanwhile.
func TestTrimOfPrunedGroup(t *testing.T) {
	s := reopen(t, filepath.Join(t.TempDir(), "netflow.db"))
	now := time.Date(2026, 5, 1, 12, 30, 0, 0, time.UTC)
	writeRanks(t, s, 1, 1, now)
	if _, err := s.dropRollups(t.Context(), minute, now.Add(time.Hour).UnixNano()); err != nil {
		t.Fatal(err)
	}
	if err := s.moveToOther(t.Context(), group{1, minute, now.Unix()}, []string{"0"}); err != nil {
		t.Error(err)
	}
	if n := count(t.Context(), t, s, "rollups WHERE step = 60"); n != 0 {
		t.Errorf("%d rows of a minute that is gone", n)
	}
}

// The first hour that has minutes has all of them, also if it begins with none.
func TestRanksOfFirstHourKept(t *testing.T) {
	s := reopen(t, filepath.Join(t.TempDir(), "netflow.db"))
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	writeRanks(t, s, 1, 1, noon.Add(-5*time.Hour), noon.Add(17*time.Minute), noon.Add(40*time.Minute))
	if _, err := s.dropRollups(t.Context(), minute, noon.UnixNano()); err != nil {
		t.Fatal(err)
	}
	q := store.RankQuery{Dimension: stats.DimensionIP, From: noon.Add(10 * time.Minute).UnixNano(), To: noon.Add(5 * time.Hour).UnixNano()}
	ranks, err := s.Ranks(t.Context(), q)
	if err != nil || len(ranks) != 1 || ranks[0].Sent.Bytes != 2000 {
		t.Errorf("%+v, %v; want the two minutes", ranks, err)
	}
}
