package stats

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// shelf is a store as the contract has it: sessions replace, the rest adds up.
type shelf struct {
	sessions map[uint64]Session
	ips      map[netip.Addr]IP
	samples  map[int64]Sample
}

func newShelf() *shelf {
	return &shelf{make(map[uint64]Session), make(map[netip.Addr]IP), make(map[int64]Sample)}
}

func (s *shelf) write(d Drained) {
	for _, x := range d.Sessions {
		x.RateSent, x.RateReceived = 0, 0
		s.sessions[x.ID] = x
	}
	for _, p := range d.IPs {
		p.RateSent, p.RateReceived = 0, 0
		if have, known := s.ips[p.Addr]; known {
			p.merge(&have)
		}
		s.ips[p.Addr] = p
	}
	for _, x := range d.Samples {
		if x.Point != 0 {
			continue
		}
		sum := s.samples[x.Time]
		sum.add(&x)
		s.samples[x.Time] = sum
	}
}

// Whenever is drained and stored, and however small the tables are, in the end
// the store has each session and each byte once, and at no moment was a session
// neither in memory nor in the store.
func TestNothingIsLostOrDoubled(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { t.Parallel(); drainAtRandom(t, seed) })
	}
}

func drainAtRandom(t *testing.T, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	e := newEngine(t, func(c *Config) {
		c.SnapshotInterval = time.Duration(1+random.IntN(20)) * time.Second
		if seed%2 == 1 {
			c.MaxIPs = 20 // addresses come and go all the time
		}
	})
	g, l, store := newTraffic(seed, 100), &ledger{home: e.home}, newShelf()
	var flight *Drained
	settle := func() {
		if flight == nil {
			return
		}
		store.write(*flight)
		checkVisible(t, e, store, l)
		e.Stored()
		flight = nil
	}
	for range 30 {
		b := g.batch(random.IntN(12), random.IntN(40), random.IntN(10))
		l.add(b)
		consume(t, e, b.Time, b.Records...)
		l.batches[len(l.batches)-1].Input = flow.Input{} // consume offers none
		if random.IntN(3) == 0 {
			settle()
			d := e.Drain()
			flight = &d // the store is away until the next settle
		}
		if random.IntN(3) == 0 {
			settle()
		}
		checkVisible(t, e, store, l)
	}
	settle()
	store.write(e.DrainAll())
	e.Stored()
	checkShelf(t, store, l)
	if d := e.DrainAll(); len(d.Sessions)+len(d.IPs)+len(d.Samples) != 0 {
		t.Errorf("left: %+v", d)
	}
}

// checkVisible finds every session with its true totals, if not in memory in the store.
func checkVisible(t *testing.T, e *Engine, store *shelf, l *ledger) {
	t.Helper()
	inMemory, _ := e.Sessions(SessionQuery{})
	all := maps.Clone(store.sessions)
	for _, s := range inMemory {
		all[s.ID] = s
	}
	for id, want := range l.sessions() {
		got := all[id]
		got.RateSent, got.RateReceived, want.RateSent, want.RateReceived = 0, 0, 0, 0
		if got != want {
			t.Fatalf("session %d is %+v, want %+v", id, got, want)
		}
	}
}

func checkShelf(t *testing.T, store *shelf, l *ledger) {
	t.Helper()
	sessions := l.sessions()
	for id, s := range sessions {
		s.RateSent, s.RateReceived = 0, 0
		sessions[id] = s
	}
	if d := cmp.Diff(sessions, store.sessions); d != "" {
		t.Errorf("sessions: %s", d)
	}
	ips := l.ips()
	for a, p := range ips {
		p.RateSent, p.RateReceived = 0, 0
		ips[a] = p
	}
	if d := cmp.Diff(ips, store.ips, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("IPs: %s", d)
	}
	for i, b := range l.batches {
		want, got := l.sample(func(j int) bool { return i == j }), store.samples[b.Time-second]
		want.Time, want.ActiveSessions = got.Time, got.ActiveSessions
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("second %d: %s", i, d)
		}
	}
}

func TestSnapshotsOfLivingSessions(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.FreshSnapshots = 0 })
	k := key("192.168.1.2", "11.0.0.1", 1, 443)
	drained := map[int][]uint64{}
	for i := range 200 {
		at := epoch + int64(i+1)*second
		r := record(1, k, epoch, 10, 20)
		r.First = i == 0
		records := []flow.Record{r}
		if i == 0 {
			records = append(records, record(2, k, epoch, 1, 1)) // silent from then on
		}
		consume(t, e, at, records...)
		for _, s := range e.Drain().Sessions {
			drained[i] = append(drained[i], s.ID)
		}
		e.Stored()
	}
	want := map[int][]uint64{60: {1, 2}, 120: {1}, 180: {1}}
	if d := cmp.Diff(want, drained); d != "" {
		t.Error(d)
	}
}

func TestFreshSnapshots(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.FreshSnapshots = 2 })
	k := key("192.168.1.2", "11.0.0.1", 1, 443)
	times := map[uint64]int{}
	for i := range 30 {
		var records []flow.Record
		for id := range uint64(5) {
			r := record(id, k, epoch, 10, 20)
			r.First = i == 0
			records = append(records, r)
		}
		consume(t, e, epoch+int64(i+1)*second, records...)
		d := e.Drain().Sessions
		if len(d) != 2 {
			t.Fatalf("drain %d: %d sessions", i, len(d))
		}
		for _, s := range d {
			times[s.ID]++
		}
		e.Stored()
	}
	// All take their turn: 60 places among 5 sessions.
	if d := cmp.Diff(map[uint64]int{0: 12, 1: 12, 2: 12, 3: 12, 4: 12}, times); d != "" {
		t.Error(d)
	}
}

func TestPendingIsBounded(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxPending, c.SeriesSeconds, c.MaxIPs = 10, 60, 8 })
	var sent uint64
	for i := range 10_000 {
		start := epoch + int64(i)*second
		r := record(uint64(i+1), key(publicAddr(uint32(i)).String(), "192.168.1.2", 1, 443), start, 5, 0)
		r.End = flow.EndOfFlow
		consume(t, e, start+second, r)
		sent += 5
	}
	if d := cmp.Diff(1.0, e.Backlog()); d != "" {
		t.Error(d)
	}
	d := e.DrainAll()
	if len(d.Sessions) != 10 || d.Sessions[9].ID != 10_000 || d.Sessions[0].ID != 9_991 {
		t.Errorf("%d sessions, from %d", len(d.Sessions), d.Sessions[0].ID)
	}
	evicted := e.Totals().Evicted
	if evicted["pending_sessions"] != 9_990 || e.LostSessions() != 9_990 {
		t.Errorf("evicted: %v", evicted)
	}
	if len(d.IPs) > 8+10 || evicted["pending_ips"] == 0 {
		t.Errorf("%d IPs, evicted: %v", len(d.IPs), evicted)
	}
	if len(d.Samples) > 2*60 || evicted["pending_samples"] == 0 {
		t.Errorf("%d samples, evicted: %v", len(d.Samples), evicted)
	}
}

// A store that is away for an hour gets minutes of what is older, and not a byte less.
func TestOldSamplesFoldIntoMinutes(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.SeriesSeconds = 600 })
	const seconds = 5000
	for i := range int64(seconds) {
		consume(t, e, epoch+(i+1)*second, record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 7, 0))
	}
	samples := e.DrainAll().Samples
	if len(samples) >= 1200 {
		t.Errorf("%d samples", len(samples))
	}
	var sum uint64
	for i, s := range samples {
		sum += s.Out.Bytes
		if i > 0 && s.Time <= samples[i-1].Time {
			t.Errorf("sample %d is not after the one before", i)
		}
	}
	if sum != 7*seconds {
		t.Errorf("%d bytes, want %d", sum, 7*seconds)
	}
}
