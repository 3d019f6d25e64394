package offline

import "io"

// bufferSize is how much is written at once.
const bufferSize = 64 << 10

// lineWriter collects lines in buf, to which whoever makes a line appends; its first
// error is final.
type lineWriter struct {
	out io.Writer
	buf []byte
	err error
}

func newLineWriter(w io.Writer) *lineWriter {
	return &lineWriter{out: w, buf: make([]byte, 0, bufferSize+bufferSize/8)}
}

// endLine ends the line made so far. It is false once nothing can be written any more.
func (w *lineWriter) endLine() bool {
	w.buf = append(w.buf, '\n')
	if len(w.buf) >= bufferSize {
		w.flush()
	}
	return w.err == nil
}

// flush writes out the lines so far; after an error they are dropped.
func (w *lineWriter) flush() {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

func (w *lineWriter) close() error {
	w.flush()
	return w.err
}
