package stats

import (
	"cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// ranking sums the traffic of one dimension. Rows stay, so a session can remember
// where it counts; row 0 is no row, row 1 is what found no place.
type ranking struct {
	index map[uint32]uint32
	rows  []rankRow
}

type rankRow struct {
	name           string
	sent, received Volume
	sessions       uint64
	retransmits    uint64 // both ways
	now            uint64 // wire bytes in the second of generation
	generation     uint32
	key            uint32
}

const otherRow = 1

func (r *ranking) init() {
	r.index = make(map[uint32]uint32)
	r.rows = make([]rankRow, otherRow+1)
}

// findRank returns a key's row, making one if there is room; 0 for no key.
func (e *Engine) findRank(d int, key uint32, location *geo.Location) uint32 {
	if key == 0 {
		return 0
	}
	r := &e.rankings[d]
	if i, ok := r.index[key]; ok {
		return i
	}
	if len(r.rows)-otherRow > e.cfg.MaxRanks {
		e.evicted[boundRanks]++
		return otherRow
	}
	i := uint32(len(r.rows))
	row := rankRow{key: key}
	if name := Dimensions[d].name; name != nil {
		row.name = name(location)
	}
	r.rows = append(r.rows, row)
	r.index[key] = i
	return i
}

// rankSession finds the rows that a session counts in, once for all its records.
func (e *Engine) rankSession(s *session, first bool, src, dst *geo.Location) {
	for d := range Dimensions {
		keys := Dimensions[d].keys
		if keys == nil {
			continue
		}
		a, b := keys(&s.Key, src, dst)
		rowA, rowB := e.findRank(d, a, src), e.findRank(d, b, dst)
		if rowA == rowB {
			rowB = 0 // it counts once
		}
		s.ranks[2*d], s.ranks[2*d+1] = rowA, rowB
		if !first {
			continue
		}
		for _, row := range [2]uint32{rowA, rowB} {
			if row != 0 {
				e.rankings[d].rows[row].sessions++
			}
		}
	}
}

func (e *Engine) foldRanks(s *session, r *flow.Record) {
	sent, received := volume(&r.Sent), volume(&r.Received)
	again := r.SentTCP.Retransmits + r.ReceivedTCP.Retransmits
	for d := range e.rankings {
		if row := s.ranks[2*d]; row != 0 {
			e.rankings[d].rows[row].add(sent, received, again, e.generation)
		}
		if row := s.ranks[2*d+1]; row != 0 {
			e.rankings[d].rows[row].add(received, sent, again, e.generation)
		}
	}
}

func (r *rankRow) add(sent, received Volume, retransmits uint64, generation uint32) {
	r.sent.add(sent)
	r.received.add(received)
	r.retransmits += retransmits
	if r.generation != generation {
		r.generation, r.now = generation, 0
	}
	r.now += sent.Bytes + received.Bytes
}

// Top ranks the rows of a dimension by bytes: the first n, all if n is 0. An unknown
// dimension has none.
func (e *Engine) Top(dimension string, n int) []Rank { return e.TopBy(dimension, "", n) }

// TopBy is Top by one of RankColumns.
func (e *Engine) TopBy(dimension, column string, n int) []Rank {
	p := newPicker(compareRanks(column), 0, n)
	e.mu.RLock()
	defer e.mu.RUnlock()
	for d := range Dimensions {
		switch {
		case Dimensions[d].Name != dimension:
		case Dimensions[d].keys == nil:
			return e.topIPs(column, n)
		default:
			for i := range e.rankings[d].rows {
				if r := e.viewRank(d, i); r.Sessions > 0 || r.Sent.Packets+r.Received.Packets > 0 {
					p.add(&r)
				}
			}
		}
	}
	return p.page()
}

func (e *Engine) viewRank(d, i int) Rank {
	row := &e.rankings[d].rows[i]
	r := Rank{
		Key: RankOther, Name: row.name, Sent: row.sent, Received: row.received,
		Sessions: row.sessions, Retransmits: row.retransmits, Rate: e.rateOf(row.now, row.generation),
	}
	if i != otherRow {
		r.Key = Dimensions[d].label(row.key)
	}
	return r
}

// RankOther is the key of the row that counts what a full ranking has no row for.
const RankOther = "other"

// topIPs orders by the rank's column before it makes the texts of the few that stay.
func (e *Engine) topIPs(column string, n int) []Rank {
	p := newPicker(ipCompare(column, true), 0, n)
	var v IP // one for all, because it escapes
	for i := e.ips.silent.front(); i != 0; i = e.ips.silent.after(i) {
		v = e.viewIP(e.ips.slab.at(i))
		p.add(&v)
	}
	picked := p.page()
	ranks := make([]Rank, len(picked))
	for i := range picked {
		v := &picked[i]
		ranks[i] = Rank{
			Key: v.Addr.String(), Sent: volume(&v.Sent), Received: volume(&v.Received),
			Sessions: v.Sessions, Retransmits: v.RetransmitsSent + v.RetransmitsReceived, Rate: v.RateSent + v.RateReceived,
		}
	}
	return ranks
}

// compareRanks puts the largest first, ties by key.
func compareRanks(name string) func(a, b *Rank) int {
	c, ok := FindColumn(RankColumns, name)
	if !ok {
		c = RankColumns[0]
	}
	return func(a, b *Rank) int {
		return cmp.Or(c.Compare(b, a), cmp.Compare(a.Key, b.Key))
	}
}
