package offline

import (
	"iter"
	"strings"
)

// gap is between the columns of a table.
const gap = 2

// writeTable writes rows in columns as wide as their widest value. unsorted yields
// the same rows in whatever order is fastest.
func writeTable[T any](w *lineWriter, columns []column[T], rows, unsorted iter.Seq[*T]) {
	l := newLayout(columns, widths(columns, unsorted))
	for i := range columns {
		l.header(w, i)
	}
	w.endLine()
	for row := range rows {
		l.row(w, row)
		if !w.endLine() {
			return
		}
	}
}

// layout says where in a line each column is. A line begins as blanks, into which
// every value is written at its place, so that nothing is moved or padded.
type layout[T any] struct {
	columns []column[T]
	start   []int
	end     []int
	blanks  string
	value   []byte // for values of which the length is not known yet
}

func newLayout[T any](columns []column[T], width []int) *layout[T] {
	l := &layout[T]{columns: columns}
	at := 0
	for i := range columns {
		l.start = append(l.start, at)
		l.end = append(l.end, at+width[i])
		at += width[i] + gap
	}
	last := len(columns) - 1
	if columns[last].quoted() {
		at = l.start[last] // text at the end of a line is not padded
	} else {
		at -= gap
	}
	l.blanks = strings.Repeat(" ", at)
	return l
}

func (l *layout[T]) header(w *lineWriter, i int) {
	c := &l.columns[i]
	width, last := l.end[i]-l.start[i], i == len(l.columns)-1
	if !c.quoted() {
		w.buf = append(w.buf, strings.Repeat(" ", width-len(c.name))...)
	}
	w.buf = append(w.buf, c.name...)
	if c.quoted() && !last {
		w.buf = append(w.buf, strings.Repeat(" ", width-len(c.name))...)
	}
	if !last {
		w.buf = append(w.buf, strings.Repeat(" ", gap)...)
	}
}

func (l *layout[T]) row(w *lineWriter, row *T) {
	base := len(w.buf)
	w.buf = append(w.buf, l.blanks...)
	line := w.buf[base:]
	for i := range l.columns {
		c := &l.columns[i]
		switch {
		case c.count != nil:
			putUint(line[:l.end[i]], c.count(row))
		case c.bare:
			l.value = c.append(l.value[:0], row)
			copy(line[l.end[i]-len(l.value):], l.value)
		case i == len(l.columns)-1:
			w.buf = c.append(w.buf, row)
		default:
			c.append(line[:l.start[i]], row)
		}
	}
}

// widths finds out how wide the columns must be. The last one needs no width unless
// its values are on the right.
func widths[T any](columns []column[T], rows iter.Seq[*T]) []int {
	all := make([]int, len(columns))
	largest := make([]uint64, len(columns))
	var measured []int
	for i := range columns {
		all[i] = max(columns[i].width, len(columns[i].name))
		if columns[i].width == 0 && (i < len(columns)-1 || !columns[i].quoted()) {
			measured = append(measured, i)
		}
	}
	var value []byte
	for row := range rows {
		for _, i := range measured {
			switch c := &columns[i]; {
			case c.count != nil:
				largest[i] = max(largest[i], c.count(row))
			case c.measure != nil:
				all[i] = c.measure(row, all[i])
			default:
				value = c.append(value[:0], row)
				all[i] = max(all[i], len(value))
			}
		}
	}
	for _, i := range measured {
		all[i] = max(all[i], digits(largest[i]))
	}
	return all
}
