package stats

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// minuteOf is the key of a roll-up by the minute.
type minuteOf struct {
	minute         int64
	dimension, key string
}

func sumDeltas(to map[minuteOf]RankDelta, deltas []RankDelta) {
	for i := range deltas {
		d := &deltas[i]
		at := minuteOf{d.Time, d.Dimension, d.Key}
		sum, known := to[at]
		if !known {
			sum = RankDelta{Time: d.Time, Dimension: d.Dimension, Key: d.Key}
		}
		sum.merge(d)
		to[at] = sum
	}
}

// minutes are the roll-ups of all records, worked out anew.
func (l *ledger) minutes() map[minuteOf]RankDelta {
	all := make(map[minuteOf]RankDelta)
	for i := range l.batches {
		minute := floorDiv(l.batches[i].Time-1, 60*second) * 60 * second
		one := &ledger{home: l.home, batches: l.batches[i : i+1]}
		for _, p := range one.ips() {
			sumDeltas(all, []RankDelta{{
				Time: minute, Dimension: DimensionIP, Key: p.Addr.String(), Local: p.Local, Sent: volume(&p.Sent), Received: volume(&p.Received),
				Retransmits: p.RetransmitsSent + p.RetransmitsReceived, Sessions: p.Sessions,
			}})
		}
		for _, dimension := range []string{DimensionCountry, DimensionASN, DimensionProtocol, DimensionPort, DimensionInterface} {
			for _, r := range one.ranks(dimension) {
				sumDeltas(all, []RankDelta{{
					Time: minute, Dimension: dimension, Key: r.Key, Sent: r.Sent, Received: r.Received, Retransmits: r.Retransmits, Sessions: r.Sessions,
				}})
			}
		}
	}
	for at, d := range all {
		switch {
		case d.Retransmits == 0 && d.Sessions == 0 && d.Sent == Volume{} && d.Received == Volume{}:
			delete(all, at) // touched, and nothing happened
		case at.dimension == DimensionCountry:
			d.Name = "Country " + at.key
			all[at] = d
		case at.dimension == DimensionASN:
			number, _ := strconv.Atoi(at.key[2:])
			d.Name = fmt.Sprintf("ISP %d", number-64500)
			all[at] = d
		}
	}
	return all
}

// Whenever is drained, however often the minute changes, also backwards, and however small
// the table of IPs is, all deltas of a minute sum to what happened in it.
func TestDeltasAddUp(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 3))
		e := newEngine(t, func(c *Config) {
			if seed%2 == 1 {
				c.MaxIPs = 20
			}
		})
		g, l := newTraffic(seed, 100), &ledger{home: e.home}
		got := make(map[minuteOf]RankDelta)
		for range 60 {
			switch random.IntN(6) {
			case 0:
				g.clock += random.Int64N(100) * second
			case 1:
				g.clock -= random.Int64N(30) * second // a straggler, or the clock was set
			case 2:
				sumDeltas(got, e.Drain().Ranks)
			}
			b := g.batch(random.IntN(12), random.IntN(40), random.IntN(10))
			l.add(b)
			if err := e.Consume(b); err != nil {
				t.Fatal(err)
			}
			e.Stored()
		}
		sumDeltas(got, e.DrainAll().Ranks)
		if d := cmp.Diff(l.minutes(), got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if left := e.DrainAll().Ranks; len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
		if len(e.minute.gone) != 0 || len(e.ips.marks) != 0 {
			t.Errorf("left: %d addresses that are gone, %d marks", len(e.minute.gone), len(e.ips.marks))
		}
	}
}

// Of more keys than there is room for, those at home and the largest have deltas.
func TestDeltasAreBounded(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxIPs = 3000 }) // some are gone before the minute is over
	const sessions = 5000
	var records []flow.Record
	for i := range uint32(sessions) {
		r := record(uint64(i+1), key("192.168.1.2", publicAddr(i).String(), 1, uint16(i+1)), epoch, uint64(i), 0)
		r.SentTCP.Retransmits = 1
		records = append(records, r)
	}
	small := record(sessions+1, key("192.168.1.77", "11.0.0.1", 1, 1), epoch, 0, 0)
	consume(t, e, epoch+second, append([]flow.Record{small}, records...)...)
	consume(t, e, epoch+60*second)
	perDimension, sums := make(map[string]int), make(map[string]RankDelta)
	at := make(map[minuteOf]RankDelta)
	for _, d := range e.Drain().Ranks {
		perDimension[d.Dimension]++
		sum := sums[d.Dimension]
		sum.merge(&d)
		sums[d.Dimension] = sum
		at[minuteOf{0, d.Dimension, d.Key}] = d
	}
	for _, dimension := range []string{DimensionIP, DimensionPort} {
		if n := perDimension[dimension]; n != maxDeltaKeys+1 {
			t.Errorf("%d deltas of %s, want %d", n, dimension, maxDeltaKeys+1)
		}
	}
	if perDimension[DimensionProtocol] != 1 || sums[DimensionPort].Sent != sums[DimensionProtocol].Sent || sums[DimensionPort].Sessions != sessions+1 {
		t.Errorf("sums: %+v", sums)
	}
	// An address sends to another: what all sent, all received.
	if s := sums[DimensionIP]; s.Sent.Bytes != sums[DimensionProtocol].Sent.Bytes || s.Received.Bytes != s.Sent.Bytes || s.Sessions != 2*(sessions+1) {
		t.Errorf("addresses: %+v", s)
	}
	for _, key := range []string{"192.168.1.77", "192.168.1.2", publicAddr(sessions - 1).String(), RankOther} {
		if _, ok := at[minuteOf{0, DimensionIP, key}]; !ok {
			t.Errorf("%s has no delta", key)
		}
	}
}

// consumeMinute is the n-th minute of as many sessions, each to another port.
func consumeMinute(t *testing.T, e *Engine, n int64, ports uint32) {
	t.Helper()
	var records []flow.Record
	for i := range ports {
		r := record(uint64(i+1), key("192.168.1.2", publicAddr(i%500).String(), 1, uint16(i+1)), epoch, 10, 5)
		r.First = n == 0
		records = append(records, r)
	}
	consume(t, e, epoch+n*60*second, records...)
}

// Who reads a file fast and stores what waits in time gets all of its minutes.
func TestBacklogCountsDeltas(t *testing.T) {
	const minutes = 120
	e := newEngine(t, func(c *Config) { c.SeriesSeconds = 24 * 3600 })
	got := make(map[int64]bool)
	for n := range int64(minutes) {
		consumeMinute(t, e, n, 1500)
		if e.Backlog() < 0.5 && n < minutes-1 {
			continue
		}
		for _, d := range e.DrainAll().Ranks {
			got[d.Time] = true
		}
		e.Stored()
	}
	if len(got) != minutes {
		t.Errorf("%d minutes were stored, want %d", len(got), minutes)
	}
}

// A store that is away for hours gets hours, and not a byte less; one that is away for
// days gets the latest of them.
func TestPendingDeltasAreBounded(t *testing.T) {
	const ports = 1500
	for _, c := range []struct{ minutes, step int64 }{{120, 1}, {120, 60}} {
		e := newEngine(t, nil)
		for i := range c.minutes {
			consumeMinute(t, e, i*c.step, ports)
			if n := len(e.pending.ranks); n > maxPendingRanks {
				t.Fatalf("%d deltas wait", n)
			}
		}
		lost := e.Totals().Evicted["pending_ranks"]
		var sum uint64
		newest, hours := int64(0), make(map[int64]bool)
		for _, d := range e.Drain().Ranks {
			newest = max(newest, d.Time)
			hours[floorDiv(d.Time, 3600*second)] = true
			if d.Dimension == DimensionPort {
				sum += d.Sent.Bytes
			}
		}
		if want := floorDiv(epoch+(c.minutes-1)*c.step*60*second-1, 60*second) * 60 * second; newest != want {
			t.Errorf("the newest delta is of %d, want %d", newest, want)
		}
		for n := range int64(len(hours)) { // what is lost is the oldest
			if h := floorDiv(newest, 3600*second) - n; !hours[h] {
				t.Errorf("hour %d of %d is missing", h, len(hours))
			}
		}
		switch all := uint64(c.minutes) * ports * 10; {
		case c.step == 1 && (sum != all || lost != 0):
			t.Errorf("%d bytes, want %d; %d deltas were lost", sum, all, lost)
		case c.step == 60 && (sum == 0 || sum >= all || lost == 0):
			t.Errorf("%d of %d bytes; %d deltas were lost", sum, all, lost)
		}
	}
}

// Another dimension is one entry of the table: it is ranked, and its deltas add up.
func TestAnotherDimension(t *testing.T) {
	vlan := Dimension{
		Name: "vlan", English: "VLANs", Chinese: "虚拟局域网",
		Keys:  func(s Subject) (a, b uint32) { return uint32(s.Key.VLAN), 0 },
		Label: func(key uint32) string { return "VLAN " + strconv.Itoa(int(key)) },
	}
	e := newEngine(t, func(c *Config) { c.Dimensions = slices.Concat(Dimensions, []Dimension{vlan}) })
	r := record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 10, 20)
	r.Key.VLAN = 7
	untagged := record(2, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 10, 20)
	consume(t, e, epoch+second, r, untagged)
	want := []Rank{{Key: "VLAN 7", Sent: Volume{10, 1}, Received: Volume{20, 2}, Sessions: 1, Rate: 30}}
	if d := cmp.Diff(want, e.Top("vlan", 0)); d != "" {
		t.Error(d)
	}
	sums := make(map[minuteOf]RankDelta)
	sumDeltas(sums, e.Drain().Ranks)
	minute := floorDiv(epoch, 60*second) * 60 * second
	if d := sums[minuteOf{minute, "vlan", "VLAN 7"}]; d.Sent != (Volume{10, 1}) || d.Sessions != 1 {
		t.Errorf("delta: %+v", d)
	}
	cfg := Default()
	for range 4 {
		cfg.Dimensions = append(cfg.Dimensions, Dimensions...)
	}
	if _, err := New(cfg, nil, nil); err == nil {
		t.Error("more dimensions than a session has room for were accepted")
	}
}

// A session is counted where its packets are counted now, also if that changes.
func TestInterfaceFollowsWhatCounts(t *testing.T) {
	e := newEngine(t, nil)
	r := record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 10, 0)
	r.Key.Point = 3
	consume(t, e, epoch+second, r)
	r.First, r.Counted = false, 5
	consume(t, e, epoch+2*second, r, r)
	want := []Rank{
		{Key: "5", Sent: Volume{20, 2}, Received: Volume{0, 4}, Rate: 20},
		{Key: "3", Sent: Volume{10, 1}, Received: Volume{0, 2}, Sessions: 1},
	}
	if d := cmp.Diff(want, e.Top(DimensionInterface, 0)); d != "" {
		t.Error(d)
	}
	if got := e.Top(DimensionCountry, 1)[0]; got.Sent.Bytes != 30 && got.Received.Bytes != 30 || got.Name == "" {
		t.Errorf("its country: %+v", got)
	}
}
