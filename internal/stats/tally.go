package stats

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// maxTally bounds the keys of a tally; what comes later is counted in its row "other".
const maxTally = 1 << 20

// Tally ranks sessions by a dimension, each with all that it did, under the keys and
// labels of the engine. It is for one goroutine.
type Tally struct {
	dimension *Dimension
	keys      map[uint32]uint32
	addrs     map[[16]byte]uint32
	rows      []tallyRow // the first one is what found no place
}

// tallyRow holds no pointers: there may be a million.
type tallyRow struct {
	// key is an address, or a number in its last bytes.
	key            [16]byte
	sent, received Volume
	sessions       uint64
	retransmits    uint64
	rate           float64
}

// NewTally makes an empty tally; false if there is no such dimension.
func NewTally(dimension string) (*Tally, bool) {
	d, ok := findDimension(dimension)
	if !ok {
		return nil, false
	}
	return newTally(d), true
}

func newTally(d *Dimension) *Tally {
	return &Tally{dimension: d, keys: make(map[uint32]uint32), addrs: make(map[[16]byte]uint32), rows: make([]tallyRow, 1)}
}

// Add counts a session for both of its ends, as one session where they have the same key.
func (t *Tally) Add(s *Session) {
	if t.dimension.Addresses {
		row := t.address(&s.Key.Src)
		t.add(row, s, false)
		if s.Key.Src == s.Key.Dst { // what it sends to itself it sends and receives
			t.rows[row].sessions--
		} else {
			row = t.address(&s.Key.Dst)
		}
		t.add(row, s, true)
		return
	}
	a, b := t.dimension.Keys(Subject{&s.Key, s.Key.Point, s.SrcOrigin, s.DstOrigin})
	if a != 0 {
		t.add(t.number(a), s, false)
	}
	if b != 0 && b != a {
		t.add(t.number(b), s, true)
	}
}

// add counts a session in a row that is its initiator's or its responder's.
func (t *Tally) add(row uint32, s *Session, responder bool) {
	r := &t.rows[row]
	sent, received := volume(&s.Sent), volume(&s.Received)
	if responder {
		sent, received = received, sent
	}
	r.sent.add(sent)
	r.received.add(received)
	r.sessions++
	r.retransmits += s.SentTCP.Retransmits + s.ReceivedTCP.Retransmits
	r.rate += s.RateSent + s.RateReceived
}

func (t *Tally) address(a *[16]byte) uint32 {
	if i, ok := t.addrs[*a]; ok {
		return i
	}
	i := t.row(*a)
	if i != 0 {
		t.addrs[*a] = i
	}
	return i
}

func (t *Tally) number(key uint32) uint32 {
	if i, ok := t.keys[key]; ok {
		return i
	}
	var wide [16]byte
	binary.BigEndian.PutUint32(wide[12:], key)
	i := t.row(wide)
	if i != 0 {
		t.keys[key] = i
	}
	return i
}

func (t *Tally) row(key [16]byte) uint32 {
	if len(t.rows) > maxTally {
		return 0
	}
	t.rows = append(t.rows, tallyRow{key: key})
	return uint32(len(t.rows) - 1)
}

// Scale multiplies all counts, where only a part of the sessions was added.
func (t *Tally) Scale(factor float64) {
	for i := range t.rows {
		r := &t.rows[i]
		for _, n := range [...]*uint64{&r.sent.Bytes, &r.sent.Packets, &r.received.Bytes, &r.received.Packets, &r.sessions, &r.retransmits} {
			*n = uint64(float64(*n)*factor + 0.5)
		}
	}
}

// Top returns the largest rows by one of RankColumns, ties by key: at most limit, all if
// limit is 0. An unknown column is the first.
func (t *Tally) Top(orderBy string, limit int) []Rank {
	type candidate struct {
		rank Rank
		row  int
	}
	c := rankColumn(orderBy)
	p := newPicker(func(a, b *candidate) int {
		if order := c.Compare(&b.rank, &a.rank); order != 0 {
			return order
		}
		var x, y [64]byte
		return bytes.Compare(t.appendKey(x[:0], a.row), t.appendKey(y[:0], b.row))
	}, 0, limit)
	var v candidate // one for all, because it escapes
	for i := range t.rows {
		r := &t.rows[i]
		if i == 0 && r.sessions == 0 {
			continue
		}
		v = candidate{Rank{Sent: r.sent, Received: r.received, Sessions: r.sessions, Retransmits: r.retransmits, Rate: r.rate}, i}
		p.add(&v)
	}
	picked := p.page()
	ranks := make([]Rank, len(picked))
	for i := range picked {
		ranks[i] = picked[i].rank
		ranks[i].Key = string(t.appendKey(nil, picked[i].row))
	}
	return ranks
}

func (t *Tally) appendKey(b []byte, row int) []byte {
	key := &t.rows[row].key
	switch {
	case row == 0:
		return append(b, RankOther...)
	case t.dimension.Addresses:
		return netip.AddrFrom16(*key).Unmap().AppendTo(b)
	default:
		return append(b, t.dimension.Label(binary.BigEndian.Uint32(key[12:]))...)
	}
}

// rankColumn is a column of rankings; an unknown name is the first one.
func rankColumn(name string) Column[Rank] {
	if c, ok := FindColumn(RankColumns, name); ok {
		return c
	}
	return RankColumns[0]
}
