package columnar

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

const epoch = int64(1_700_000_000_000_000_000)

// randomSession has few distinct values, so that ties and filters matter, and extreme ones.
func randomSession(r *rand.Rand, sequence uint32) (s stats.Session) {
	start := epoch + r.Int64N(int64(time.Hour))
	s.ID = flow.NewID(start, sequence)
	k := &s.Key
	k.Version = uint8(4 + 2*r.IntN(2))
	k.Src, k.Dst = randomAddr(r, k.Version), randomAddr(r, k.Version)
	k.Protocol = [...]uint8{6, 6, 17, 1, 58, 47}[r.IntN(6)]
	k.SrcPort, k.DstPort = uint16(r.IntN(4)), [...]uint16{0, 53, 443, 65535}[r.IntN(4)]
	k.VLAN, k.InnerVLAN, k.Point = uint16(r.IntN(2)*4095), uint16(r.IntN(2)), flow.Point(r.IntN(4))
	s.Start, s.Last = start, start+r.Int64N(3)*r.Int64N(int64(time.Minute))-r.Int64N(2)
	s.Sent, s.Received = randomCounters(r), randomCounters(r)
	s.TCPFlagsSent, s.TCPFlagsReceived = uint8(r.IntN(256)), uint8(r.IntN(256))
	s.ICMPType, s.ICMPCode = uint8(r.IntN(256)), uint8(r.IntN(256))
	s.State, s.End, s.Direction = flow.State(r.IntN(9)), flow.EndReason(1+r.IntN(5)), stats.Direction(r.IntN(4))
	s.RTTClient, s.RTTServer = r.Int64N(3)*1e6, r.Int64N(3)*r.Int64N(1e9)
	if r.IntN(2) == 0 {
		s.SentTCP = flow.TCPCounters{Retransmits: r.Uint64N(3), RetransmittedBytes: r.Uint64N(1 << 50), OutOfOrder: 3, ZeroWindows: 4, Resets: 1, OffloadedPackets: 9}
		s.ReceivedTCP = flow.TCPCounters{Retransmits: r.Uint64N(3), Resets: r.Uint64N(math.MaxUint64)}
		for i := range 1 + r.IntN(flow.MaxTunnelDepth) {
			s.Tunnel.Kinds[i] = flow.TunnelKind(1 + r.IntN(int(flow.TunnelKindCount)-1))
		}
		s.Tunnel.Src, s.Tunnel.Dst, s.Tunnel.ID = randomAddr(r, 4), randomAddr(r, 6), math.MaxUint32
		for range r.IntN(6) {
			s.Also.Add(1 + flow.Point(r.IntN(12)))
		}
		s.Carried = true
	}
	for _, o := range [...]*stats.Origin{&s.SrcOrigin, &s.DstOrigin} {
		if r.IntN(2) == 0 {
			*o = stats.Origin{Country: [...][2]byte{{'C', 'N'}, {'D', 'E'}}[r.IntN(2)], ASN: uint32(r.IntN(2)) * math.MaxUint32}
		}
	}
	return s
}

func randomAddr(r *rand.Rand, version uint8) [16]byte {
	if version == 4 {
		return netip.AddrFrom4([4]byte{byte(10 + r.IntN(2)), 0, byte(r.IntN(3)), byte(r.IntN(5))}).As16()
	}
	if r.IntN(4) == 0 {
		return netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(5))}).As16() // mapped, in an IPv6 header
	}
	return [16]byte{0: 0x20, 7: byte(r.IntN(3)), 15: byte(r.IntN(5))}
}

func randomCounters(r *rand.Rand) flow.Counters {
	n := r.Uint64N(5)
	return flow.Counters{Packets: n, WireBytes: n * r.Uint64N(1500), IPBytes: n * r.Uint64N(1400), PayloadBytes: r.Uint64N(1 << 50)}
}

// shelf keeps blocks as a store would.
type shelf struct {
	headers  []Header
	data     []*Block
	sessions []stats.Session
}

func (s *shelf) load(block int64, f Field, use func([]byte) error) error {
	return use(s.data[block].Data[f])
}

func (s *shelf) views(n int) (views []*View) {
	for range n {
		views = append(views, NewView(s.load))
	}
	return views
}

func newShelf(t *testing.T, seed uint64, sizes ...int) *shelf {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	s := &shelf{}
	for i, n := range sizes {
		list := make([]stats.Session, n)
		for j := range list {
			list[j] = randomSession(r, uint32(len(s.sessions)+j))
		}
		b := Encode(list)
		h := Header{ID: int64(i), Rows: b.Rows}
		if err := h.ParseBounds(b.AppendBounds(nil)); err != nil {
			t.Fatal(err)
		}
		s.headers, s.data, s.sessions = append(s.headers, h), append(s.data, b), append(s.sessions, list...)
	}
	return s
}

func (s *shelf) fetch(t *testing.T, r Result) []stats.Session {
	t.Helper()
	list := make([]stats.Session, 0, len(r.Page))
	v := NewView(s.load)
	for _, row := range r.Page {
		if err := v.Open(&s.headers[row.Block]); err != nil {
			t.Fatal(err)
		}
		got, err := v.Sessions([]uint16{row.Row})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, got[0])
	}
	return list
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 500} {
		s := newShelf(t, uint64(n), n)
		v := NewView(s.load)
		if err := v.Open(&s.headers[0]); err != nil {
			t.Fatal(err)
		}
		got, err := v.Sessions(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, s.sessions) {
			t.Errorf("%d sessions: %s", n, gocmp.Diff(s.sessions, got))
		}
	}
}

// randomQuery combines filters; most combinations leave something.
func randomQuery(r *rand.Rand) (q stats.SessionQuery) {
	maybe := func(set func()) {
		if r.IntN(6) == 0 {
			set()
		}
	}
	network := func() netip.Prefix {
		a := netip.AddrFrom16(randomAddr(r, 6))
		if r.IntN(2) == 0 {
			a = netip.AddrFrom16(randomAddr(r, 4)).Unmap()
		}
		p, _ := a.Prefix(a.BitLen() - r.IntN(20))
		return p
	}
	protocol, state, direction, active := uint8(6), flow.State(r.IntN(9)), stats.Direction(r.IntN(4)), r.IntN(2) == 0
	maybe(func() { q.Src = network() })
	maybe(func() { q.Dst = network() })
	maybe(func() { q.IP = network() })
	maybe(func() { q.Protocol = &protocol })
	maybe(func() { q.Port = 443 })
	maybe(func() { q.State = &state })
	maybe(func() { q.Direction = &direction })
	maybe(func() { q.Point = flow.Point(1 + r.IntN(12)) })
	maybe(func() { q.Tunnel = flow.TunnelSet(r.IntN(1 << flow.TunnelKindCount)) })
	maybe(func() { q.Country = [...]string{"CN", "US", "x"}[r.IntN(3)] })
	maybe(func() { q.ASN = math.MaxUint32 })
	maybe(func() { q.Active = &active })
	maybe(func() { q.From = epoch + r.Int64N(int64(time.Hour)) })
	maybe(func() { q.To = epoch + r.Int64N(int64(time.Hour)) })
	maybe(func() { q.MinBytes = r.Uint64N(5000) })
	maybe(func() { q.MaxBytes = r.Uint64N(9000) })
	maybe(func() { q.MinDuration = r.Int64N(60e9) })
	maybe(func() { q.MaxDuration = r.Int64N(60e9) })
	maybe(func() {
		q.Terms = []stats.Term{
			{}, {Network: network()}, {Port: 53}, {Protocol: &protocol}, {Country: "CN"}, {ASN: 7}, {State: &state}, {Point: 3},
		}
		r.Shuffle(len(q.Terms), func(i, j int) { q.Terms[i], q.Terms[j] = q.Terms[j], q.Terms[i] })
		q.Terms = q.Terms[:r.IntN(4)]
	})
	q.OrderBy = stats.SessionColumns[r.IntN(len(stats.SessionColumns))].Name
	q.Descending = r.IntN(2) == 0
	return q
}

// naive sorts and filters as the definition has it.
func naive(sessions []stats.Session, q *stats.SessionQuery) []stats.Session {
	var list []stats.Session
	for i := range sessions {
		if q.Match(&sessions[i]) {
			list = append(list, sessions[i])
		}
	}
	column, _ := stats.FindColumn(stats.SessionColumns, q.OrderBy)
	slices.SortFunc(list, func(a, b stats.Session) int {
		order := cmp.Or(column.Compare(&a, &b), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			return -order
		}
		return order
	})
	return list
}

func TestSearchIsAsNaive(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 5, 700, 1, 300, 40, 900)
	r := rand.New(rand.NewPCG(6, 6))
	matched := 0
	for range 1500 {
		q := randomQuery(r)
		want := naive(s.sessions, &q)
		total := len(want)
		matched += total
		if r.IntN(3) == 0 && len(want) > 0 {
			at := r.IntN(len(want))
			q.After = q.CursorOf(&want[at])
			want = want[at+1:]
		}
		q.Offset, q.Limit = r.IntN(40), 1+r.IntN(60)
		want = want[min(q.Offset, len(want)):]
		want = want[:min(q.Limit, len(want))]
		result, err := Search(t.Context(), s.views(1+r.IntN(3)), s.headers, &q, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.fetch(t, result); result.Total != total || result.Estimated || !slices.Equal(got, want) {
			t.Fatalf("%+v: total %d, want %d\n%s", q, result.Total, total, gocmp.Diff(want, got))
		}
	}
	if matched < 1500*20 {
		t.Errorf("only %d sessions matched: the queries are too narrow", matched)
	}
}

// Paging by keyset visits every session once, whatever the order.
func TestKeysetVisitsAll(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 7, 300, 200)
	for _, column := range stats.SessionColumns {
		for _, descending := range []bool{false, true} {
			q := stats.SessionQuery{OrderBy: column.Name, Descending: descending, Limit: 37}
			var got []stats.Session
			for {
				result, err := Search(t.Context(), s.views(1), s.headers, &q, 0)
				if err != nil {
					t.Fatal(err)
				}
				if len(result.Page) == 0 {
					break
				}
				got = append(got, s.fetch(t, result)...)
				q.After = q.CursorOf(&got[len(got)-1])
			}
			if !slices.Equal(got, naive(s.sessions, &q)) {
				t.Errorf("ordered by %s, descending %v: wrong", column.Name, descending)
			}
		}
	}
}

func TestEach(t *testing.T) {
	sizes := []int{300, 200, 1, 50, 70, 30, 90, 10, 60, 20}
	s := newShelf(t, 11, sizes...)
	q := stats.SessionQuery{Port: 443}
	visit := func(patience time.Duration) (got []stats.Session, share float64) {
		share, err := Each(t.Context(), NewView(s.load), s.headers, &q, slices.Clone(allFields), patience, func(list []stats.Session) { got = append(got, list...) })
		if err != nil {
			t.Fatal(err)
		}
		return got, share
	}
	byID := func(a, b stats.Session) int { return cmp.Compare(a.ID, b.ID) }
	want := slices.DeleteFunc(slices.Clone(s.sessions), func(x stats.Session) bool { return !q.Match(&x) })
	slices.SortFunc(want, byID)
	got, share := visit(0)
	slices.SortFunc(got, byID)
	if len(want) == 0 || share != 1 || !slices.Equal(got, want) {
		t.Errorf("share %v: %s", share, gocmp.Diff(want, got))
	}
	// Without patience the first block is all.
	if some, share := visit(1); len(some) == 0 || len(some) >= len(want) || share < 0.3 || share > 0.4 {
		t.Errorf("%d of %d sessions, share %v", len(some), len(want), share)
	}
	for size := 1; size < 40; size++ {
		seen := make(map[int]bool)
		for n := range size {
			seen[scattered(n, size)] = true
		}
		if len(seen) != size {
			t.Errorf("of %d only %d are visited", size, len(seen))
		}
	}
}

// An impatient search has the page all the same, and says that it guessed the total.
func TestEstimate(t *testing.T) {
	s := newShelf(t, 8, 1000, 1000, 1000, 1000, 1000, 1000)
	for i := range s.headers { // one after the other in time
		h := &s.headers[i]
		h.Bounds[Last].Least += uint64(i) * uint64(2*time.Hour)
		h.Bounds[Last].Most += uint64(i) * uint64(2*time.Hour)
	}
	q := stats.SessionQuery{Port: 443, Descending: true, Limit: 20}
	exact, err := Search(t.Context(), s.views(1), s.headers, &q, 0)
	if err != nil || exact.Estimated {
		t.Fatal(exact, err)
	}
	guess, err := Search(t.Context(), s.views(1), s.headers, &q, time.Nanosecond)
	if err != nil || !guess.Estimated || !slices.Equal(guess.Page, exact.Page) {
		t.Fatalf("%+v, %v; want the page of %+v", guess, err, exact)
	}
	if d := math.Abs(float64(guess.Total)/float64(exact.Total) - 1); d > 0.3 {
		t.Errorf("estimated %d of %d", guess.Total, exact.Total)
	}
}

func TestUnknownOrder(t *testing.T) {
	if _, err := Search(t.Context(), []*View{NewView(nil)}, nil, &stats.SessionQuery{OrderBy: "colour"}, 0); !errors.Is(err, ErrOrder) {
		t.Error(err)
	}
}

// FuzzDamage: whatever is in the columns, reading them ends with an error or sessions.
func FuzzDamage(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	list := make([]stats.Session, 50)
	for i := range list {
		list[i] = randomSession(r, uint32(i))
	}
	b := Encode(list)
	f.Add(b.AppendBounds(nil), b.Data[Addresses], b.Data[Last], 50)
	f.Fuzz(func(tt *testing.T, bounds, addresses, column []byte, rows int) {
		h := Header{Rows: rows}
		if h.ParseBounds(bounds) != nil {
			return
		}
		v := NewView(func(_ int64, f Field, use func([]byte) error) error {
			if f == Addresses {
				return use(addresses)
			}
			return use(column)
		})
		if v.Open(&h) == nil {
			_, _ = v.Sessions(nil)
		}
		_, _ = Search(tt.Context(), []*View{v}, []Header{h}, &stats.SessionQuery{Limit: 1, OrderBy: "src_ip"}, 0)
		_, _ = Search(tt.Context(), []*View{v}, []Header{h}, &stats.SessionQuery{Limit: 1, IP: netip.MustParsePrefix("10.0.0.0/8")}, 0)
	})
}
