package mediator

import (
	"netflow-monitor/internal/flow"
)

// patience is for how many rounds a point may see later what another one counted. A
// packet passes all interfaces of a machine within a moment, which the end of a second
// may lie in.
const patience = 3

// correlator makes one session of the flows of one conversation. Of each direction,
// what counts is the most that any point saw: a point that sees packets pays off first
// what others counted before it. Points that see different packets of a conversation -
// the two directions, or one after the other - count each their own.
//
// Indices are those of slices that only grow; 0 is none.
type correlator struct {
	cfg       Config
	round     uint32          // rises with each second that all sources told about
	clock     int64           // of the latest round
	parts     map[uint64]part // by the identifier of a meter's flow
	current   map[ends]uint32 // the latest biflow between two ends
	biflows   []biflow
	sightings []sighting
	freeFlow  []uint32
	freeSight uint32
	// assigned are the parts of the records in the round, in their order.
	assigned []part
	merged   []flow.Record
	// strangers are flows that found no room.
	strangers uint64
}

// part says which conversation a meter's flow belongs to.
type part struct {
	biflow, sighting uint32
	turned           bool // the meter took the other end for the initiator
	leads            bool // the conversation is shown at the point, as of the latest round
}

func (c *correlator) init(cfg Config) {
	c.cfg = cfg
	c.parts = make(map[uint64]part)
	c.current = make(map[ends]uint32)
	c.biflows = make([]biflow, 1)
	c.sightings = make([]sighting, 1)
}

// assign finds the conversations of the records of one source.
func (c *correlator) assign(records []flow.Record, source int) {
	for i := range records {
		r := &records[i]
		p, known := c.parts[r.ID]
		switch {
		case known:
		case !r.First:
			// It found no room when it began.
		case len(c.parts) >= c.cfg.MaxFlows:
			c.strangers++
		default:
			p = c.join(r, source)
			c.parts[r.ID] = p
		}
		c.assigned = append(c.assigned, p)
	}
}

// correlate turns the flows of a round into records of conversations. Points that
// sessions are shown at go first: what the others have more is theirs.
func (c *correlator) correlate(b *flow.Batch, all bool) []flow.Record {
	if all && b.Time > c.clock {
		c.round++
		c.clock = b.Time
	}
	for i := range c.assigned { // before any of them changes it
		p := &c.assigned[i]
		p.leads = p.biflow == 0 || c.biflows[p.biflow].key.Point == c.sightings[p.sighting].point
	}
	c.merged = c.merged[:0]
	for _, leads := range [2]bool{true, false} {
		for i, p := range c.assigned {
			switch {
			case p.leads != leads:
			case p.biflow == 0:
				c.merged = append(c.merged, b.Records[i])
			default:
				c.fold(p, &b.Records[i], b)
			}
		}
	}
	c.assigned = c.assigned[:0]
	return c.merged
}

// join finds the conversation that a new flow is a part of, or begins one.
func (c *correlator) join(r *flow.Record, source int) part {
	var traits Traits
	if c.cfg.Traits != nil {
		traits = c.cfg.Traits(r.Key.Point)
	}
	e := endsOf(&r.Key)
	if traits.VLAN != 0 {
		if e.vlan, e.inner = traits.VLAN, e.vlan; traits.InnerVLAN != 0 {
			e.inner = traits.InnerVLAN
		}
	}
	if !c.cfg.Deduplicate {
		e.point, traits.Carried = r.Key.Point, false // each point counts for itself
	}
	if p, ok := c.joinLiving(r, e, traits, source); ok {
		return p
	}
	return c.begin(r, e, traits, source)
}

// joinLiving looks for a conversation between the same ends. Bridges take tags away and
// put them on, so one without a tag belongs to one with a tag, but not one with another.
func (c *correlator) joinLiving(r *flow.Record, e ends, traits Traits, source int) (part, bool) {
	untagged := e
	untagged.vlan, untagged.inner = 0, 0
	for _, look := range [2]ends{e, untagged} {
		i := c.current[look]
		if i == 0 {
			continue
		}
		b := &c.biflows[i]
		if b.ends.vlan != 0 && e.vlan != 0 && (b.ends.vlan != e.vlan || b.ends.inner != e.inner) {
			continue
		}
		s := c.sight(i, r.Key.Point, traits)
		if seen := &c.sightings[s]; seen.sources>>source&1 == 0 {
			seen.sources |= 1 << source
			b.lives++
			b.carried = b.carried && traits.Carried
			return part{biflow: i, sighting: s, turned: b.key.Src != r.Key.Src || b.key.SrcPort != r.Key.SrcPort}, true
		}
		// The point has seen the end of it, or sees it twice, in two VLANs.
	}
	return part{}, false
}

// begin makes a conversation of its first flow.
func (c *correlator) begin(r *flow.Record, e ends, traits Traits, source int) part {
	var i uint32
	if n := len(c.freeFlow); n > 0 {
		i, c.freeFlow = c.freeFlow[n-1], c.freeFlow[:n-1]
	} else {
		i = uint32(len(c.biflows))
		c.biflows = append(c.biflows, biflow{})
	}
	c.biflows[i] = biflow{
		key: r.Key, id: r.ID, ends: e, start: r.Start, last: r.Last, state: r.State, lives: 1, carried: traits.Carried,
	}
	s := c.sight(i, r.Key.Point, traits)
	c.sightings[s].sources = 1 << source
	c.current[e] = i
	untagged := e
	untagged.vlan, untagged.inner = 0, 0
	if c.current[untagged] == 0 {
		c.current[untagged] = i
	}
	return part{biflow: i, sighting: s}
}

// sight is what a point saw of a conversation. A new one owes all that was counted
// lately: it is about to see the same packets, or saw them in this second.
func (c *correlator) sight(i uint32, point flow.Point, traits Traits) uint32 {
	b := &c.biflows[i]
	for s := b.sightings; s != 0; s = c.sightings[s].next {
		if c.sightings[s].point == point {
			return s
		}
	}
	s := c.freeSight
	if s != 0 {
		c.freeSight = c.sightings[s].next
	} else {
		s = uint32(len(c.sightings))
		c.sightings = append(c.sightings, sighting{})
	}
	c.sightings[s] = sighting{
		point: point, height: traits.Height, next: b.sightings, seenAt: c.round,
		owed: b.counted, owedAt: b.countedAt,
	}
	b.sightings = s
	switch {
	case point == b.key.Point:
	case c.nearer(b, traits.Height):
		b.also.Remove(point)
		b.also.Add(b.key.Point)
		b.key.Point = point
	default:
		b.also.Add(point)
	}
	return s
}

// nearer reports whether a point of that height is nearer to the wire than the one that
// the conversation is shown at.
func (c *correlator) nearer(b *biflow, height uint8) bool {
	for s := b.sightings; s != 0; s = c.sightings[s].next {
		if c.sightings[s].point == b.key.Point {
			return height < c.sightings[s].height
		}
	}
	return false
}

// fold adds a record to its conversation, and appends what is new of that.
func (c *correlator) fold(p part, r *flow.Record, batch *flow.Batch) {
	b := &c.biflows[p.biflow]
	if p.turned {
		turn(r)
	}
	news := b.learn(r)
	sent, received := c.count(p, 0, amountOf(&r.Sent, &r.SentTCP)), c.count(p, 1, amountOf(&r.Received, &r.ReceivedTCP))
	c.account(batch, r, &sent, &received)
	if r.End != flow.EndNone {
		delete(c.parts, r.ID)
		b.lives--
		if severity(r.End) > severity(b.end) {
			b.end = r.End
		}
	}
	b.complete()
	counts := sent != (amount{}) || received != (amount{})
	moved := counts && c.follow(p)
	if b.told && !news && !moved && b.lives > 0 && !counts {
		return
	}
	point := r.Key.Point
	r.ID, r.Start, r.Last, r.First = b.id, b.start, b.last, !b.told
	r.Key, r.Counted, r.Also, r.Carried = b.key, point, b.also, b.carried
	r.Sent, r.SentTCP = sent.counters(), sent.quality()
	r.Received, r.ReceivedTCP = received.counters(), received.quality()
	r.TCPFlagsSent, r.TCPFlagsReceived = b.flags[0], b.flags[1]
	r.RTTClient, r.RTTServer, r.State, r.ResetByResponder = b.rtt[0], b.rtt[1], b.state, b.resetBy
	r.End = flow.EndNone
	if b.lives == 0 {
		r.End = b.end
		c.release(p.biflow)
	}
	b.told = true
	c.merged = append(c.merged, *r)
}

// count returns the part of what a point saw that others did not count before, and lets
// them owe it.
func (c *correlator) count(p part, direction int, seen amount) amount {
	if seen == (amount{}) {
		return seen
	}
	b, s := &c.biflows[p.biflow], &c.sightings[p.sighting]
	s.seenAt = c.round
	if c.round-s.owedAt[direction] > patience {
		s.owed[direction] = amount{}
	}
	seen.less(&s.owed[direction])
	if seen == (amount{}) {
		return seen
	}
	b.counted[direction].add(&seen)
	b.countedAt[direction] = c.round
	for i := b.sightings; i != 0; i = c.sightings[i].next {
		if i == p.sighting {
			continue
		}
		other := &c.sightings[i]
		if c.round-other.owedAt[direction] > patience {
			other.owed[direction] = amount{}
		}
		other.owed[direction].add(&seen)
		other.owedAt[direction] = c.round
	}
	return seen
}

// follow shows the conversation at another point once the one that it is shown at does
// not see it any more. It reports whether there was anything to change.
func (c *correlator) follow(p part) bool {
	b, s := &c.biflows[p.biflow], &c.sightings[p.sighting]
	if s.point == b.key.Point {
		return false
	}
	for i := b.sightings; i != 0; i = c.sightings[i].next {
		if seen := &c.sightings[i]; seen.point == b.key.Point && c.round-seen.seenAt <= patience {
			return false
		}
	}
	b.also.Remove(s.point)
	b.also.Add(b.key.Point)
	b.key.Point = s.point
	return true
}

// account notes what did not count as duplicates of the point.
func (c *correlator) account(b *flow.Batch, r *flow.Record, sent, received *amount) {
	d := flow.Input{
		Duplicates:     r.Sent.Packets + r.Received.Packets - sent[packetsOf] - received[packetsOf],
		DuplicateBytes: r.Sent.WireBytes + r.Received.WireBytes - sent[wireBytesOf] - received[wireBytesOf],
	}
	if d == (flow.Input{}) {
		return
	}
	b.Input.Add(d)
	AddPoint(b, flow.PointInput{Point: r.Key.Point, Input: d})
}

// release forgets a conversation.
func (c *correlator) release(i uint32) {
	b := &c.biflows[i]
	untagged := b.ends
	untagged.vlan, untagged.inner = 0, 0
	for _, e := range [2]ends{b.ends, untagged} {
		if c.current[e] == i {
			delete(c.current, e)
		}
	}
	for s := b.sightings; s != 0; {
		next := c.sightings[s].next
		c.sightings[s].next = c.freeSight
		c.freeSight = s
		s = next
	}
	c.freeFlow = append(c.freeFlow, i)
}
