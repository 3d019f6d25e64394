// Package rows writes the lists of the API as CSV and as JSON lines: an object a line, the
// same that the API sends. It looks at no types while it writes, so that an export is as
// fast as the disk it comes from.
package rows

import (
	"io"

	"netflow-monitor/internal/api/wire"
)

// Format is how rows are written.
type Format int

// The formats. CSV begins with a line of names; what an object holds within is in columns
// of its own, and what a row does not have is empty.
const (
	CSV Format = iota + 1
	JSONLines
)

// Formats are the names of the formats.
func Formats() []string { return []string{"csv", "jsonl"} }

// ParseFormat is the format with this name.
func ParseFormat(name string) (Format, bool) {
	switch name {
	case "csv":
		return CSV, true
	case "jsonl":
		return JSONLines, true
	}
	return 0, false
}

// Extension is that of a file's name; ContentType what HTTP calls it.
func (f Format) Extension() string { return Formats()[f-1] }

// ContentType is the media type.
func (f Format) ContentType() string {
	if f == CSV {
		return "text/csv; charset=utf-8; header=present"
	}
	return "application/x-ndjson"
}

// chunk is how much is written at a time, in bytes.
const chunk = 64 << 10

// Writer writes rows of one type.
type Writer[T any] struct {
	out   io.Writer
	cells cells
	row   func(*cells, *T)
}

func newWriter[T any](out io.Writer, f Format, row func(*cells, *T)) *Writer[T] {
	w := &Writer[T]{out: out, row: row, cells: cells{mode: modeJSON, buf: make([]byte, 0, chunk+chunk/4)}}
	if f == CSV {
		w.cells.mode = modeNames
		var none T
		w.line(&none)
		w.cells.mode = modeCSV
	}
	return w
}

// Sessions writes sessions.
func Sessions(out io.Writer, f Format) *Writer[wire.Session] { return newWriter(out, f, session) }

// IPs writes addresses.
func IPs(out io.Writer, f Format) *Writer[wire.IP] { return newWriter(out, f, ip) }

// Events writes events.
func Events(out io.Writer, f Format) *Writer[wire.Event] { return newWriter(out, f, event) }

// History writes the points of a series.
func History(out io.Writer, f Format) *Writer[wire.HistoryPoint] {
	return newWriter(out, f, historyPoint)
}

// Ranks writes the rows of a ranking.
func Ranks(out io.Writer, f Format) *Writer[wire.Rank] { return newWriter(out, f, rank) }

// Write adds a row.
func (w *Writer[T]) Write(row *T) error {
	w.line(row)
	if len(w.cells.buf) < chunk {
		return nil
	}
	return w.Flush()
}

func (w *Writer[T]) line(row *T) {
	w.cells.begin()
	w.row(&w.cells, row)
	w.cells.end()
}

// Flush passes on what was written so far.
func (w *Writer[T]) Flush() error {
	_, err := w.out.Write(w.cells.buf)
	w.cells.buf = w.cells.buf[:0]
	return err
}
