package stats

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

func TestFullSessionTable(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxSessions = 3 })
	first := func(id uint64) flow.Record {
		return record(id, key("192.168.1.2", "11.0.0.1", uint16(id), 443), epoch, 10, 20)
	}
	consume(t, e, epoch+1*second, first(1), first(2), first(3))
	again := first(1)
	again.First = false
	consume(t, e, epoch+2*second, again, first(4)) // 2 is silent for longest
	ids := func(active bool) []uint64 {
		list, _ := e.Sessions(SessionQuery{Active: &active, OrderBy: "session_id"})
		got := make([]uint64, 0, len(list))
		for _, s := range list {
			got = append(got, s.ID)
		}
		return got
	}
	if d := cmp.Diff([]uint64{1, 3, 4}, ids(true)); d != "" {
		t.Errorf("living: %s", d)
	}
	if d := cmp.Diff([]uint64{2}, ids(false)); d != "" {
		t.Errorf("ended: %s", d)
	}
	if s, _ := e.Session(2); s.End != flow.EndLackOfResources || s.Sent.WireBytes != 10 {
		t.Errorf("evicted: %+v", s)
	}
	e.Drain()
	e.Stored()
	// It comes back: what it does from then on counts under another ID, but it is no new session.
	late := first(2)
	late.First, late.Last = false, epoch+2*second
	consume(t, e, epoch+3*second, late)
	if s, ok := e.Session(2); ok {
		t.Errorf("the first part is stored, and still known: %+v", s)
	}
	if totals := e.Totals(); totals.TotalSessions != 4 || totals.ActiveSessions != 3 || totals.Evicted["sessions"] != 2 {
		t.Errorf("totals: %+v", totals)
	}
}

// A session that makes room and comes back, again and again, is as many sessions in the
// store: each is written once when it has ended, and nothing of it is lost.
func TestPartsOfASession(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxSessions, c.FreshSnapshots = 1, 0 })
	store := newShelf()
	parts := make(map[uint64]bool)
	for i := range int64(10) {
		at := epoch + 2*i*second
		for id := range uint64(2) { // they drive each other out
			r := record(id+1, key("192.168.1.2", "11.0.0.1", uint16(id), 443), epoch, 10, 20)
			r.First, r.Last = i == 0, at
			consume(t, e, at+int64(id+1)*second, r)
			yes := true
			list, total := e.Sessions(SessionQuery{Active: &yes})
			living := list[0]
			if found, ok := e.Session(living.ID); !ok || found != living || !found.Active() || parts[found.ID] || found.Start != at {
				t.Fatalf("part %d of %d sessions: %+v, %v", i, total, found, ok)
			}
			parts[living.ID] = true
		}
		d := e.Drain()
		for _, s := range d.Sessions {
			if _, again := store.sessions[s.ID]; again && !s.Active() {
				t.Errorf("session %d was written twice", s.ID)
			}
		}
		store.write(d)
		e.Stored()
	}
	end := record(1, key("192.168.1.2", "11.0.0.1", 0, 443), epoch, 0, 0)
	end.First, end.End, end.Sent, end.Received = false, flow.EndOfFlow, flow.Counters{}, flow.Counters{}
	consume(t, e, epoch+21*second, end) // that one has made room already
	store.write(e.DrainAll())
	var sum uint64
	for _, s := range store.sessions {
		sum += s.Sent.WireBytes
	}
	if len(store.sessions) != 20 || sum != 20*10 {
		t.Errorf("%d sessions of %d bytes are stored, want 20 of 200", len(store.sessions), sum)
	}
	if n := len(e.sessions.parts); n != 1 || len(e.sessions.index) != 1 {
		t.Errorf("%d parts of %d sessions are known, want one that lives", n, len(e.sessions.index))
	}
}

func TestFullIPTable(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxIPs = 3 })
	talk := func(id uint64, peer string, at int64) {
		t.Helper()
		r := record(id, key("192.168.1.2", peer, 1, 443), epoch+at*second, 10, 20)
		consume(t, e, epoch+(at+1)*second, r)
	}
	talk(1, "11.0.0.1", 0)
	talk(2, "11.0.0.2", 1)
	talk(3, "11.1.0.3", 2)
	var got []string
	list, total := e.IPs(IPQuery{OrderBy: "ip"})
	for _, p := range list {
		got = append(got, p.Addr.String())
	}
	if d := cmp.Diff([]string{"11.0.0.2", "11.1.0.3", "192.168.1.2"}, got); d != "" || total != 3 {
		t.Errorf("%d: %s", total, d)
	}
	// Session 1 goes on: its address comes back into a slot of its own.
	r := record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 5, 6)
	r.First = false
	consume(t, e, epoch+9*second, r)
	if p, ok := e.IP(publicAddr(1)); !ok || p.Received.WireBytes != 5 || p.Sent.WireBytes != 6 || p.Sessions != 0 {
		t.Errorf("back: %+v, %v", p, ok)
	}
	if p, _ := e.IP(own); p.Sent.WireBytes != 35 || p.Sessions != 3 {
		t.Errorf("own: %+v", p)
	}
	places, _, _ := e.Map()
	ips := map[string]uint64{}
	for _, p := range places {
		ips[p.Key] = p.IPs
	}
	if d := cmp.Diff(map[string]uint64{"CN": 1, "DE": 1}, ips); d != "" {
		t.Errorf("IPs at places: %s", d)
	}
	var deltas uint64
	for _, p := range e.Drain().IPs {
		deltas += p.Sent.WireBytes
	}
	if deltas != 3*30+11 || e.Totals().Evicted["ips"] != 2 {
		t.Errorf("%d bytes drained, evicted: %v", deltas, e.Totals().Evicted)
	}
}

// What few sessions have takes room only while they live.
func TestDetailsAreReleased(t *testing.T) {
	e := newEngine(t, nil)
	k := key("192.168.1.2", "11.0.0.1", 1, 443)
	for i := range int64(1000) {
		r := record(uint64(i+1), k, epoch, 1, 1)
		r.SentTCP.Retransmits = uint64(i % 2) // every other one has some
		end := record(uint64(i+1), k, epoch, 1, 1)
		end.First, end.End = false, flow.EndOfFlow
		consume(t, e, epoch+(i+1)*second, r)
		if got := e.sessions.details.len(); got != int(i%2) {
			t.Fatalf("session %d: %d details", i, got)
		}
		consume(t, e, epoch+(i+1)*second, end)
		if s, _ := e.Session(uint64(i + 1)); s.SentTCP.Retransmits != uint64(i%2) {
			t.Fatalf("session %d ended with %+v", i, s.SentTCP)
		}
	}
	if len(e.sessions.details.chunks) != 1 || e.sessions.details.len() != 0 {
		t.Errorf("%d details are left", e.sessions.details.len())
	}
}

func TestFullRanking(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxRanks = 16 })
	for i := range 100 {
		k := key("192.168.1.2", "11.0.0.1", 1, uint16(1+i))
		consume(t, e, epoch+int64(i+1)*second, record(uint64(i+1), k, epoch, 10, 20))
	}
	ranks := e.Top(DimensionPort, 0)
	if len(ranks) != 17 || ranks[0].Key != RankOther || ranks[0].Sent.Bytes != 84*10 || ranks[0].Sessions != 84 {
		t.Errorf("%d rows, the first %+v", len(ranks), ranks[0])
	}
	if got := e.Totals().Evicted["ranks"]; got != 84 {
		t.Errorf("%d evicted", got)
	}
}

func TestFullMap(t *testing.T) {
	e := newEngine(t, nil)
	records := make([]flow.Record, 0, maxArcs+100)
	for i := range uint32(cap(records)) {
		src, dst := publicAddr(i%100<<8), publicAddr(1<<16|i/100<<8) // cities of CN and of DE
		records = append(records, record(uint64(i+1), key(src.String(), dst.String(), 1, 443), epoch, 10, 20))
	}
	consume(t, e, epoch+second, records...)
	places, arcs, _ := e.Map()
	if len(places) != 100+(maxArcs+100+99)/100 || len(arcs) != maxArcs {
		t.Errorf("%d places, %d arcs", len(places), len(arcs))
	}
	if d := cmp.Diff(uint64(100), e.Totals().Evicted["arcs"]); d != "" {
		t.Error(d)
	}
}

func TestPlacesFallBackToCountries(t *testing.T) {
	var table placeTable
	var evicted [boundCount]uint64
	table.init()
	for i := range 2 * maxPlaces {
		l := atlas{}.Locate(publicAddr(1 << 8))
		l.City = string(rune('A'+i%26)) + string(rune('一'+i))
		table.find(&l, &evicted)
	}
	if len(table.rows) != maxPlaces+1 || table.rows[maxPlaces].key != "CN" || evicted[boundPlaces] == 0 {
		t.Errorf("%d rows, evicted %d", len(table.rows), evicted[boundPlaces])
	}
	cities := evicted[boundPlaces]
	for i := range 1100 {
		l := atlas{}.Locate(publicAddr(1 << 8))
		l.City, l.CountryCode = "", string(rune('一'+i))
		table.find(&l, &evicted)
	}
	if len(table.rows) != maxPlaces+1000 || evicted[boundPlaces] != cities+101 {
		t.Errorf("%d rows, %d countries evicted", len(table.rows), evicted[boundPlaces]-cities)
	}
}

func TestFullPointTable(t *testing.T) {
	e := newEngine(t, nil)
	see := func(at int64, points ...flow.Point) {
		t.Helper()
		b := flow.Batch{Since: epoch + at*second, Time: epoch + (at+1)*second}
		for _, p := range points {
			b.Points = append(b.Points, flow.PointInput{Point: p, Input: flow.Input{Packets: 1}})
		}
		if err := e.Consume(b); err != nil {
			t.Fatal(err)
		}
	}
	see(0, 1)
	for p := flow.Point(2); p <= maxPoints; p++ {
		see(1, p)
	}
	see(2, 1)           // so that 2 is no younger than any
	see(3, maxPoints+1) // a container that came today
	see(4, 1, maxPoints+1)
	packets := make(map[flow.Point]uint64)
	for _, p := range e.Points() {
		packets[p.Point] = p.Input.Packets
	}
	if len(packets) != maxPoints || packets[1] != 3 || packets[maxPoints+1] != 2 {
		t.Errorf("%d points, packets of the first %d, of the last %d", len(packets), packets[1], packets[maxPoints+1])
	}
	if n := e.Totals().Evicted["points"]; n != 1 {
		t.Errorf("%d evicted", n)
	}
}
