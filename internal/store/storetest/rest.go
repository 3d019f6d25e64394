package storetest

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// manyIPs writes random deltas and returns the sums.
func manyIPs(t *testing.T, s store.Store, seed uint64) []stats.IP {
	t.Helper()
	g := newGenerator(seed)
	w := &writer{store: s}
	sums := make(map[netip.Addr]stats.IP)
	for range 4 {
		b := g.batch(60)
		w.write(t, b)
		for _, d := range b.IPs {
			sum, ok := sums[d.Addr]
			if !ok {
				sums[d.Addr] = d
				continue
			}
			sum.Sent.Add(d.Sent)
			sum.Received.Add(d.Received)
			sum.RetransmitsSent += d.RetransmitsSent
			sum.RetransmitsReceived += d.RetransmitsReceived
			sum.Sessions += d.Sessions
			sum.First, sum.Last = min(sum.First, d.First), max(sum.Last, d.Last)
			sums[d.Addr] = sum
		}
	}
	ips := make([]stats.IP, 0, len(sums))
	for _, ip := range sums {
		ips = append(ips, ip)
	}
	slices.SortFunc(ips, func(a, b stats.IP) int { return a.Addr.Compare(b.Addr) })
	return ips
}

func testIPsAdd(t *testing.T, s store.Store) {
	want := manyIPs(t, s, 20)
	got, total, err := s.IPs(t.Context(), stats.IPQuery{OrderBy: "ip"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sums", got, want)
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if total != len(want) || info.IPs != int64(len(want)) {
		t.Errorf("total %d, counted %d, want %d", total, info.IPs, len(want))
	}
}

func testIPOrderAndFilters(t *testing.T, s store.Store) {
	ips := manyIPs(t, s, 21)
	g := newGenerator(22)
	for _, column := range stats.IPColumns {
		for _, descending := range []bool{false, true} {
			for range 10 {
				q := stats.IPQuery{OrderBy: column.Name, Descending: descending, Network: g.prefix(), Offset: g.IntN(5), Limit: 1 + g.IntN(20)}
				if g.IntN(3) == 0 {
					local := g.IntN(2) == 0
					q.Local = &local
				}
				want := []stats.IP{}
				for i := range ips {
					if q.Match(&ips[i]) {
						want = append(want, ips[i])
					}
				}
				slices.SortFunc(want, func(a, b stats.IP) int {
					if descending {
						a, b = b, a
					}
					return cmp.Or(column.Compare(&a, &b), a.Addr.Compare(b.Addr))
				})
				got, total, err := s.IPs(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if total != len(want) {
					t.Fatalf("%+v: total %d, want %d", q, total, len(want))
				}
				want = want[min(q.Offset, len(want)):]
				equal(t, "by "+column.Name, got, want[:min(q.Limit, len(want))])
			}
		}
	}
}

func testHistoryAdds(t *testing.T, s store.Store) {
	g := newGenerator(30)
	w := &writer{store: s}
	var samples []stats.Sample
	for range 5 {
		b := g.batch(100)
		w.write(t, b)
		samples = append(samples, b.Samples...)
	}
	for _, step := range []int64{1, 7, 60, 90, 300, 3600, 7200} {
		q := store.HistoryQuery{From: epoch, To: epoch + int64(time.Hour), Step: step, Point: flow.Point(step % 3)}
		want, err := store.NewSeries(q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range samples {
			want.Add(&samples[i])
		}
		got, err := s.History(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "history", got, want.Points)
	}
}

func testHistoryRange(t *testing.T, s store.Store) {
	const second = int64(time.Second)
	(&writer{store: s}).write(t, store.Batch{Samples: []stats.Sample{
		{Time: epoch, NewSessions: 1}, {Time: epoch + 59*second, NewSessions: 2}, {Time: epoch + 60*second, NewSessions: 4},
	}})
	for _, c := range []struct {
		from, to, step int64
		want           []uint64
	}{
		{0, 60, 60, []uint64{3}},
		{0, 61, 60, []uint64{3, 4}},
		{1, 60, 60, []uint64{3}}, // a point is never a part of its step
		{-60, 120, 60, []uint64{0, 3, 4}},
		{58, 62, 1, []uint64{0, 2, 4, 0}},
		{58, 62, 2, []uint64{2, 4}},
		{0, 1, 3600, []uint64{7}},
	} {
		points, err := s.History(t.Context(), store.HistoryQuery{From: epoch + c.from*second, To: epoch + c.to*second, Step: c.step})
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for i, p := range points {
			got = append(got, p.NewSessions)
			if p.Time%(c.step*second) != 0 || i > 0 && p.Time-points[i-1].Time != c.step*second {
				t.Errorf("point at %d is not aligned to %d s", p.Time, c.step)
			}
		}
		equal(t, "new sessions", got, c.want)
	}
	for _, q := range []store.HistoryQuery{{From: 1, To: 1, Step: 1}, {From: 0, To: 10, Step: 0}, {From: 0, To: 1 << 62, Step: 1}} {
		if _, err := s.History(t.Context(), q); err == nil {
			t.Errorf("%+v was answered", q)
		}
	}
}

// part is some of a text, which may be cut within a letter's bytes.
func part(g *generator, text string) string {
	from := g.IntN(len(text) + 1)
	return strings.ToValidUTF8(text[from:from+g.IntN(min(5, len(text)-from)+1)], "")
}

func testEvents(t *testing.T, s store.Store) {
	g := newGenerator(40)
	w := &writer{store: s}
	var events []store.Event
	for range 3 {
		b := g.batch(40)
		w.write(t, b)
		events = append(events, b.Events...)
	}
	for range 300 {
		q := store.EventQuery{Level: store.Level(g.IntN(3)), Offset: g.IntN(10), Limit: g.IntN(20)}
		q.OldestFirst = g.IntN(2) == 0
		if g.IntN(2) == 0 {
			q.Kind = g.event().Kind
		}
		if g.IntN(2) == 0 {
			q.From = epoch + g.Int64N(400)*int64(time.Second)
		}
		if g.IntN(2) == 0 {
			q.To = epoch + g.Int64N(400)*int64(time.Second)
		}
		if g.IntN(3) == 0 {
			q.Text = strings.ToUpper(part(g, g.event().Message))
		}
		column := store.EventColumns[g.IntN(len(store.EventColumns))]
		q.OrderBy = column.Name
		want := []store.Event{}
		for i := range events {
			if q.Match(&events[i]) {
				want = append(want, events[i])
			}
		}
		slices.SortFunc(want, func(a, b store.Event) int {
			if !q.OldestFirst {
				a, b = b, a
			}
			return cmp.Or(column.Compare(&a, &b), cmp.Compare(a.ID, b.ID))
		})
		got, total, err := s.Events(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if total != len(want) {
			t.Fatalf("%+v: total %d, want %d", q, total, len(want))
		}
		want = want[min(q.Offset, len(want)):]
		if q.Limit > 0 {
			want = want[:min(q.Limit, len(want))]
		}
		equal(t, "events", got, want)
	}
}
