package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// A clock that jumps ahead must not make everything old; one that is put right, after a
// day, is followed.
func TestPruneAfterClockJump(t *testing.T) {
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "netflow.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	const day = 24 * time.Hour
	begin := time.Now().Truncate(time.Minute)
	keep := store.Retention{Minutes: 7 * day, Events: 7 * day}
	var sequence uint64
	for _, c := range []struct {
		name      string
		jump      time.Duration // of the clock, against begin
		up        time.Duration
		left      int // of the minutes
		eventLeft int
	}{
		{"at first", 0, 0, 1, 1},
		{"an hour on", time.Hour, time.Hour, 2, 2},
		{"a year ahead", 365 * day, time.Hour + time.Minute, 3, 3},
		{"still so", 365*day + 22*time.Hour, 23 * time.Hour, 4, 4},
		{"put right", day, day, 5, 5},
		{"back by a year", -365 * day, day + time.Minute, 6, 6},
		{"right again", day + 2*time.Minute, day + 2*time.Minute, 6, 6}, // what is a year old is gone
		{"a month ahead", 31 * day, day + 3*time.Minute, 7, 7},
		{"for more than a day", 32*day + time.Hour, 2*day + 5*time.Minute, 4, 4},
	} {
		now := begin.Add(c.jump)
		at := now.UnixNano()
		sequence++
		b := store.Batch{
			Run: "run", Sequence: sequence, Samples: []stats.Sample{{Time: at, NewSessions: 1}},
			Events: []store.Event{{ID: sequence, Time: at}},
		}
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if _, err := s.prune(t.Context(), keep, now, c.up); err != nil {
			t.Fatal(err)
		}
		if left := count(t.Context(), t, s, "traffic_history WHERE step = 60"); left != c.left {
			t.Errorf("%s: %d minutes are left, want %d", c.name, left, c.left)
		}
	}
}

func count(ctx context.Context, t *testing.T, s *Store, of string) (n int) {
	t.Helper()
	if err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM "+of).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
