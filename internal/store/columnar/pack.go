package columnar

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// A packed column is a byte that says how, then the values' differences to the least
// one, byte plane by byte plane: first the lowest byte of all rows, then the next. The
// upper planes are nearly all zero, which a compressor makes next to nothing of.
const (
	packedPlain byte = iota
	packedS2
)

// packColumn encodes the values; nil if they are all the same.
func packColumn(values []uint64, b Bounds) []byte {
	width := b.width()
	if width == 0 {
		return nil
	}
	n := len(values)
	planes := make([]byte, 1+n*width)
	for k := range width {
		plane := planes[1+k*n : 1+(k+1)*n]
		for i, v := range values {
			plane[i] = byte((v - b.Least) >> (8 * k))
		}
	}
	return compress(planes)
}

// compress packs what follows the first byte, if that saves a quarter: less is not worth
// the time that unpacking takes.
func compress(plain []byte) []byte {
	body := plain[1:]
	packed := s2.EncodeBetter(make([]byte, 1+s2.MaxEncodedLen(len(body)))[1:], body)
	if len(packed) < len(body)-len(body)/4 {
		return append([]byte{packedS2}, packed...)
	}
	plain[0] = packedPlain
	return plain
}

// unpack returns the body of what compress made, which has to have a length.
func unpack(data []byte, length int, scratch []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: a column is missing", ErrDamaged)
	}
	body := data[1:]
	if data[0] == packedS2 {
		n, err := s2.DecodedLen(body)
		if err != nil || n != length {
			return nil, fmt.Errorf("%w: a column has %d bytes instead of %d", ErrDamaged, n, length)
		}
		if body, err = s2.Decode(scratch[:cap(scratch)], body); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	if len(body) != length {
		return nil, fmt.Errorf("%w: a column has %d bytes instead of %d", ErrDamaged, len(body), length)
	}
	return body, nil
}

// unpackColumn decodes a column into values, one for each row.
func unpackColumn(values []uint64, data []byte, b Bounds, scratch []byte) error {
	width := b.width()
	if width == 0 {
		for i := range values {
			values[i] = b.Least
		}
		return nil
	}
	n := len(values)
	planes, err := unpack(data, n*width, scratch)
	if err != nil {
		return err
	}
	low := planes[:n]
	for i := range values {
		values[i] = b.Least + uint64(low[i])
	}
	for k := 1; k < width; k++ {
		shift := 8 * k
		for i, v := range planes[k*n : (k+1)*n] {
			values[i] += uint64(v) << shift
		}
	}
	return nil
}
