package mediator

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

const (
	eth, bridge, tap, other flow.Point = 1, 2, 3, 4
)

// A bridge lies above its ports; eth is nearest to the wire.
func heights(p flow.Point) Traits {
	if p == bridge {
		return Traits{Height: 1}
	}
	return Traits{}
}

func TestSeveralPointsAreOneSession(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true, Traits: heights})
	k := newTalk(1)
	for range 5 {
		w.send(k, false, 10, at(bridge, eth)...) // what leaves passes the bridge first
		w.send(k, true, 20, at(eth, bridge)...)
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
	s := w.ledger.only()
	if s.Sent.Packets != 50 || s.Received.Packets != 100 || s.Key.Point != eth || s.Also != (flow.PointList{bridge}) || s.End != flow.EndIdleTimeout {
		t.Errorf("%+v", *s)
	}
	if in := w.ledger.points[bridge]; in.Duplicates != 150 || w.ledger.points[eth].Duplicates != 0 {
		t.Errorf("duplicates of the bridge %d, of its port %d", in.Duplicates, w.ledger.points[eth].Duplicates)
	}
}

// The end of a second may lie between two looks at the same packet.
func TestEndOfASecondBetweenTwoLooks(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	dice := random(1)
	var late []func()
	for range 300 {
		for _, see := range late {
			see()
		}
		late = nil
		for range dice.IntN(20) {
			back := dice.IntN(2) == 0
			w.send(k, back, 1)
			for _, p := range at(eth, bridge, tap) {
				if dice.IntN(4) == 0 {
					late = append(late, func() { w.see(k, back, 1, p) })
				} else {
					w.see(k, back, 1, p)
				}
			}
		}
		w.tick()
	}
	for _, see := range late {
		see()
	}
	w.end(flow.EndForced)
	w.check()
	w.ledger.only()
}

// Each direction takes another way, as with two uplinks.
func TestDirectionsTakeDifferentWays(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	for range 10 {
		w.send(k, false, 3, at(eth)...)
		w.send(k, true, 5, at(other)...)
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
	if s := w.ledger.only(); s.Sent.Packets != 30 || s.Received.Packets != 50 || s.State != flow.StateActive {
		t.Errorf("%+v", *s)
	}
	if in := w.ledger.input; in.Duplicates != 0 {
		t.Errorf("%d duplicates", in.Duplicates)
	}
}

// A bond sees all, its ports a part of it each.
func TestTheOneThatSeesMostCounts(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	dice := random(2)
	for range 100 {
		for range 1 + dice.IntN(9) {
			w.send(k, false, 1, at(flow.Point(5+dice.IntN(3)), 4)...)
		}
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
}

// A conversation moves to another interface and goes on there.
func TestMovedSession(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	for range 5 {
		w.send(k, false, 10, at(eth, other)...)
		w.tick()
	}
	for range patience + 1 {
		w.tick()
	}
	for range 5 {
		w.send(k, false, 10, at(other)...)
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
	if s := w.ledger.only(); s.Key.Point != other || s.Also != (flow.PointList{eth}) {
		t.Errorf("shown at %d, also %v", s.Key.Point, s.Also)
	}
}

// Long after its last packet, the flows of a conversation end in any order.
func TestEndAfterSilence(t *testing.T) {
	for _, points := range [][]flow.Point{{eth, bridge}, {bridge, eth}, {bridge, eth, tap}, {tap, other, bridge, eth}} {
		w := newWorld(t, Config{Deduplicate: true, Traits: heights})
		k := newTalk(1)
		for range 3 {
			w.send(k, false, 10, at(points...)...)
			w.tick()
		}
		for range 2 * patience {
			w.tick()
		}
		for _, p := range points { // in this order, whoever leads
			id := sightKey{k, p, 0}
			w.dirty[id] = true
			w.order = append(w.order, id)
		}
		w.end(flow.EndIdleTimeout)
		w.check()
		if s := w.ledger.only(); s.Key.Point != points[0] && s.Key.Point != eth || s.End != flow.EndIdleTimeout {
			t.Errorf("%v: %+v", points, *s)
		}
	}
}

// One conversation after the other between the same ends, which the points tell of at
// different times.
func TestSessionsInTurn(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	const turns = 20
	for range turns {
		w.send(k, false, 10, at(eth, bridge)...)
		w.tick()
		w.end(flow.EndOfFlow)
	}
	w.check()
	if len(w.ledger.sessions) != turns {
		t.Errorf("%d sessions", len(w.ledger.sessions))
	}
	for id, s := range w.ledger.sessions {
		if !w.ledger.ended[id] || s.End != flow.EndOfFlow {
			t.Errorf("session %d has not ended: %+v", id, *s)
		}
	}
}

// Overlapping: the second conversation is at one point already while another point is
// still to tell that the first one ended.
func TestNextSessionBeforeTheLastOneEnded(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	w.send(k, false, 10, at(eth, bridge)...)
	w.tick()
	ended := sightKey{k, eth, 0}
	w.dirty[ended] = true
	w.order = append(w.order, ended)
	w.now += second
	w.hand(func(sightKey) flow.EndReason { return flow.EndIdleTimeout })
	delete(w.flows, ended)
	w.send(k, false, 7, at(eth)...) // a new flow there
	w.tick()
	ended.point = bridge
	w.dirty[ended] = true
	w.order = append(w.order, ended)
	w.now += second
	w.hand(func(sightKey) flow.EndReason { return flow.EndIdleTimeout })
	delete(w.flows, ended)
	w.see(k, false, 7, at(bridge)[0])
	w.tick()
	w.end(flow.EndIdleTimeout)
	w.check()
	if len(w.ledger.sessions) != 2 {
		t.Errorf("%d sessions", len(w.ledger.sessions))
	}
}

func TestTags(t *testing.T) {
	vlan := func(p flow.Point) Traits {
		if p == other {
			return Traits{VLAN: 10}
		}
		return Traits{}
	}
	for name, c := range map[string]struct {
		ways     [][]passage // of one conversation each, between the same ends
		sessions int
	}{
		"a tagged port and an untagged one": {[][]passage{{{point: eth, vlan: 10}, {point: tap}}}, 1},
		"untagged first":                    {[][]passage{{{point: tap}, {point: eth, vlan: 10}}}, 1},
		"an interface that takes the tag":   {[][]passage{{{point: eth, vlan: 10}, {point: other}}}, 1},
		"two VLANs are two networks":        {[][]passage{{{point: eth, vlan: 10}}, {{point: tap, vlan: 20}}}, 2},
		"also behind an interface":          {[][]passage{{{point: other}}, {{point: tap, vlan: 20}}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{Deduplicate: true, Traits: vlan})
			for i, way := range c.ways {
				k := newTalk(1) // the same ends, another conversation
				w.send(k, false, 5+i, way...)
			}
			w.tick()
			w.end(flow.EndIdleTimeout)
			w.check()
			if len(w.ledger.sessions) != c.sessions {
				t.Errorf("%d sessions, want %d", len(w.ledger.sessions), c.sessions)
			}
		})
	}
}

// What the two ends of a tunnel see differs in wire bytes: the outer headers are on the
// wire, and count.
func TestTunnelAndWhatItGoesOver(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	for range 3 {
		w.send(k, false, 4, passage{point: eth, wire: 64}, passage{point: other, wire: 14})
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
	if s := w.ledger.only(); s.Sent.WireBytes != 12*164 || s.Sent.IPBytes != 1200 {
		t.Errorf("%+v", s.Sent)
	}
}

func TestCarried(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true, Traits: func(p flow.Point) Traits { return Traits{Carried: p == tap} }})
	inside, both := newTalk(1), newTalk(2)
	w.send(inside, false, 3, at(tap)...)
	w.send(both, false, 3, at(tap, eth)...)
	w.tick()
	w.end(flow.EndIdleTimeout)
	w.check()
	for _, s := range w.ledger.sessions {
		if s.Carried != (s.Key.DstAddr().As4()[3] == 1) {
			t.Errorf("carried %v: %+v", s.Carried, *s)
		}
	}
}

// The same addresses in two networks, said not to be the same hosts.
func TestWithoutDeduplication(t *testing.T) {
	w := newWorld(t, Config{Sources: 2})
	k := newTalk(1)
	w.send(k, false, 5, passage{point: eth})
	w.send(k, false, 5, passage{point: other})
	w.send(k, true, 5, passage{point: other, source: 1}) // its other half, at another worker
	w.tick()
	w.end(flow.EndIdleTimeout)
	w.check()
	if len(w.ledger.sessions) != 2 {
		t.Errorf("%d sessions", len(w.ledger.sessions))
	}
}

// Workers that share packets by the outer header of a tunnel see half of a conversation
// each, at the same point: that adds up.
func TestHalvesOfASession(t *testing.T) {
	w := newWorld(t, Config{Sources: 2, Deduplicate: true})
	k := newTalk(1)
	for range 5 {
		w.send(k, false, 5, passage{point: eth})
		w.send(k, true, 9, passage{point: eth, source: 1})
		w.send(k, false, 2, passage{point: eth, source: 1}) // fragments, for example
		w.tick()
	}
	w.end(flow.EndIdleTimeout)
	w.check()
	if s := w.ledger.only(); s.Sent.Packets != 35 || s.Received.Packets != 45 || s.State != flow.StateActive {
		t.Errorf("%+v", *s)
	}
}

// A meter that saw the answer first has the ends the other way round.
func TestTurnedFlow(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true})
	k := newTalk(1)
	back := &talk{k.key.Reverse()}
	w.send(k, false, 3, at(eth)...)
	w.see(back, true, 3, at(bridge)[0])
	w.send(k, true, 4, at(eth)...)
	w.see(back, false, 4, at(bridge)[0])
	w.tick()
	w.end(flow.EndIdleTimeout)
	w.check()
	if s := w.ledger.only(); s.Sent.Packets != 3 || s.Received.Packets != 4 {
		t.Errorf("%+v", *s)
	}
}

func TestFullTable(t *testing.T) {
	w := newWorld(t, Config{Deduplicate: true, MaxFlows: 4})
	for i := range 4 {
		w.send(newTalk(i), false, 2, at(eth, bridge)...)
	}
	w.tick()
	w.end(flow.EndIdleTimeout)
	if n := w.mediator.Uncorrelated(); n != 4 || len(w.ledger.sessions) != 2+4 {
		t.Errorf("%d flows found no room, %d sessions", n, len(w.ledger.sessions))
	}
	for id := range w.ledger.sessions {
		if !w.ledger.ended[id] {
			t.Errorf("session %d has not ended", id)
		}
	}
}

// Random conversations over random ways, ending at random: every packet counts once.
func TestRandomWorld(t *testing.T) {
	for seed := range uint64(20) {
		dice := random(seed)
		w := newWorld(t, Config{Deduplicate: true, Sources: 1 + int(seed%3), MaxFlows: 10_000, Traits: heights})
		type conversation struct {
			*talk
			ways [2][]passage
		}
		way := func() (list []passage) {
			for _, p := range dice.Perm(6)[:1+dice.IntN(4)] {
				list = append(list, passage{point: flow.Point(p + 1), source: dice.IntN(w.mediator.cfg.Sources), wire: 14})
			}
			return list
		}
		for number := range 15 {
			var living []conversation
			for i := range 1 + dice.IntN(10) {
				c := conversation{talk: newTalk(number*12 + i)}
				c.ways = [2][]passage{way(), way()}
				living = append(living, c)
			}
			for range 1 + dice.IntN(8) {
				for _, c := range living {
					for back, way := range c.ways {
						w.send(c.talk, back == 1, dice.IntN(20), way...)
					}
				}
				w.tick()
			}
			for range dice.IntN(2 * patience) {
				w.tick()
			}
			w.endInTurn(dice)
		}
		w.check()
		for id := range w.ledger.sessions {
			if !w.ledger.ended[id] {
				t.Errorf("session %d has not ended", id)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestTurnIsItsOwnInverse(t *testing.T) {
	k := newTalk(1)
	r := flow.Record{
		Key: k.key, Sent: flow.Counters{Packets: 1}, ReceivedTCP: flow.TCPCounters{Resets: 1}, TCPFlagsSent: flow.TCPRst,
		RTTClient: 5, Tunnel: flow.Tunnel{ID: 1, Src: k.key.Src},
	}
	again := r
	turn(&again)
	if again == r {
		t.Error("nothing was turned")
	}
	turn(&again)
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
}
