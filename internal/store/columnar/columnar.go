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
	return b
}

func boundsOf(values []uint64) Bounds {
	b := Bounds{Least: values[0], Most: values[0]}
	for _, v := range values {
		b.Least, b.Most = min(b.Least, v), max(b.Most, v)
	}
	return b
}

// AppendBounds encodes the bounds, in the order of the fields; ParseBounds is the inverse.
func (h *Header) AppendBounds(data []byte) []byte {
	for _, b := range h.Bounds[:Addresses] {
		data = binary.AppendUvarint(data, b.Least)
		data = binary.AppendUvarint(data, b.Most-b.Least)
	}
	return data
}

// ParseBounds decodes what AppendBounds made.
func (h *Header) ParseBounds(data []byte) error {
	for f := range Addresses {
		for _, to := range [2]*uint64{&h.Bounds[f].Least, &h.Bounds[f].Most} {
			v, n := binary.Uvarint(data)
			if n <= 0 {
				return fmt.Errorf("%w: its bounds end early", ErrDamaged)
			}
			*to, data = v, data[n:]
		}
		h.Bounds[f].Most += h.Bounds[f].Least
	}
	return nil
}

// width is how many bytes the values of a column take beyond the least one.
func (b Bounds) width() int { return (bits.Len64(b.Most-b.Least) + 7) / 8 }
