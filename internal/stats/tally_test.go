package stats

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A tally of all sessions is what the engine ranked record by record.
func TestTallyIsWhatTheEngineRanks(t *testing.T) {
	e := newEngine(t, nil)
	g := newTraffic(5, 150)
	for range 30 {
		b := g.batch(15, 40, 8)
		for i := range b.Records {
			b.Records[i].Counted = 0 // a session knows only where it is shown
		}
		if err := e.Consume(b); err != nil {
			t.Fatal(err)
		}
	}
	sessions, _ := e.Sessions(SessionQuery{})
	for _, d := range Dimensions {
		for _, column := range RankColumns {
			if column.Name == "rate" {
				continue // of sessions that ended in the latest second only the engine knows one
			}
			tally, ok := NewTally(d.Name)
			if !ok {
				t.Fatalf("no tally of %s", d.Name)
			}
			for i := range sessions {
				tally.Add(&sessions[i])
			}
			for _, limit := range []int{0, 3} {
				want := e.TopBy(d.Name, column.Name, 0)
				for i := range want {
					want[i].Name, want[i].Rate = "", 0 // sessions know no names
				}
				got := tally.Top(column.Name, limit)
				for i := range got {
					got[i].Rate = 0
				}
				// Ties of addresses are ordered by value there, by text here.
				want = mergeRanks(column.Name, limit, want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s by %s, %d: %s", d.Name, column.Name, limit, diff)
				}
			}
		}
	}
	if _, ok := NewTally("colour"); ok {
		t.Error("a tally of an unknown dimension")
	}
}

func TestTallyOfItself(t *testing.T) {
	tally, _ := NewTally(DimensionIP)
	s := Session{Key: key("127.0.0.1", "127.0.0.1", 1, 80)}
	s.Sent.WireBytes, s.Received.WireBytes = 10, 300
	tally.Add(&s)
	want := []Rank{{Key: "127.0.0.1", Sent: Volume{Bytes: 310}, Received: Volume{Bytes: 310}, Sessions: 1}}
	if diff := cmp.Diff(want, tally.Top("", 0)); diff != "" {
		t.Error(diff)
	}
}

func TestMergeRanks(t *testing.T) {
	got := mergeRanks("session_count", 2,
		[]Rank{{Key: "DE", Sessions: 2, Rate: 1, Retransmits: 1}, {Key: "FR", Sessions: 3}},
		[]Rank{{Key: "JP", Sessions: 3}, {Key: "DE", Name: "Germany", Sessions: 2, Rate: 1, Sent: Volume{Bytes: 7}}})
	want := []Rank{{Key: "DE", Name: "Germany", Sessions: 4, Rate: 2, Retransmits: 1, Sent: Volume{Bytes: 7}}, {Key: "FR", Sessions: 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkTally(b *testing.B) {
	e, _ := filled(b, 100_000)
	sessions, _ := e.Sessions(SessionQuery{})
	for _, dimension := range []string{DimensionIP, DimensionCountry, DimensionPort} {
		b.Run(dimension, func(b *testing.B) {
			for b.Loop() {
				tally, _ := NewTally(dimension)
				for i := range sessions {
					tally.Add(&sessions[i])
				}
				if got := tally.Top("", 10); len(got) == 0 {
					b.Fatal("no rows")
				}
			}
		})
	}
}

// mergeRanks sums rankings of one dimension, none of which was cut: the largest first by
// one of RankColumns, at most limit, all if limit is 0.
func mergeRanks(orderBy string, limit int, lists ...[]Rank) []Rank {
	at := make(map[string]int)
	var sums []Rank
	for _, list := range lists {
		for i := range list {
			n, known := at[list[i].Key]
			if !known {
				at[list[i].Key] = len(sums)
				sums = append(sums, list[i])
				continue
			}
			sum := &sums[n]
			to, from := sum.Values(), list[i].Values()
			for v := range to {
				*to[v] += *from[v]
			}
			if sum.Rate += list[i].Rate; sum.Name == "" {
				sum.Name = list[i].Name
			}
		}
	}
	p := newPicker(compareRanks(orderBy), 0, limit)
	for i := range sums {
		p.add(&sums[i])
	}
	return p.page()
}
