package stats

import (
	"bytes"
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

const (
	// maxDeltaKeys is how many keys of a dimension a part of a minute has deltas of.
	maxDeltaKeys = 2000
	// maxPendingRanks is how many deltas wait for a store that is away before they are
	// folded into hours.
	maxPendingRanks = 100_000
)

// amount is what one key of a dimension took part in.
type amount struct {
	sent, received Volume
	retransmits    uint64 // both ways
	sessions       uint64
}

func (a *amount) add(o *amount) {
	a.sent.add(o.sent)
	a.received.add(o.received)
	a.retransmits += o.retransmits
	a.sessions += o.sessions
}

func (a *amount) sub(o *amount) {
	a.sent = Volume{a.sent.Bytes - o.sent.Bytes, a.sent.Packets - o.sent.Packets}
	a.received = Volume{a.received.Bytes - o.received.Bytes, a.received.Packets - o.received.Packets}
	a.retransmits -= o.retransmits
	a.sessions -= o.sessions
}

func (a *amount) bytes() uint64 { return a.sent.Bytes + a.received.Bytes }

// amount is the part of a share that rankings count.
func (s *share) amount() amount {
	return amount{
		sent: volume(&s.sent), received: volume(&s.received),
		retransmits: s.retransmitsSent + s.retransmitsReceived, sessions: s.sessions,
	}
}

// minutePart is what deltas of the running minute need besides the tables.
type minutePart struct {
	number int64 // since the Unix epoch
	// gone are addresses that had to make room in the table of IPs, at most maxDeltaKeys;
	// rest is what more of them did.
	gone map[[16]byte]goneIP
	rest amount
}

type goneIP struct {
	amount
	local bool
}

// change is what one key did since it was taken for the last time.
type change struct {
	amount
	row   uint32 // of a ranking
	addr  [16]byte
	local bool
}

// enterMinute makes what was counted so far the minute's that it happened in, before
// something of another one is.
func (e *Engine) enterMinute(second int64) {
	number := floorDiv(second, 60)
	if number == e.minute.number {
		return
	}
	p := &e.pending
	var lost uint64
	p.ranks, lost = trimRanks(e.takeRanks(p.ranks, true))
	e.evicted[boundPendingRanks] += lost
	e.minute.number = number
}

// takeRanks appends the deltas of all dimensions since the previous call. With mark, the
// addresses are not about to be drained.
func (e *Engine) takeRanks(list []RankDelta, mark bool) []RankDelta {
	for i := range e.rankings {
		rk := &e.rankings[i]
		p := newPicker(compareChanges, 0, maxDeltaKeys)
		var all, rest amount
		visit := func(c *change) {
			all.add(&c.amount)
			p.add(c)
		}
		if rk.dimension.Addresses {
			rest = e.takeIPs(visit, mark)
		} else {
			rest = rk.take(visit)
		}
		all.add(&rest)
		for _, c := range p.page() {
			d := e.delta60(rk, &c.amount)
			if rk.dimension.Addresses {
				d.Key, d.Local = netip.AddrFrom16(c.addr).Unmap().String(), c.local
			} else {
				d.Key, d.Name = rk.dimension.Label(rk.rows[c.row].key), rk.rows[c.row].name
			}
			list = append(list, d)
			all.sub(&c.amount)
		}
		if all != (amount{}) {
			d := e.delta60(rk, &all)
			d.Key = RankOther
			list = append(list, d)
		}
	}
	return list
}

func (e *Engine) delta60(rk *ranking, a *amount) RankDelta {
	return RankDelta{
		Time: e.minute.number * 60 * second, Dimension: rk.dimension.Name,
		Sent: a.sent, Received: a.received, Retransmits: a.retransmits, Sessions: a.sessions,
	}
}

// compareChanges puts addresses at home first, then what is largest.
func compareChanges(a, b *change) int {
	if a.local != b.local {
		if a.local {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.bytes(), a.bytes()), cmp.Compare(a.row, b.row), bytes.Compare(a.addr[:], b.addr[:]))
}

// take visits the rows that changed, and returns what the row of the rest did.
func (rk *ranking) take(visit func(*change)) (rest amount) {
	var c change // one for all, because it escapes
	for _, i := range rk.touched {
		row := &rk.rows[i]
		row.listed = false
		c = change{amount: row.amount, row: i}
		c.sub(&row.taken)
		row.taken = row.amount
		switch {
		case i == otherRow:
			rest.add(&c.amount)
		case c.amount != (amount{}):
			visit(&c)
		}
	}
	rk.touched = rk.touched[:0]
	return rest
}

// takeIPs visits the addresses that changed, and returns what more that are gone did.
func (e *Engine) takeIPs(visit func(*change), mark bool) (rest amount) {
	t := &e.ips
	var c change // one for all, because it escapes
	for n, i := range t.touched {
		p := t.slab.at(i)
		c = change{amount: p.share.amount(), addr: p.addr, local: p.local}
		now := c.amount
		base := t.taken(p)
		c.sub(&base)
		if mark {
			t.mark(n, &now)
		}
		if c.amount != (amount{}) {
			visit(&c)
		}
	}
	for addr, g := range e.minute.gone { // one that is back has two deltas
		c = change{amount: g.amount, addr: addr, local: g.local}
		visit(&c)
	}
	clear(e.minute.gone)
	rest, e.minute.rest = e.minute.rest, amount{}
	return rest
}

// taken is what of an address was taken: it was drained, or marked since.
func (t *ipTable) taken(p *ip) amount {
	if n := int(p.listed); n > 0 && n <= len(t.marks) {
		return t.marks[n-1]
	}
	return p.drained.amount()
}

// mark notes what of the n-th touched address was taken.
func (t *ipTable) mark(n int, a *amount) {
	if n == len(t.marks) {
		if n == cap(t.marks) {
			t.marks = slices.Grow(t.marks, len(t.touched)-n)
		}
		t.marks = t.marks[:n+1]
	}
	t.marks[n] = *a
}

// leaveMinute keeps what an address did in the minute, because its slot is given away.
func (e *Engine) leaveMinute(p *ip) {
	t := &e.ips
	rest, base := p.share.amount(), t.taken(p)
	rest.sub(&base)
	if n := int(p.listed); n > 0 && n <= len(t.marks) {
		t.marks[n-1] = amount{} // the next address of this slot begins with nothing
	}
	if rest == (amount{}) {
		return
	}
	m := &e.minute
	g, known := m.gone[p.addr]
	if !known && len(m.gone) >= maxDeltaKeys {
		m.rest.add(&rest)
		return
	}
	g.add(&rest)
	g.local = p.local
	m.gone[p.addr] = g
}

// trimRanks makes hours of the deltas that wait if they are too many, for a store that is
// away for long; if that is not enough, the oldest hours are lost.
func trimRanks(deltas []RankDelta) (kept []RankDelta, lost uint64) {
	const hour = 3600 * second
	if len(deltas) <= maxPendingRanks {
		return deltas, 0
	}
	type set struct {
		time      int64
		dimension string
	}
	sets := make(map[set]map[string]RankDelta)
	for i := range deltas {
		d := &deltas[i]
		s := set{floorDiv(d.Time, hour) * hour, d.Dimension}
		keys := sets[s]
		if keys == nil {
			keys = make(map[string]RankDelta)
			sets[s] = keys
		}
		sum, known := keys[d.Key]
		if !known {
			sum = RankDelta{Time: s.time, Dimension: s.dimension, Key: d.Key}
		}
		sum.merge(d)
		keys[d.Key] = sum
	}
	for _, keys := range sets {
		kept = append(kept, largestDeltas(keys)...)
	}
	slices.SortStableFunc(kept, func(a, b RankDelta) int { return cmp.Compare(a.Time, b.Time) })
	// Some room is left, or the next minute would fold everything again.
	for len(kept) > maxPendingRanks/2 {
		n := slices.IndexFunc(kept, func(d RankDelta) bool { return d.Time != kept[0].Time })
		if n < 0 {
			n = len(kept)
		}
		kept, lost = kept[n:], lost+uint64(n)
	}
	return slices.Clone(kept), lost
}

// largestDeltas are those of at most maxDeltaKeys keys, and the sum of the rest.
func largestDeltas(keys map[string]RankDelta) []RankDelta {
	rest, some := keys[RankOther]
	delete(keys, RankOther)
	list := slices.SortedFunc(maps.Values(keys), func(a, b RankDelta) int {
		if a.Local != b.Local {
			if a.Local {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Sent.Bytes+b.Received.Bytes, a.Sent.Bytes+a.Received.Bytes), cmp.Compare(a.Key, b.Key))
	})
	if len(list) > maxDeltaKeys {
		if !some {
			rest, some = RankDelta{Time: list[0].Time, Dimension: list[0].Dimension, Key: RankOther}, true
		}
		for i := range list[maxDeltaKeys:] {
			rest.merge(&list[maxDeltaKeys+i])
		}
		rest.Name, rest.Local = "", false
		list = list[:maxDeltaKeys]
	}
	if some {
		list = append(list, rest)
	}
	return list
}

// merge adds another delta of the same key.
func (d *RankDelta) merge(o *RankDelta) {
	to, from := d.Values(), o.Values()
	for i := range to {
		*to[i] += *from[i]
	}
	d.Name, d.Local = cmp.Or(o.Name, d.Name), d.Local || o.Local
}
