package offline

import (
	"bufio"
	"io"
	"iter"
	"strconv"
	"time"
)

// column is one field of a row in JSON and CSV, or one column of a table.
type column[T any] struct {
	name string
	kind kind
	// append appends the bare value, which never needs quoting or escaping.
	append func(b []byte, row *T) []byte
	// when is false for rows that lack the field; nil means all have it.
	when func(row *T) bool
	// width of a table's column, if it is known without looking at all values.
	width int
}

// kind says how a value is written.
type kind uint8

const (
	text   kind = iota // quoted in JSON, on the left of its column in a table
	number             // bare, and on the right
)

// lineWriter writes rows through one buffer; its first error is final.
type lineWriter struct {
	out  *bufio.Writer
	line []byte
	err  error
}

func newLineWriter(w io.Writer) *lineWriter {
	return &lineWriter{out: bufio.NewWriterSize(w, 1<<16)}
}

// flushLine writes out the line made so far.
func (w *lineWriter) flushLine() bool {
	if w.err == nil {
		_, w.err = w.out.Write(append(w.line, '\n'))
	}
	w.line = w.line[:0]
	return w.err == nil
}

func (w *lineWriter) close() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

func writeJSON[T any](w *lineWriter, columns []column[T], rows iter.Seq[*T]) {
	for row := range rows {
		w.line = appendJSON(w.line, columns, row)
		if !w.flushLine() {
			return
		}
	}
}

func appendJSON[T any](b []byte, columns []column[T], row *T) []byte {
	separator := byte('{')
	for i := range columns {
		c := &columns[i]
		if c.when != nil && !c.when(row) {
			continue
		}
		b = append(b, separator, '"')
		b = append(b, c.name...)
		b = append(b, '"', ':')
		if c.kind == text {
			b = append(b, '"')
		}
		b = c.append(b, row)
		if c.kind == text {
			b = append(b, '"')
		}
		separator = ','
	}
	return append(b, '}')
}

func writeCSV[T any](w *lineWriter, columns []column[T], rows iter.Seq[*T]) {
	w.line = appendHeader(w.line, columns)
	w.flushLine()
	for row := range rows {
		for i := range columns {
			if i > 0 {
				w.line = append(w.line, ',')
			}
			if c := &columns[i]; c.when == nil || c.when(row) {
				w.line = c.append(w.line, row)
			}
		}
		if !w.flushLine() {
			return
		}
	}
}

func appendHeader[T any](b []byte, columns []column[T]) []byte {
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, columns[i].name...)
	}
	return b
}

// writeTable writes rows in columns as wide as their widest value. unsorted yields
// the same rows in whatever order is fastest.
func writeTable[T any](w *lineWriter, columns []column[T], rows, unsorted iter.Seq[*T]) {
	width := widths(columns, unsorted)
	last := len(columns) - 1
	for i := range columns {
		start := len(w.line)
		w.line = append(w.line, columns[i].name...)
		w.pad(columns[i].kind, start, width[i], i == last)
	}
	w.flushLine()
	for row := range rows {
		for i := range columns {
			start := len(w.line)
			w.line = columns[i].append(w.line, row)
			w.pad(columns[i].kind, start, width[i], i == last)
		}
		if !w.flushLine() {
			return
		}
	}
}

// widths finds out how wide the columns must be. The last one needs no width.
func widths[T any](columns []column[T], rows iter.Seq[*T]) []int {
	all := make([]int, len(columns))
	var measured []int
	for i := range columns {
		all[i] = max(columns[i].width, len(columns[i].name))
		if columns[i].width == 0 && i < len(columns)-1 {
			measured = append(measured, i)
		}
	}
	var value []byte
	for row := range rows {
		for _, i := range measured {
			value = columns[i].append(value[:0], row)
			all[i] = max(all[i], len(value))
		}
	}
	return all
}

const blanks = "                                                                "

// pad brings the value that begins at start to its column's width.
func (w *lineWriter) pad(k kind, start, width int, last bool) {
	missing := max(width-(len(w.line)-start), 0)
	if last && k == text {
		return
	}
	for n := missing; n > 0; n -= len(blanks) {
		w.line = append(w.line, blanks[:min(n, len(blanks))]...)
	}
	if k == number && missing > 0 {
		value := w.line[start : len(w.line)-missing]
		copy(w.line[start+missing:], value)
		copy(w.line[start:start+missing], blanks)
	}
	if !last {
		w.line = append(w.line, "  "...)
	}
}

func appendUint[T uint8 | uint16 | uint64](b []byte, n T) []byte {
	return strconv.AppendUint(b, uint64(n), 10)
}

// timeWidth is that of a time with nanoseconds.
const timeWidth = 30

// appendTime appends a time of RFC 3339 in UTC with as many decimals as it needs.
func appendTime(b []byte, t int64) []byte {
	return time.Unix(0, t).UTC().AppendFormat(b, time.RFC3339Nano)
}

// appendSeconds appends d nanoseconds as seconds with as many decimals as they need.
func appendSeconds(b []byte, d int64) []byte {
	if d < 0 {
		b, d = append(b, '-'), -d
	}
	b = strconv.AppendInt(b, d/1e9, 10)
	rest := d % 1e9
	if rest == 0 {
		return b
	}
	decimals := 9
	for ; rest%10 == 0; rest /= 10 {
		decimals--
	}
	b = append(b, ".000000000"[:1+decimals]...)
	for i := len(b) - 1; rest > 0; i-- {
		b[i] = byte('0' + rest%10)
		rest /= 10
	}
	return b
}
