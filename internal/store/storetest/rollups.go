package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

const minute = int64(time.Minute)

var rankKeys = map[string][]string{
	stats.DimensionIP:      {"10.0.0.1", "10.0.0.2", "192.0.2.1", "2001:db8::1", stats.RankOther},
	stats.DimensionCountry: {"CN", "DE", "FR"},
	"mood":                 {"好", "it's fine", ""}, // a store knows no dimension in advance
}

// delta is of one of few keys, within five days around the epoch.
func (g *generator) delta() stats.RankDelta {
	dimensions := slices.Sorted(maps.Keys(rankKeys))
	d := stats.RankDelta{
		Time:      epoch + (g.Int64N(5*24*60)-2*24*60)*minute,
		Dimension: dimensions[g.IntN(len(dimensions))],
	}
	for _, v := range d.Values() {
		*v = g.Uint64N(1 << (1 + g.IntN(40)))
	}
	keys := rankKeys[d.Dimension]
	d.Key = keys[g.IntN(len(keys))]
	d.Local = d.Key == "10.0.0.1"
	if d.Dimension == stats.DimensionCountry {
		d.Name = "Country " + d.Key
	}
	return d
}

// manyDeltas writes random deltas and returns them.
func manyDeltas(t *testing.T, s store.Store, seed uint64) []stats.RankDelta {
	t.Helper()
	g := newGenerator(seed)
	w := &writer{store: s}
	var deltas []stats.RankDelta
	for range 5 {
		var b store.Batch
		for range 200 {
			b.Ranks = append(b.Ranks, g.delta())
		}
		w.write(t, b)
		deltas = append(deltas, b.Ranks...)
	}
	return deltas
}

// sumRanks is the naive answer: minute by minute.
func sumRanks(deltas []stats.RankDelta, q store.RankQuery) []stats.Rank {
	sums := make(map[string]*stats.Rank)
	for i := range deltas {
		d := &deltas[i]
		if d.Dimension != q.Dimension || d.Time < q.From || d.Time >= q.To || q.Keys != nil && !slices.Contains(q.Keys, d.Key) {
			continue
		}
		if sums[d.Key] == nil {
			sums[d.Key] = &stats.Rank{Key: d.Key, Name: d.Name}
		}
		for v, sum := range sums[d.Key].Values() {
			*sum += *d.Values()[v]
		}
	}
	ranks := make([]stats.Rank, 0, len(sums))
	for _, r := range sums {
		ranks = append(ranks, *r)
	}
	column, ok := stats.FindColumn(stats.RankColumns, q.OrderBy)
	if !ok {
		column = stats.RankColumns[0]
	}
	slices.SortFunc(ranks, func(a, b stats.Rank) int { return cmp.Or(column.Compare(&b, &a), cmp.Compare(a.Key, b.Key)) })
	if q.Limit > 0 {
		ranks = ranks[:min(q.Limit, len(ranks))]
	}
	return ranks
}

func (g *generator) rankQuery() store.RankQuery {
	dimensions := slices.Sorted(maps.Keys(rankKeys))
	q := store.RankQuery{
		Dimension: dimensions[g.IntN(len(dimensions))], Limit: g.IntN(4),
		OrderBy: stats.RankColumns[g.IntN(len(stats.RankColumns))].Name,
		From:    epoch + g.Int64N(6*24*60*minute) - 3*24*60*minute,
	}
	// From a moment to days, often at round times.
	align := [...]int64{1, minute, 60 * minute, 24 * 60 * minute}
	step := align[g.IntN(len(align))]
	q.From -= q.From % step
	q.To = q.From + step*g.Int64N(1+5*24*60*minute/step)
	if g.IntN(4) == 0 {
		q.Keys = slices.Clone(rankKeys[q.Dimension][:g.IntN(3)])
	}
	if g.IntN(8) == 0 {
		q.OrderBy = ""
	}
	return q
}

func testRanksAdd(t *testing.T, s store.Store) {
	deltas := manyDeltas(t, s, 50)
	g := newGenerator(51)
	for range 500 {
		q := g.rankQuery()
		got, err := s.Ranks(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("%+v", q), got, sumRanks(deltas, q))
	}
	for _, q := range []store.RankQuery{
		{Dimension: "ip", From: math.MinInt64, To: math.MaxInt64}, {Dimension: "ip", From: math.MinInt64, To: math.MaxInt64, Limit: 2},
		{Dimension: "ip", From: math.MaxInt64, To: math.MinInt64}, {Dimension: "colour", To: math.MaxInt64},
		{Dimension: "ip", From: -1, To: math.MaxInt64, Keys: []string{"10.0.0.1"}},
	} {
		got, err := s.Ranks(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("%+v", q), got, sumRanks(deltas, q))
	}
	for _, name := range []string{"nonsense", "key", "1; DROP TABLE rollups"} {
		if _, err := s.Ranks(t.Context(), store.RankQuery{Dimension: "ip", To: 1, OrderBy: name}); !errors.Is(err, store.ErrOrder) {
			t.Errorf("ranked by %q: got %v, want ErrOrder", name, err)
		}
	}
}

func testRanksBeforeTheEpoch(t *testing.T, s store.Store) {
	var deltas []stats.RankDelta
	for i := range int64(3000) {
		deltas = append(deltas, stats.RankDelta{Time: (i - 2000) * minute, Dimension: "ip", Key: "10.0.0.1", Sessions: 1})
	}
	(&writer{store: s}).write(t, store.Batch{Ranks: deltas})
	for _, q := range []store.RankQuery{
		{From: -2000 * minute, To: 1000 * minute}, {From: -1999*minute - 1, To: -1}, {From: -minute, To: minute}, {From: -100_000 * minute, To: 1},
	} {
		q.Dimension = "ip"
		got, err := s.Ranks(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("%+v", q), got, sumRanks(deltas, q))
	}
}

func testRankHistory(t *testing.T, s store.Store) {
	deltas := manyDeltas(t, s, 52)
	g := newGenerator(53)
	for range 200 {
		step := [...]int64{60, 120, 300, 3600, 7200, 86400, 7 * 86400}[g.IntN(7)]
		q := store.RankHistoryQuery{
			Dimension: "ip", Keys: []string{"10.0.0.1", "nobody", stats.RankOther, "10.0.0.1"}[g.IntN(3):], Step: step,
			From: epoch - g.Int64N(4*24*60)*minute - g.Int64N(2), To: epoch + g.Int64N(4*24*60)*minute + 1,
		}
		got, err := s.RankHistory(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, err := store.NewRankSeries(q)
		if err != nil {
			t.Fatal(err)
		}
		for k, key := range q.Keys {
			for i := range want[k] {
				begin := want[k][i].Time
				sum := sumRanks(deltas, store.RankQuery{Dimension: "ip", Keys: []string{key}, From: begin, To: begin + step*int64(time.Second)})
				if len(sum) == 0 {
					continue
				}
				for v, to := range want[k][i].Values() {
					*to = *sum[0].Values()[v]
				}
			}
			if step < 3600 {
				break // naive is slow
			}
		}
		n := len(want)
		if step < 3600 {
			n = 1
		}
		equal(t, fmt.Sprintf("%+v", q), got[:n], want[:n])
		if len(got) != len(q.Keys) {
			t.Fatalf("%d series of %d keys", len(got), len(q.Keys))
		}
	}
	for _, q := range []store.RankHistoryQuery{
		{Dimension: "ip", Keys: []string{"x"}, From: 0, To: 60, Step: 61},
		{Dimension: "ip", Keys: []string{"x"}, From: 0, To: 60, Step: 0},
		{Dimension: "ip", Keys: []string{"x"}, From: 0, To: 1 << 62, Step: 60},
		{Dimension: "ip", Keys: []string{"x"}, From: 60, To: 60, Step: 60},
	} {
		if _, err := s.RankHistory(t.Context(), q); err == nil {
			t.Errorf("%+v was answered", q)
		}
	}
}

// Far more keys than are kept: what goes is in the row of the rest, and what is at home or
// large stays.
func testTrim(t *testing.T, s store.Store) {
	const keys = 7000
	w := &writer{store: s}
	var deltas []stats.RankDelta
	for m := range int64(3) {
		var b store.Batch
		for i := range keys {
			d := stats.RankDelta{Time: epoch + m*24*60*minute, Dimension: "ip", Key: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), Sessions: 1}
			d.Sent.Bytes = uint64(i)
			d.Local = i < 50 // the smallest ones
			b.Ranks = append(b.Ranks, d)
		}
		w.write(t, b)
		deltas = append(deltas, b.Ranks...)
	}
	sum := func(q store.RankQuery) (r stats.Rank, rows int) {
		t.Helper()
		q.Dimension = "ip"
		list, err := s.Ranks(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			for v, to := range r.Values() {
				*to += *list[i].Values()[v]
			}
		}
		return r, len(list)
	}
	for range 2 { // the second time nothing is left to do
		if _, err := s.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, length := range []int64{minute, 60 * minute, 24 * 60 * minute, 3 * 24 * 60 * minute} {
			for m := range int64(3) {
				begin := store.AlignDown(epoch+m*24*60*minute, length/int64(time.Second))
				q := store.RankQuery{From: begin, To: begin + length}
				got, rows := sum(q)
				var want stats.Rank
				for _, r := range sumRanks(deltas, store.RankQuery{Dimension: "ip", From: q.From, To: q.To}) {
					for v, to := range want.Values() {
						*to += *r.Values()[v]
					}
				}
				equal(t, "sum after trimming", got, want)
				if length <= 24*60*minute && rows >= keys { // the latest one is not over, and bounded too
					t.Errorf("%d rows are left of %d in %v", rows, keys, time.Duration(length))
				}
				q.Keys = []string{"10.0.0.0", "10.0.0.49", "10.0.27.87"} // two at home, the largest
				if _, rows := sum(q); rows != len(q.Keys) {
					t.Errorf("%d of %v are left in %v", rows, q.Keys, time.Duration(length))
				}
			}
		}
	}
	if n, err := s.Trim(t.Context()); n != 0 || err != nil {
		t.Errorf("trimmed again: %d, %v", n, err)
	}
}

// What the minutes don't know any more, the hours answer, and then the days.
func testPrunedRanks(t *testing.T, s store.Store) {
	const hour, day = 60 * minute, 24 * 60 * minute
	now := store.AlignDown(time.Now().UnixNano(), 86400) - 3*hour // 21:00 on the day before
	var b store.Batch
	for at := now - 10*day; at < now; at += minute {
		b.Ranks = append(b.Ranks, stats.RankDelta{Time: at, Dimension: "ip", Key: "10.0.0.1", Sessions: 1})
	}
	b.Ranks = append(b.Ranks, stats.RankDelta{Time: now - 10*day, Dimension: "asn", Key: "AS1", Name: "Old"})
	b.Samples = []stats.Sample{{Time: now - minute}}
	(&writer{store: s}).write(t, b)
	if _, err := s.Prune(t.Context(), store.Retention{Minutes: 24 * time.Hour, Hours: 72 * time.Hour, Days: 144 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		from, to int64 // before now
		minutes  int64
	}{
		{"minutes are there", 90 * minute, 30 * minute, 60},
		{"whole hours without minutes", 30 * hour, 28 * hour, 120},
		{"from within an hour: that hour began before", 30*hour - minute, 28 * hour, 60},
		{"to within an hour: that hour began within", 30 * hour, 28*hour - minute, 180},
		{"a whole day", 45 * hour, 21 * hour, 24 * 60}, // 00:00 to 00:00
		{"hours at the edges of a day", 46 * hour, 20 * hour, 26 * 60},
		{"whole days without hours", 21*hour + 4*day, 21*hour + 2*day, 2 * 24 * 60},
		{"from within a day without hours", 20*hour + 4*day, 21*hour + 2*day, 24 * 60},
		{"to within a day without hours", 21*hour + 5*day, 20*hour + 4*day, 2 * 24 * 60},
		{"all", 20 * day, 0, 6*24*60 + 21*60},
	} {
		ranks, err := s.Ranks(t.Context(), store.RankQuery{Dimension: "ip", From: now - c.from, To: now - c.to, Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		if len(ranks) != 1 || ranks[0].Sessions != uint64(c.minutes) {
			t.Errorf("%s: got %+v, want %d minutes", c.name, ranks, c.minutes)
		}
	}
	if keys, err := s.FindNames(t.Context(), "asn", "old", 5); len(keys) != 0 || err != nil {
		t.Errorf("the name of what was pruned: %v, %v", keys, err)
	}
}

func testFindNames(t *testing.T, s store.Store) {
	w := &writer{store: s}
	for i, name := range []string{"Cloudflare, Inc.", "CLOUDFLARENET", "Télé Ćloud", "Google", "Not cloud"} {
		w.write(t, store.Batch{Ranks: []stats.RankDelta{
			{Time: epoch, Dimension: "asn", Key: fmt.Sprint("AS", i), Name: name}, {Time: epoch, Dimension: "country", Key: "CL", Name: "Cloud land"},
		}})
	}
	w.write(t, store.Batch{Ranks: []stats.RankDelta{{Time: epoch, Dimension: "asn", Key: "AS3", Name: "Alphabet"}}}) // it is called otherwise now
	for _, c := range []struct {
		dimension, text string
		limit           int
		want            []string
	}{
		{"asn", "cloud", 0, []string{"AS1", "AS0", "AS4"}}, {"asn", "CLOUDF", 1, []string{"AS1"}}, {"asn", "TÉLÉ ćl", 5, []string{"AS2"}},
		{"asn", "google", 5, []string{}}, {"asn", "alpha", 5, []string{"AS3"}}, {"country", "cloud", 5, []string{"CL"}},
		{"colour", "c", 5, []string{}}, {"asn", "%", 5, []string{}},
	} {
		got, err := s.FindNames(t.Context(), c.dimension, c.text, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.text, got, c.want)
	}
}
