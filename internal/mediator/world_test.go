package mediator

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"netflow-monitor/internal/flow"
)

const second = int64(1e9)

// epoch is a time that the worlds of the tests begin at.
const epoch = 1_700_000_000 * second

// ledger keeps what the mediator hands over, as the statistics would.
type ledger struct {
	t        *testing.T
	sessions map[uint64]*flow.Record
	ended    map[uint64]bool
	input    flow.Input
	points   map[flow.Point]flow.Input
	counted  map[flow.Point]uint64 // packets, by where they are counted
	batches  []flow.Batch
}

func newLedger(t *testing.T) *ledger {
	return &ledger{t: t, sessions: map[uint64]*flow.Record{}, ended: map[uint64]bool{}, points: map[flow.Point]flow.Input{}, counted: map[flow.Point]uint64{}}
}

func (l *ledger) Consume(b flow.Batch) error {
	l.input.Add(b.Input)
	for _, p := range b.Points {
		in := l.points[p.Point]
		in.Add(p.Input)
		l.points[p.Point] = in
	}
	for _, r := range b.Records {
		s, known := l.sessions[r.ID]
		if known == r.First {
			l.t.Errorf("session %d: first %v, known %v", r.ID, r.First, known)
		}
		if l.ended[r.ID] {
			l.t.Errorf("session %d goes on after its end", r.ID)
		}
		l.ended[r.ID] = r.End != flow.EndNone
		point := r.Counted
		if point == 0 {
			point = r.Key.Point
		}
		l.counted[point] += r.Sent.Packets + r.Received.Packets
		if !known {
			l.sessions[r.ID] = &r
			continue
		}
		if s.Key.Src != r.Key.Src || s.Key.Dst != r.Key.Dst || s.Start != r.Start {
			l.t.Errorf("session %d changed: %+v, was %+v", r.ID, r, *s)
		}
		sent, received := s.Sent, s.Received
		sentTCP, receivedTCP := s.SentTCP, s.ReceivedTCP
		sent.Add(r.Sent)
		received.Add(r.Received)
		sentTCP.Add(r.SentTCP)
		receivedTCP.Add(r.ReceivedTCP)
		*s = r
		s.Sent, s.Received, s.SentTCP, s.ReceivedTCP = sent, received, sentTCP, receivedTCP
	}
	b.Records, b.Points = nil, nil
	l.batches = append(l.batches, b)
	return nil
}

// only is the one session that there is.
func (l *ledger) only() *flow.Record {
	l.t.Helper()
	if len(l.sessions) != 1 {
		l.t.Fatalf("%d sessions, want one: %+v", len(l.sessions), l.sessions)
	}
	for _, s := range l.sessions {
		return s
	}
	return nil
}

// world makes packets pass observation points, meters them there as the meter does, and
// hands the flows over once a second.
type world struct {
	t        *testing.T
	mediator *Mediator
	ledger   *ledger
	now      int64
	next     uint64
	flows    map[sightKey]*flow.Record
	order    []sightKey
	dirty    map[sightKey]bool
	packets  uint64 // real ones
}

// sightKey is a flow at a point, metered by a source.
type sightKey struct {
	talk   *talk
	point  flow.Point
	source int
}

// talk is a conversation.
type talk struct {
	key flow.Key
}

func newTalk(number int) *talk {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.AddrFrom4([4]byte{192, 0, 2, byte(number)})
	return &talk{flow.Key{
		Src: a.As16(), Dst: b.As16(), SrcPort: uint16(30000 + number), DstPort: 443, Protocol: flow.ProtoUDP, Version: 4,
	}}
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	l := newLedger(t)
	if cfg.MaxFlows == 0 {
		cfg.MaxFlows = 1000
	}
	cfg.Sources, cfg.Correlate = max(cfg.Sources, 1), true
	m, err := New(cfg, l)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, mediator: m, ledger: l, now: epoch, flows: map[sightKey]*flow.Record{}, dirty: map[sightKey]bool{}}
}

// passage is where a packet is seen: a point, and how it is there.
type passage struct {
	point  flow.Point
	vlan   uint16
	source int
	wire   uint64 // bytes besides those of the IP packet
}

func at(points ...flow.Point) (way []passage) {
	for _, p := range points {
		way = append(way, passage{point: p, wire: 14})
	}
	return way
}

// send lets n packets of a conversation pass; back says which way.
func (w *world) send(k *talk, back bool, n int, way ...passage) {
	w.packets += uint64(n)
	for _, p := range way {
		w.see(k, back, n, p)
	}
}

// see is what one point sees of it.
func (w *world) see(k *talk, back bool, n int, p passage) {
	id := sightKey{k, p.point, p.source}
	r := w.flows[id]
	if r == nil {
		w.next++
		r = &flow.Record{ID: w.next, Key: k.key, Start: w.now, First: true}
		r.Key.Point, r.Key.VLAN = p.point, p.vlan
		w.flows[id] = r
	}
	if !w.dirty[id] {
		w.dirty[id] = true
		w.order = append(w.order, id)
	}
	const size = 100
	c := flow.Counters{Packets: uint64(n), WireBytes: uint64(n) * (size + p.wire), IPBytes: uint64(n) * size, PayloadBytes: uint64(n) * (size - 28)}
	if back {
		r.Received.Add(c)
	} else {
		r.Sent.Add(c)
	}
	r.Last = w.now
}

// tick hands over what happened within a second.
func (w *world) tick() {
	w.now += second
	w.hand(func(sightKey) flow.EndReason { return flow.EndNone })
}

// end ends all flows.
func (w *world) end(reason flow.EndReason) {
	for id := range w.flows {
		if !w.dirty[id] {
			w.dirty[id] = true
			w.order = append(w.order, id)
		}
	}
	w.now += second
	w.hand(func(sightKey) flow.EndReason { return reason })
	w.flows = map[sightKey]*flow.Record{}
}

// endInTurn ends all flows in a random order, within some seconds.
func (w *world) endInTurn(dice *rand.Rand) {
	var left []sightKey
	for id := range w.flows {
		left = append(left, id)
	}
	slices.SortFunc(left, func(a, b sightKey) int { return int(w.flows[a].ID) - int(w.flows[b].ID) })
	dice.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	for len(left) > 0 {
		n := 1 + dice.IntN(len(left))
		for _, id := range left[:n] {
			w.dirty[id] = true
			w.order = append(w.order, id)
		}
		w.now += second
		w.hand(func(sightKey) flow.EndReason { return flow.EndIdleTimeout })
		left = left[n:]
	}
	w.flows = map[sightKey]*flow.Record{}
}

func (w *world) hand(end func(sightKey) flow.EndReason) {
	m := w.mediator
	batches := make([]flow.Batch, m.cfg.Sources)
	for i := range batches {
		batches[i].Time, batches[i].Since = w.now, w.now-second
	}
	for _, id := range w.order {
		r := w.flows[id]
		r.End = end(id)
		b := &batches[id.source]
		in := flow.Input{Packets: r.Sent.Packets + r.Received.Packets, WireBytes: r.Sent.WireBytes + r.Received.WireBytes}
		b.Input.Add(in)
		AddPoint(b, flow.PointInput{Point: id.point, Input: in})
		b.Records = append(b.Records, *r)
		r.First, r.Sent, r.Received = false, flow.Counters{}, flow.Counters{}
	}
	w.order, w.dirty = nil, map[sightKey]bool{}
	for i := range batches {
		if err := m.Inlet(i).Consume(batches[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := m.step(<-m.full); err != nil { // as Run does
		w.t.Fatal(err)
	}
}

// check requires that every real packet counted once, and that all are accounted for.
func (w *world) check() {
	w.t.Helper()
	var counted uint64
	for _, s := range w.ledger.sessions {
		counted += s.Sent.Packets + s.Received.Packets
	}
	in := w.ledger.input
	if counted != w.packets || in.Packets != counted+in.Duplicates {
		w.t.Errorf("%d packets counted of %d; %d captured, %d duplicates", counted, w.packets, in.Packets, in.Duplicates)
	}
	for p, at := range w.ledger.points {
		if at.Packets != w.ledger.counted[p]+at.Duplicates {
			w.t.Errorf("point %d: %d captured, %d counted, %d duplicates", p, at.Packets, w.ledger.counted[p], at.Duplicates)
		}
	}
	if len(w.mediator.flows.parts) == 0 && len(w.mediator.flows.current) != 0 {
		w.t.Errorf("%d conversations are remembered of none", len(w.mediator.flows.current))
	}
}

// random is a source of jitter that is the same in every run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
