package storetest

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

func testSessionRoundTrip(t *testing.T, s store.Store) {
	g := newGenerator(10)
	b := store.Batch{}
	for range 100 {
		b.Sessions = append(b.Sessions, g.session())
	}
	(&writer{store: s}).write(t, b)
	for _, want := range b.Sessions {
		got, err := s.Session(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "session", got, want)
	}
	if _, err := s.Session(t.Context(), 1<<62); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown session: got %v, want ErrNotFound", err)
	}
}

func testSessionReplaced(t *testing.T, s store.Store) {
	w := &writer{store: s}
	session := newGenerator(11).session()
	session.End = flow.EndNone
	for i := range 3 {
		session.Sent.Packets = uint64(10 * (i + 1))
		session.RateSent = 17 // a rate is of now and not stored
		w.write(t, store.Batch{Sessions: []stats.Session{session}})
		c := read(t, s, session.ID)
		want := session
		want.RateSent = 0
		equal(t, "living session", c.LivingSession[0], want)
		if c.SessionTotal != 0 || c.StoredRows != 1 {
			t.Fatalf("a living session is listed %d times in %d rows, want 0 in 1", c.SessionTotal, c.StoredRows)
		}
	}
	session.RateSent, session.End = 0, flow.EndOfFlow
	session.Last += int64(time.Minute)
	earlier := session
	earlier.End, earlier.Sent = flow.EndNone, flow.Counters{}
	// Of the same session twice in a batch, the later one counts.
	w.write(t, store.Batch{Sessions: []stats.Session{earlier, session}})
	c := read(t, s)
	equal(t, "ended session", c.Sessions, []stats.Session{session})
	if c.SessionTotal != 1 || c.StoredRows != 1 {
		t.Errorf("total %d in %d rows, want 1 in 1", c.SessionTotal, c.StoredRows)
	}
	w.write(t, store.Batch{Sessions: []stats.Session{session}})
	if c := read(t, s); c.SessionTotal != 1 || c.StoredRows != 1 {
		t.Errorf("written again: total %d in %d rows, want 1 in 1", c.SessionTotal, c.StoredRows)
	}
	// What the later one does not have is gone too, and what it has is there.
	details := session
	details.SentTCP, details.Tunnel = flow.TCPCounters{Retransmits: 7, Resets: 1}, flow.Tunnel{ID: 5}
	details.Tunnel.Kinds[0] = flow.TunnelVXLAN
	plain := session
	plain.SentTCP, plain.ReceivedTCP, plain.Tunnel = flow.TCPCounters{}, flow.TCPCounters{}, flow.Tunnel{}
	plain.Also, plain.Carried = flow.PointList{}, false
	for _, want := range []stats.Session{details, plain, details} {
		w.write(t, store.Batch{Sessions: []stats.Session{want}})
		equal(t, "replaced", read(t, s).Sessions, []stats.Session{want})
	}
}

// manySessions writes random sessions and returns the ended ones.
func manySessions(t *testing.T, s store.Store, seed uint64) []stats.Session {
	t.Helper()
	g := newGenerator(seed)
	w := &writer{store: s}
	var ended []stats.Session
	for range 3 {
		b := g.batch(70)
		w.write(t, b)
		for _, session := range b.Sessions {
			if !session.Active() {
				ended = append(ended, session)
			}
		}
	}
	return ended
}

func testSessionOrder(t *testing.T, s store.Store) {
	sessions := manySessions(t, s, 12)
	for _, column := range stats.SessionColumns {
		for _, descending := range []bool{false, true} {
			want := slices.Clone(sessions)
			slices.SortFunc(want, func(a, b stats.Session) int {
				if descending {
					a, b = b, a
				}
				return cmp.Or(column.Compare(&a, &b), cmp.Compare(a.ID, b.ID))
			})
			q := stats.SessionQuery{OrderBy: column.Name, Descending: descending, Limit: 80}
			var got []stats.Session
			for q.Offset = 0; q.Offset < len(want)+q.Limit; q.Offset += q.Limit {
				page, total, err := s.Sessions(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if total != (store.Total{Rows: len(want)}) {
					t.Fatalf("total %v, want %d", total, len(want))
				}
				got = append(got, page...)
			}
			equal(t, "ordered by "+column.Name, got, want)
		}
	}
}

func testUnknownOrder(t *testing.T, s store.Store) {
	for _, name := range []string{"nonsense", "id; DROP TABLE sessions", "src_key"} {
		if _, _, err := s.Sessions(t.Context(), stats.SessionQuery{OrderBy: name}); !errors.Is(err, store.ErrOrder) {
			t.Errorf("sessions ordered by %q: got %v, want ErrOrder", name, err)
		}
		if _, _, err := s.IPs(t.Context(), stats.IPQuery{OrderBy: name}); !errors.Is(err, store.ErrOrder) {
			t.Errorf("IPs ordered by %q: got %v, want ErrOrder", name, err)
		}
	}
}

func (g *generator) prefix() netip.Prefix {
	if g.IntN(3) == 0 {
		return netip.Prefix{}
	}
	a := g.addr(uint8(4 + 2*g.IntN(2)))
	return netip.PrefixFrom(a, g.IntN(a.BitLen()+1)) // its lower bits may be set
}

func (g *generator) sessionQuery() (q stats.SessionQuery) {
	switch g.IntN(4) {
	case 0:
		q.Src = g.prefix()
	case 1:
		q.Dst, q.Src = g.prefix(), g.prefix()
	case 2:
		q.IP = g.prefix()
	}
	if g.IntN(3) == 0 {
		p := g.session().Key.Protocol
		q.Protocol = &p
	}
	if g.IntN(3) == 0 {
		q.Port = g.session().Key.DstPort
	}
	if g.IntN(4) == 0 {
		state := g.session().State
		q.State = &state
	}
	if g.IntN(6) == 0 {
		q.Point = 1 + flow.Point(g.IntN(12))
	}
	switch g.IntN(8) {
	case 0:
		q.Tunnel = flow.TunnelSet(1 + g.IntN(int(flow.AllTunnels)))
	case 1:
		q.Tunnel = flow.TunnelKind(g.IntN(int(flow.TunnelKindCount))).Set()
	}
	if g.IntN(4) == 0 {
		active := g.IntN(2) == 0
		q.Active = &active
	}
	if g.IntN(3) == 0 {
		q.From = g.session().Last
	}
	if g.IntN(3) == 0 {
		q.To = g.session().Start
	}
	g.narrow(&q)
	return q
}

// narrow adds conditions that are seldom there.
func (g *generator) narrow(q *stats.SessionQuery) {
	x := g.session()
	for _, add := range []func(){
		func() { q.Direction = &x.Direction },
		func() { q.Country = x.SrcOrigin.CountryCode() },
		func() { q.ASN = x.DstOrigin.ASN },
		func() { q.MinBytes = x.Sent.WireBytes },
		func() { q.MaxBytes = x.Sent.WireBytes + x.Received.WireBytes },
		func() { q.MinDuration = x.Last - x.Start },
		func() { q.MaxDuration = x.Last - x.Start },
		func() {
			q.Terms = []stats.Term{{Port: x.Key.DstPort}, {Country: "CN"}, {Protocol: &x.Key.Protocol}, {Network: g.prefix()}, {Point: 2}}
			q.Terms = q.Terms[:g.IntN(len(q.Terms)+1)]
		},
	} {
		if g.IntN(8) == 0 {
			add()
		}
	}
}

// testKeyset pages through all sessions, many and few at a time, by every column; what is
// written meanwhile spoils nothing.
func testKeyset(t *testing.T, s store.Store) {
	g, w := newGenerator(15), &writer{store: s}
	var all []stats.Session
	for _, n := range []int{1, 2, 500, 1, 90, 700, 3, 40} { // blocks of all sizes come to be
		b := store.Batch{}
		for range n {
			x := g.session()
			x.End = flow.EndOfFlow
			b.Sessions = append(b.Sessions, x)
		}
		w.write(t, b)
		all = append(all, b.Sessions...)
	}
	for i, column := range stats.SessionColumns {
		q := stats.SessionQuery{OrderBy: column.Name, Descending: i%2 == 0, Limit: []int{600, 61, 1000}[i%3], Uncounted: true}
		want := slices.Clone(all)
		slices.SortFunc(want, func(a, b stats.Session) int {
			if q.Descending {
				a, b = b, a
			}
			return cmp.Or(column.Compare(&a, &b), cmp.Compare(a.ID, b.ID))
		})
		var got []stats.Session
		for {
			page, _, err := s.Sessions(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, page...); len(page) < q.Limit {
				break
			}
			q.After = q.CursorOf(&page[len(page)-1])
			w.write(t, g.batch(1))
		}
		// Those that came later are on the pages that were still to come.
		known := make(map[uint64]bool)
		for i := range all {
			known[all[i].ID] = true
		}
		got = slices.DeleteFunc(got, func(x stats.Session) bool { return !known[x.ID] })
		equal(t, "paged by "+column.Name, got, want)
	}
}

// testTallies ranks the sessions that match as a tally of all of them does.
func testTallies(t *testing.T, s store.Store) {
	sessions := manySessions(t, s, 16)
	g := newGenerator(17)
	for range 40 {
		q := g.sessionQuery()
		for _, d := range stats.Dimensions {
			got, _ := stats.NewTally(d.Name)
			want, _ := stats.NewTally(d.Name)
			share, err := s.TallySessions(t.Context(), q, got)
			if err != nil || share != 1 {
				t.Fatalf("share %v, %v", share, err)
			}
			for i := range sessions {
				if q.Match(&sessions[i]) {
					want.Add(&sessions[i])
				}
			}
			equal(t, "ranked by "+d.Name, got.Top("", 0), want.Top("", 0))
		}
	}
}

func testSessionFilters(t *testing.T, s store.Store) {
	sessions := manySessions(t, s, 13)
	slices.SortFunc(sessions, func(a, b stats.Session) int { return cmp.Compare(a.ID, b.ID) })
	g := newGenerator(14)
	matched := 0
	for range 150 {
		q := g.sessionQuery()
		q.OrderBy = "session_id"
		want := []stats.Session{}
		for i := range sessions {
			if q.Match(&sessions[i]) {
				want = append(want, sessions[i])
			}
		}
		got, total, err := s.Sessions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if total != (store.Total{Rows: len(want)}) {
			t.Fatalf("%+v: total %v, want %d", q, total, len(want))
		}
		equal(t, "filtered", got, want)
		matched += len(want)
	}
	if matched == 0 {
		t.Error("no filter matched anything")
	}
}
