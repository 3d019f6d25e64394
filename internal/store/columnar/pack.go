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

// unpackColumn decodes a column into values, one for each row. The planes that are full
// are added up in one go, the others after it.
func unpackColumn(values []uint64, data []byte, b Bounds) error {
	var full [8][]byte
	var sparse [8][]byte
	for k := range b.width() {
		if len(data) == 0 {
			return fmt.Errorf("%w: a column ends early", ErrDamaged)
		}
		kind, rest := data[0], data[1:]
		length := 0
		switch kind {
		case planeZero:
		case planeFull:
			length = len(values)
		case planeSparse:
			if len(rest) >= 2 {
				length = 2 + 3*int(binary.LittleEndian.Uint16(rest))
			} else {
				length = 2
			}
		default:
			return fmt.Errorf("%w: a column has a plane of kind %d", ErrDamaged, kind)
		}
		if len(rest) < length {
			return fmt.Errorf("%w: a column ends early", ErrDamaged)
		}
		if kind == planeFull {
			full[k] = rest[:length]
		} else {
			sparse[k] = rest[:length]
		}
		data = rest[length:]
	}
	if len(data) > 0 {
		return fmt.Errorf("%w: %d bytes are left of a column", ErrDamaged, len(data))
	}
	addFull(values, full[:], b.Least)
	for k, plane := range sparse {
		if err := addSparse(values, plane, 8*k); err != nil {
			return err
		}
	}
	return nil
}

// addFull sets the values to the least one and the planes; nil planes are zero.
func addFull(values []uint64, planes [][]byte, least uint64) {
	n := len(values)
	switch {
	case planes[0] == nil:
		for i := range values {
			values[i] = least
		}
		addPlanes(values, planes, 0)
	case planes[1] == nil:
		for i, x := range planes[0][:n] {
			values[i] = least + uint64(x)
		}
		addPlanes(values, planes, 2)
	case planes[2] == nil:
		second := planes[1][:n]
		for i, x := range planes[0][:n] {
			values[i] = least + (uint64(x) | uint64(second[i])<<8)
		}
		addPlanes(values, planes, 3)
	default:
		second, third := planes[1][:n], planes[2][:n]
		for i, x := range planes[0][:n] {
			values[i] = least + (uint64(x) | uint64(second[i])<<8 | uint64(third[i])<<16)
		}
		addPlanes(values, planes, 3)
	}
}

// addPlanes adds those from the first one on.
func addPlanes(values []uint64, planes [][]byte, first int) {
	for k := first; k < len(planes); k++ {
		for i, x := range planes[k] {
			values[i] += uint64(x) << (8 * k)
		}
	}
}

// addSparse adds a sparse plane, whose length fits; an empty one is zero.
func addSparse(values []uint64, plane []byte, shift int) error {
	if len(plane) == 0 {
		return nil
	}
	n := (len(plane) - 2) / 3
	rows, bytes := plane[2:2+2*n], plane[2+2*n:]
	for i, x := range bytes {
		row := int(binary.LittleEndian.Uint16(rows[2*i:]))
		if row >= len(values) {
			return fmt.Errorf("%w: a column has a row %d", ErrDamaged, row)
		}
		values[row] += uint64(x) << shift
	}
	return nil
}
