package store_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"netflow-monitor/internal/store"
)

// TestClockJumps sets the packets' clock back and forward under traffic: each packet and
// each session is stored all the same, once.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.run(t)
		random := rand.New(rand.NewPCG(2, 2))
		const day = 24 * time.Hour
		for _, jump := range []time.Duration{0, 365 * day, -365 * day, -2 * time.Hour, 3 * day, -time.Second, -400 * day, 400 * day, time.Minute} {
			r.time += int64(jump)
			for range 30 {
				r.second(t, random.IntN(20), random.IntN(20))
				time.Sleep(time.Second)
			}
		}
		want := r.second(t, 0, len(r.living))
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		sessions, bySessions, byIPs, _ := r.stored(t)
		total := r.engine.Totals()
		packets := total.In.Packets + total.Out.Packets + total.Other.Packets
		if sessions != want || bySessions != packets || byIPs != packets {
			t.Errorf("%d sessions, %d packets by sessions, %d by IPs; want %d and %d", sessions, bySessions, byIPs, want, packets)
		}
		for _, step := range []int64{3600, 86400} {
			points, err := r.store.History(t.Context(), store.HistoryQuery{From: start - int64(410*day), To: start + int64(410*day), Step: step})
			if err != nil {
				t.Fatal(err)
			}
			history := sum(points)
			if got := history.In.Packets + history.Out.Packets + history.Other.Packets; got != packets || history.NewSessions != uint64(want) || history.Input != total.Input {
				t.Errorf("history in steps of %d s has %d packets and %d new sessions, want %d and %d", step, got, history.NewSessions, packets, want)
			}
		}
	})
}
