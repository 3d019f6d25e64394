package columnar

import (
	"encoding/binary"
	"fmt"
)

// A packed column is the values' differences to the least one, byte plane by byte plane:
// first the lowest byte of all rows, then the next. Most values are small, so the upper
// planes are nearly all zero, and only what is not is kept. That unpacks several times
// faster than what a general compressor makes of it, for a few bytes more.
const (
	planeZero   byte = iota // nothing follows
	planeFull               // a byte for each row
	planeSparse             // how many rows have one (16 bits), their numbers (16 bits each), their bytes
)

// sparseRows is the part of the rows, one in so many, up to which a plane is sparse.
const sparseRows = 4

// packColumn encodes the values; nil if they are all the same.
func packColumn(values []uint64, b Bounds) []byte {
	var data []byte
	for k := range b.width() {
		data = appendPlane(data, values, b.Least, 8*k)
	}
	return data
}

func appendPlane(data []byte, values []uint64, least uint64, shift int) []byte {
	used := 0
	for _, v := range values {
		if byte((v-least)>>shift) != 0 {
			used++
		}
	}
	switch {
	case used == 0:
		return append(data, planeZero)
	case used > len(values)/sparseRows:
		data = append(data, planeFull)
		for _, v := range values {
			data = append(data, byte((v-least)>>shift))
		}
		return data
	}
	data = binary.LittleEndian.AppendUint16(append(data, planeSparse), uint16(used))
	for row, v := range values {
		if byte((v-least)>>shift) != 0 {
			data = binary.LittleEndian.AppendUint16(data, uint16(row))
		}
	}
	for _, v := range values {
		if x := byte((v - least) >> shift); x != 0 {
			data = append(data, x)
		}
	}
	return data
}

// unpackColumn decodes a column into values, one for each row.
func unpackColumn(values []uint64, data []byte, b Bounds) error {
	width := b.width()
	if width == 0 || len(data) == 0 || data[0] != planeFull {
		for i := range values {
			values[i] = b.Least
		}
	}
	for k := range width {
		var err error
		if data, err = addPlane(values, data, b.Least, k); err != nil {
			return err
		}
	}
	if len(data) > 0 {
		return fmt.Errorf("%w: %d bytes are left of a column", ErrDamaged, len(data))
	}
	return nil
}

// addPlane adds the k-th byte to each value and returns the data behind it. Values are
// set by the first plane if that is full.
func addPlane(values []uint64, data []byte, least uint64, k int) (rest []byte, err error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: a column ends early", ErrDamaged)
	}
	kind, data, shift := data[0], data[1:], 8*k
	switch kind {
	case planeZero:
		return data, nil
	case planeFull:
		if len(data) < len(values) {
			return nil, fmt.Errorf("%w: a column ends early", ErrDamaged)
		}
		plane := data[:len(values)]
		if k == 0 {
			for i, x := range plane {
				values[i] = least + uint64(x)
			}
		} else {
			for i, x := range plane {
				values[i] += uint64(x) << shift
			}
		}
		return data[len(values):], nil
	case planeSparse:
		return addSparse(values, data, shift)
	}
	return nil, fmt.Errorf("%w: a column has a plane of kind %d", ErrDamaged, kind)
}

func addSparse(values []uint64, data []byte, shift int) (rest []byte, err error) {
	if len(data) < 2 {
		return nil, fmt.Errorf("%w: a column ends early", ErrDamaged)
	}
	n := int(binary.LittleEndian.Uint16(data))
	data = data[2:]
	if len(data) < 3*n {
		return nil, fmt.Errorf("%w: a column ends early", ErrDamaged)
	}
	rows, bytes := data[:2*n], data[2*n:3*n]
	for i, x := range bytes {
		row := int(binary.LittleEndian.Uint16(rows[2*i:]))
		if row >= len(values) {
			return nil, fmt.Errorf("%w: a column has a row %d", ErrDamaged, row)
		}
		values[row] += uint64(x) << shift
	}
	return data[3*n:], nil
}
