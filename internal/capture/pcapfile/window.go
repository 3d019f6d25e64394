package pcapfile

import (
	"errors"
	"fmt"
	"io"

	"netflow-monitor/internal/capture"
)

// windowSize is what one read asks for: small enough that the bytes are still in the
// processor's cache when they are parsed, large enough that the system call is cheap.
const windowSize = 256 << 10

var errCutOff = errors.New("it ends within a record")

// window is the part of the input being parsed. Its bytes stay in place until the
// next fill, so frames are slices of it. A file is read rather than mapped: a mapped
// file that shrinks, or whose disk fails, kills the reader at any access to a frame.
type window struct {
	input  io.Reader
	buf    []byte
	pos    int   // the first unread byte of buf
	offset int64 // where in the input buf begins
	err    error // why no more can be read; sticky
}

func newWindow(input io.Reader) window {
	return window{input: input, buf: make([]byte, 0, windowSize)}
}

// peek returns the next n bytes without consuming them. io.EOF: nothing is left;
// io.ErrUnexpectedEOF: less than n; capture.ErrIdle: not there yet, ask again.
func (w *window) peek(n int) ([]byte, error) {
	if len(w.buf)-w.pos < n {
		if err := w.fill(n); err != nil {
			return nil, err
		}
	}
	return w.buf[w.pos : w.pos+n : w.pos+n], nil
}

// advance consumes n bytes that were peeked at.
func (w *window) advance(n int) { w.pos += n }

// at is the position in the input, after decompression.
func (w *window) at() int64 { return w.offset + int64(w.pos) }

// fill reads on until n bytes are there. The buffer grows with what arrives, not
// with what a record claims to hold.
func (w *window) fill(n int) error {
	w.offset += int64(w.pos)
	w.buf = w.buf[:copy(w.buf, w.buf[w.pos:])]
	w.pos = 0
	for len(w.buf) < n {
		if w.err != nil {
			return w.ended()
		}
		if len(w.buf) == cap(w.buf) {
			w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
		}
		count, err := w.input.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+count]
		if errors.Is(err, capture.ErrIdle) {
			return err
		}
		w.err = err
	}
	return nil
}

func (w *window) ended() error {
	if !errors.Is(w.err, io.EOF) {
		return w.err
	}
	if len(w.buf) > 0 {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// skip consumes up to n bytes and returns how many are left to skip when the input
// pauses; it needs no more memory than the window.
func (w *window) skip(n int64) (left int64, err error) {
	for n > 0 {
		if w.pos == len(w.buf) {
			if err := w.fill(1); err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return n, err
			}
		}
		step := min(n, int64(len(w.buf)-w.pos))
		w.pos += int(step)
		n -= step
	}
	return 0, nil
}

// damage is the error of an input that cannot be read on from here. cause says why.
func (w *window) damage(packets uint64, cause error) error {
	if errors.Is(cause, io.ErrUnexpectedEOF) {
		cause = errCutOff
	}
	return fmt.Errorf("%w: at byte %d, after %d packets: %w", capture.ErrTruncated, w.at(), packets, cause)
}
