package offline

import (
	"iter"
)

// column is one field of a row in JSON and CSV, or one column of a table. Its value
// comes from count or from append.
type column[T any] struct {
	name string
	// count is the value of a whole number.
	count func(row *T) uint64
	// append appends any other bare value, which never needs quoting or escaping.
	append func(b []byte, row *T) []byte
	// bare values are neither quoted in JSON nor on the left of a table's column.
	// Whole numbers always are.
	bare bool
	// only says which rows have the field; nil means all.
	only *condition[T]
	// measure is the length of what append appends, or least if that is more, where
	// it is sooner known.
	measure func(row *T, least int) int
	// width of a table's column, if it is known without looking at all values.
	width int
	about about
}

// condition is why a row has a field, or has not.
type condition[T any] struct {
	holds func(row *T) bool
	words string // completes "present …"
}

// about is what the reference says of a field.
type about struct {
	unit    string
	meaning string
	source  string // where the meaning is defined; may be empty
}

func (c *column[T]) present(row *T) bool { return c.only == nil || c.only.holds(row) }

func (c *column[T]) quoted() bool { return c.count == nil && !c.bare }

func (c *column[T]) appendTo(b []byte, row *T) []byte {
	if c.count != nil {
		return appendUint(b, c.count(row))
	}
	return c.append(b, row)
}

func writeJSON[T any](w *lineWriter, columns []column[T], rows iter.Seq[*T]) {
	for row := range rows {
		w.buf = appendJSON(w.buf, columns, row)
		if !w.endLine() {
			return
		}
	}
}

func appendJSON[T any](b []byte, columns []column[T], row *T) []byte {
	separator := byte('{')
	for i := range columns {
		c := &columns[i]
		if !c.present(row) {
			continue
		}
		b = append(b, separator, '"')
		b = append(b, c.name...)
		b = append(b, '"', ':')
		if c.quoted() {
			b = append(b, '"')
		}
		b = c.appendTo(b, row)
		if c.quoted() {
			b = append(b, '"')
		}
		separator = ','
	}
	return append(b, '}')
}

func writeCSV[T any](w *lineWriter, columns []column[T], rows iter.Seq[*T]) {
	for i := range columns {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, columns[i].name...)
	}
	w.endLine()
	for row := range rows {
		for i := range columns {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			if c := &columns[i]; c.present(row) {
				w.buf = c.appendTo(w.buf, row)
			}
		}
		if !w.endLine() {
			return
		}
	}
}
