// Package columnar keeps sessions in immutable blocks, column by column, and searches
// them: a question reads the columns that it is about, and skips blocks whose bounds
// say that nothing in them can match. It knows nothing of where blocks are kept.
package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"netflow-monitor/internal/stats"
)

// MaxRows is how many sessions a block has at most. Two addresses each can still be
// numbered with 16 bits.
const MaxRows = 1 << 15

// ErrDamaged is returned for a block that can't be what Encode made.
var ErrDamaged = errors.New("block of sessions is damaged")

// Bounds are the least and the largest value of a field in a block.
type Bounds struct{ Least, Most uint64 }

// Header is what is known of a block without its columns.
type Header struct {
	ID     int64
	Rows   int
	Bounds [FieldCount]Bounds
	// src and dst are the first and the last address of either end.
	src, dst [2]address
	// ipSent and ipReceived bound the IP bytes, which are no column of their own.
	ipSent, ipReceived Bounds
}

// Block is a block in the making: its header, and each column that is not the same
// value in all rows. Data[Addresses] is the list that Src, Dst and the tunnel's ends
// are numbers in.
type Block struct {
	Header
	Data [FieldCount][]byte
}

// Encode makes a block of 1 to MaxRows sessions.
func Encode(sessions []stats.Session) *Block {
	b := &Block{Header: Header{Rows: len(sessions)}}
	r := newRoster(sessions)
	b.Data[Addresses] = r.encode()
	values := make([]uint64, len(sessions))
	for f := range Addresses {
		for i := range sessions {
			if get := fields[f].get; get != nil {
				values[i] = get(&sessions[i])
			} else {
				values[i] = r.numbers[fields[f].end(&sessions[i])]
			}
		}
		b.Bounds[f] = boundsOf(values)
		b.Data[f] = packColumn(values, b.Bounds[f])
	}
	b.ipSent = boundsBy(values, sessions, func(s *stats.Session) uint64 { return s.Sent.IPBytes })
	b.ipReceived = boundsBy(values, sessions, func(s *stats.Session) uint64 { return s.Received.IPBytes })
	b.src = [2]address{r.list[b.Bounds[Src].Least], r.list[b.Bounds[Src].Most]}
	b.dst = [2]address{r.list[b.Bounds[Dst].Least], r.list[b.Bounds[Dst].Most]}
	return b
}

func boundsOf(values []uint64) Bounds {
	b := Bounds{Least: values[0], Most: values[0]}
	for _, v := range values {
		b.Least, b.Most = min(b.Least, v), max(b.Most, v)
	}
	return b
}

// boundsBy uses values as its memory.
func boundsBy(values []uint64, sessions []stats.Session, of func(*stats.Session) uint64) Bounds {
	for i := range sessions {
		values[i] = of(&sessions[i])
	}
	return boundsOf(values)
}

// ranges are all bounds in the order in which they are encoded.
func (h *Header) ranges() []*Bounds {
	list := make([]*Bounds, 0, Addresses+2)
	for f := range Addresses {
		list = append(list, &h.Bounds[f])
	}
	return append(list, &h.ipSent, &h.ipReceived)
}

// AppendBounds encodes the bounds, in the order of the fields; ParseBounds is the inverse.
func (h *Header) AppendBounds(data []byte) []byte {
	for _, b := range h.ranges() {
		data = binary.AppendUvarint(data, b.Least)
		data = binary.AppendUvarint(data, b.Most-b.Least)
	}
	for _, a := range [...]address{h.src[0], h.src[1], h.dst[0], h.dst[1]} {
		version := byte(6)
		if a.isIPv4 {
			version = 4
		}
		data = append(append(data, version), a.bytes[:]...)
	}
	return data
}

// ParseBounds decodes what AppendBounds made.
func (h *Header) ParseBounds(data []byte) error {
	for _, b := range h.ranges() {
		for _, to := range [2]*uint64{&b.Least, &b.Most} {
			v, n := binary.Uvarint(data)
			if n <= 0 {
				return fmt.Errorf("%w: its bounds end early", ErrDamaged)
			}
			*to, data = v, data[n:]
		}
		if b.Most += b.Least; b.Most < b.Least {
			return fmt.Errorf("%w: its bounds are too large", ErrDamaged)
		}
	}
	const size = 1 + 16
	if len(data) != 4*size {
		return fmt.Errorf("%w: its bounds end early", ErrDamaged)
	}
	for i, to := range [...]*address{&h.src[0], &h.src[1], &h.dst[0], &h.dst[1]} {
		*to = address{data[i*size] == 4, [16]byte(data[i*size+1 : (i+1)*size])}
	}
	return nil
}

// width is how many bytes the values of a column take beyond the least one.
func (b Bounds) width() int { return (bits.Len64(b.Most-b.Least) + 7) / 8 }
