package app

import (
	"log/slog"
	"testing"
	"time"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/flow"
)

// A minute of too little is told of once, and ten seconds of enough end it.
func TestLowCoverageIsToldOf(t *testing.T) {
	e := new(events)
	r := &reconciler{
		interfaces: newInterfaces(map[flow.Point]string{1: "eth0"}, nil, slog.New(slog.DiscardHandler)),
		record:     e.record, log: slog.New(slog.DiscardHandler),
	}
	r.begin()
	feed := func(seconds int, captured uint64) {
		for range seconds {
			r.note(1, 0, flow.Input{Packets: captured, KernelPackets: 1000}, true)
		}
	}
	requireEvents := func(want ...string) {
		t.Helper()
		if len(e.kinds) != len(want) || len(want) > 0 && e.kinds[len(want)-1] != want[len(want)-1] {
			t.Errorf("events %v, want %v", e.kinds, want)
		}
	}
	feed(120, 995)
	requireEvents()
	feed(50, 900) // not a minute
	feed(10, 1000)
	feed(9, 1000)
	requireEvents()
	feed(59, 900)
	requireEvents()
	feed(20, 900)
	requireEvents("coverage_low")
	if c := r.minute(1); c != 0.9 {
		t.Errorf("coverage of the minute %v", c)
	}
	feed(300, 900)
	requireEvents("coverage_low")
	feed(9, 1000)
	requireEvents("coverage_low")
	feed(20, 1000)
	requireEvents("coverage_low", "coverage_back")
	if c := r.minute(7); c != 1 {
		t.Errorf("coverage of what was never seen %v", c)
	}
}

// What is handed over in the middle of a second counts in it.
func TestLossesOfPartsOfSeconds(t *testing.T) {
	r := &reconciler{log: slog.New(slog.DiscardHandler)}
	r.begin()
	r.note(0, 0, flow.Input{Packets: 300, Dropped: 100}, false)
	if c := r.minute(0); c != 1 {
		t.Errorf("coverage before the end of the second %v", c)
	}
	r.note(0, 0, flow.Input{Packets: 600}, true)
	if c := r.minute(0); c != 0.9 {
		t.Errorf("coverage %v", c)
	}
}

// Few packets say nothing: the ends of the seconds differ by some.
func TestQuietLinesAreNotJudged(t *testing.T) {
	w := new(window)
	for range 300 {
		w.second = flow.Input{Packets: 12, KernelPackets: 15}
		if w.add() != steady {
			t.Fatal("judged by 15 packets a second")
		}
	}
}

// Interfaces that come and go leave nothing behind, and those of the latest seconds are
// still known to batches that come late.
func TestGoneInterfacesAreForgotten(t *testing.T) {
	r := &reconciler{log: slog.New(slog.DiscardHandler)}
	r.keep(reading{})
	r.begin()
	most := len(r.before)
	for second := range int32(1000) {
		now := map[int32]netdev.Link{}
		for i := range int32(20) {
			index := 1000 + 20*second + i
			now[index] = netdev.Link{Index: int(index)}
		}
		r.introduce(now)
		if _, known := r.before[1000+20*second]; !known {
			t.Fatal("a new interface is not known")
		}
		r.keep(reading{int64(second), []netdev.Link{now[1000+20*second]}})
		most = max(most, len(r.before))
	}
	if most > keptReadings+40 {
		t.Errorf("up to %d interfaces were remembered", most)
	}
	if _, known := r.before[1000+20*(1000-keptReadings)]; !known {
		t.Error("one of the oldest reading is forgotten")
	}
}

// However many interfaces there were, a new one is watched.
func TestNewInterfacesAreWatchedForEver(t *testing.T) {
	r := &reconciler{
		interfaces: newInterfaces(nil, nil, slog.New(slog.DiscardHandler)),
		record:     new(events).record, log: slog.New(slog.DiscardHandler),
	}
	r.begin()
	half := flow.Input{Packets: 500, KernelPackets: 1000}
	for i := range 10_000 {
		newest := flow.Point(i + 1)
		b := flow.Batch{Time: int64(i) * int64(time.Second), Points: []flow.PointInput{{Point: newest, Input: half}}}
		r.watch(&b, true)
		if c := r.minute(newest); c != 0.5 {
			t.Fatalf("coverage of interface %d: %v", newest, c)
		}
	}
	if n := len(r.windows); n > 62 {
		t.Errorf("%d interfaces are watched", n)
	}
}

func TestCounted(t *testing.T) {
	before := netdev.Counters{RxPackets: 100, RxBytes: 1000, TxPackets: 10, TxBytes: 100, RxMissed: 5, RxDropped: 7}
	link := &netdev.Link{Type: "ethernet", Counters: netdev.Counters{
		RxPackets: 150, RxBytes: 1500, TxPackets: 30, TxBytes: 300, RxMissed: 6, RxDropped: 9,
	}}
	if got, want := counted(link, before), (flow.Input{KernelPackets: 70, KernelBytes: 700, KernelMissed: 1, KernelDropped: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	link.Type = "loopback" // each packet passes it twice
	if got := counted(link, before); got.KernelPackets != 50 || got.KernelBytes != 500 {
		t.Errorf("loopback: %+v", got)
	}
	link.Counters = netdev.Counters{RxPackets: 3}
	if got := counted(link, before); got != (flow.Input{}) {
		t.Errorf("a driver that began anew: %+v", got)
	}
}
