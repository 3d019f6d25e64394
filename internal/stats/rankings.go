package stats

import (
	"cmp"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// maxRankRows is in how many rows of rankings a session counts.
const maxRankRows = 10

// ranking sums the traffic of one dimension. Rows stay, so a session can remember
// where it counts; row 0 is no row, row 1 is what found no place.
type ranking struct {
	dimension *Dimension
	// first is the place of its row, or of the first of two, among those of a session.
	first int
	index map[uint32]uint32
	rows  []rankRow
	// touched are rows with something that was not taken; marked listed, each once.
	touched []uint32
}

type rankRow struct {
	name string
	amount
	// taken is the part of the amount that deltas were made of.
	taken      amount
	now        uint64 // wire bytes in the second of generation
	generation uint32
	key        uint32
	listed     bool // in touched
}

const otherRow = 1

func (e *Engine) initRankings() {
	e.rankings = make([]ranking, len(e.cfg.Dimensions))
	first := 0
	for i := range e.rankings {
		d := &e.cfg.Dimensions[i]
		e.rankings[i] = ranking{dimension: d, first: first, index: make(map[uint32]uint32), rows: make([]rankRow, otherRow+1)}
		first += d.rows()
	}
}

// findRank returns a key's row, making one if there is room; 0 for no key.
func (e *Engine) findRank(r *ranking, key uint32, location *geo.Location) uint32 {
	if key == 0 {
		return 0
	}
	if i, ok := r.index[key]; ok {
		return i
	}
	if len(r.rows)-otherRow > e.cfg.MaxRanks {
		e.evicted[boundRanks]++
		return otherRow
	}
	i := uint32(len(r.rows))
	row := rankRow{key: key}
	if r.dimension.Title != nil {
		row.name = r.dimension.Title(location)
	}
	r.rows = append(r.rows, row)
	r.index[key] = i
	return i
}

// rankSession finds the rows that a session counts in, once for all its records of one
// observation point.
func (e *Engine) rankSession(s *session, first bool, src, dst *geo.Location) {
	for i := range e.rankings {
		r := &e.rankings[i]
		if r.dimension.Addresses {
			continue
		}
		a, b := r.dimension.Keys(Subject{&s.Key, s.point, s.SrcOrigin, s.DstOrigin})
		rowA, rowB := e.findRank(r, a, src), uint32(0)
		s.ranks[r.first] = rowA
		if r.dimension.Ends {
			if rowB = e.findRank(r, b, dst); rowB == rowA {
				rowB = 0 // it counts once
			}
			s.ranks[r.first+1] = rowB
		}
		if first {
			r.rows[rowA].sessions++ // row 0 is never looked at
			r.rows[rowB].sessions++
		}
	}
}

func (e *Engine) foldRanks(s *session, r *flow.Record) {
	if point := cmp.Or(r.Counted, r.Key.Point); point != s.point {
		// The keys of the ends are the same, so no row is made that has a name.
		s.point = point
		e.scratch = [2]geo.Location{}
		e.rankSession(s, false, &e.scratch[0], &e.scratch[1])
	}
	sent, received := volume(&r.Sent), volume(&r.Received)
	again := r.SentTCP.Retransmits + r.ReceivedTCP.Retransmits
	for i := range e.rankings {
		rk := &e.rankings[i]
		if rk.dimension.Addresses {
			continue
		}
		rk.add(s.ranks[rk.first], sent, received, again, e.generation)
		if rk.dimension.Ends {
			rk.add(s.ranks[rk.first+1], received, sent, again, e.generation)
		}
	}
}

// add counts a record in a row; row 0 is none.
func (rk *ranking) add(i uint32, sent, received Volume, retransmits uint64, generation uint32) {
	if i == 0 {
		return
	}
	row := &rk.rows[i]
	row.sent.add(sent)
	row.received.add(received)
	row.retransmits += retransmits
	if row.generation != generation {
		row.generation, row.now = generation, 0
	}
	row.now += sent.Bytes + received.Bytes
	if !row.listed {
		row.listed = true
		rk.touched = append(rk.touched, i)
	}
}

// Top ranks the rows of a dimension by bytes: the first n, all if n is 0. An unknown
// dimension has none.
func (e *Engine) Top(dimension string, n int) []Rank { return e.TopBy(dimension, "", n) }

// TopBy is Top by one of RankColumns.
func (e *Engine) TopBy(dimension, column string, n int) []Rank {
	p := newPicker(compareRanks(column), 0, n)
	e.mu.RLock()
	defer e.mu.RUnlock()
	for i := range e.rankings {
		rk := &e.rankings[i]
		switch {
		case rk.dimension.Name != dimension:
		case rk.dimension.Addresses:
			return e.topIPs(column, n)
		default:
			for row := otherRow; row < len(rk.rows); row++ {
				if r := e.viewRank(rk, row); r.Sessions > 0 || r.Sent.Packets+r.Received.Packets > 0 {
					p.add(&r)
				}
			}
		}
	}
	return p.page()
}

func (e *Engine) viewRank(rk *ranking, i int) Rank {
	row := &rk.rows[i]
	r := Rank{
		Key: RankOther, Name: row.name, Sent: row.sent, Received: row.received,
		Sessions: row.sessions, Retransmits: row.retransmits, Rate: e.rateOf(row.now, row.generation),
	}
	if i != otherRow {
		r.Key = rk.dimension.Label(row.key)
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
	c := rankColumn(name)
	return func(a, b *Rank) int {
		return cmp.Or(c.Compare(b, a), cmp.Compare(a.Key, b.Key))
	}
}
