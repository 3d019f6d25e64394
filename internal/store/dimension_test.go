package store_test

import (
	"log/slog"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// One entry of the table of dimensions is all that another one takes: it is ranked while
// it lives, rolled up in SQLite, and answered as a ranking and as a series of any time.
func TestOneEntryIsADimension(t *testing.T) {
	application := stats.Dimension{
		Name: "application", English: "Applications", Chinese: "应用",
		Keys: func(s stats.Subject) (a, b uint32) {
			_, port := s.Key.Ports()
			return map[uint16]uint32{53: 1, 443: 2}[port], 0
		},
		Label: func(key uint32) string { return []string{"", "DNS", "web pages; 网页"}[key] },
	}
	cfg := stats.Default()
	cfg.Dimensions = append(slices.Clone(stats.Dimensions), application)
	engine, err := stats.New(cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	st := newFaulty(t)
	w, err := store.NewWriter(store.Default(), st, engine, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	minute := store.AlignDown(start, 60)
	for i, port := range []uint16{53, 443, 443, 22} {
		at := minute + int64(i)*int64(time.Minute)
		r := record(uint64(i+1), 1, at)
		r.Key.DstPort, r.Received.WireBytes = port, uint64(10*i)
		if err := engine.Consume(flow.Batch{Time: at + 1e9, Records: []flow.Record{r}}); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const web = "web pages; 网页"
	want := []stats.Rank{
		{Key: web, Sent: stats.Volume{Bytes: 200, Packets: 2}, Received: stats.Volume{Bytes: 30, Packets: 2}, Sessions: 2},
		{Key: "DNS", Sent: stats.Volume{Bytes: 100, Packets: 1}, Received: stats.Volume{Packets: 1}, Sessions: 1},
	}
	live := engine.TopBy("application", "", 0)
	for i := range live {
		live[i].Rate = 0
	}
	if diff := cmp.Diff(want, live); diff != "" {
		t.Errorf("live: %s", diff)
	}
	for _, limit := range []int{0, 10} {
		stored, err := st.Ranks(t.Context(), store.RankQuery{Dimension: "application", To: math.MaxInt64, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("stored: %s", diff)
		}
	}
	series, err := st.RankHistory(t.Context(), store.RankHistoryQuery{
		Dimension: "application", Keys: []string{web}, From: minute, To: minute + 4*int64(time.Minute), Step: 60,
	})
	if err != nil {
		t.Fatal(err)
	}
	var sessions []string
	for _, p := range series[0] {
		sessions = append(sessions, strconv.FormatUint(p.Sessions, 10))
	}
	if diff := cmp.Diff([]string{"0", "1", "1", "0"}, sessions); diff != "" {
		t.Errorf("series: %s", diff)
	}
}
