package stats

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestMap(t *testing.T) {
	e := newEngine(t, nil)
	at := epoch + second
	consume(t, e, at,
		record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 10, 20),  // out to CN
		record(2, key("192.168.1.3", "11.0.0.2", 1, 443), epoch, 1, 2),    // the same, another pair
		record(3, key("11.1.5.1", "192.168.1.2", 1, 22), epoch, 100, 200), // in from a city of DE
		record(4, key("11.2.0.1", "11.3.0.1", 1, 80), epoch, 5, 5),        // passing, FR to JP
		record(5, key("11.2.0.1", "11.2.0.9", 1, 80), epoch, 7, 0),        // passing, within FR
		record(6, key("192.168.1.2", "12.0.0.1", 1, 80), epoch, 40, 2),    // public, no place
		record(7, key("192.168.1.2", "192.168.1.9", 1, 80), epoch, 9, 9),  // at home
		record(8, key("192.168.1.2", "100.64.0.1", 1, 80), epoch, 9, 9),   // outside, no place at all
	)
	places, arcs, unlocated := e.Map()
	for i := range places {
		places[i].Location = atlas{}.Locate(own) // its own test below
	}
	slices.SortFunc(places, func(a, b Place) int { return cmp.Compare(a.Key, b.Key) })
	home := atlas{}.Locate(own)
	wantPlaces := []Place{
		{Key: "CN", Location: home, Volume: Volume{33, 6}, Sessions: 2, IPs: 2, Rate: 33},
		{Key: "DE/City 5", Location: home, Volume: Volume{300, 3}, Sessions: 1, IPs: 1, Rate: 300},
		{Key: "FR", Location: home, Volume: Volume{17, 6}, Sessions: 2, IPs: 2, Rate: 17},
		{Key: "JP", Location: home, Volume: Volume{10, 3}, Sessions: 1, IPs: 1, Rate: 10},
	}
	if d := gocmp.Diff(wantPlaces, places); d != "" {
		t.Errorf("places: %s", d)
	}
	wantArcs := []Arc{
		{From: PlaceHome, To: "CN", Volume: Volume{33, 6}, Sessions: 2, Rate: 33},
		{From: "DE/City 5", To: PlaceHome, Volume: Volume{300, 3}, Sessions: 1, Rate: 300},
		{From: "FR", To: "JP", Volume: Volume{10, 3}, Sessions: 1, Rate: 10},
	}
	if d := gocmp.Diff(wantArcs, arcs); d != "" {
		t.Errorf("arcs: %s", d)
	}
	if d := gocmp.Diff(Volume{42, 3}, unlocated); d != "" {
		t.Errorf("unlocated: %s", d)
	}
}

func TestPlaceLocation(t *testing.T) {
	e := newEngine(t, nil)
	consume(t, e, epoch+second, record(1, key("11.1.5.1", "192.168.1.2", 1, 22), epoch, 100, 200))
	want := atlas{}.Locate(publicAddr(1<<16 | 5<<8))
	want.ASN, want.ISP = 0, ""
	places, _, _ := e.Map()
	if d := gocmp.Diff(want, places[0].Location); d != "" {
		t.Error(d)
	}
	if d := gocmp.Diff("Country DE", e.Top(DimensionCountry, 1)[0].Name); d != "" {
		t.Error(d)
	}
	if d := gocmp.Diff("ISP 1", e.Top(DimensionASN, 1)[0].Name); d != "" {
		t.Error(d)
	}
}

func TestPeers(t *testing.T) {
	e := newEngine(t, nil)
	ended := record(3, key("11.0.0.1", "192.168.1.2", 1, 22), epoch, 100, 1)
	ended.End = 1
	consume(t, e, epoch+second,
		record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 10, 20),
		record(2, key("192.168.1.2", "11.0.0.2", 1, 443), epoch, 1, 2),
		record(4, key("192.168.1.3", "11.0.0.2", 1, 443), epoch, 1, 2),
		ended)
	want := []Rank{
		{Key: "11.0.0.1", Sent: Volume{120, 3}, Received: Volume{11, 3}, Sessions: 2, Rate: 30},
		{Key: "11.0.0.2", Sent: Volume{2, 2}, Received: Volume{1, 1}, Sessions: 1, Rate: 3},
	}
	if d := gocmp.Diff(want, e.Peers(own, 0)); d != "" {
		t.Error(d)
	}
	if got := e.Peers(own, 1); len(got) != 1 {
		t.Errorf("%d peers", len(got))
	}
}
