package pcapfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"netflow-monitor/internal/capture"
)

const (
	// idleAfter is how long a stream may be silent until Next says so.
	idleAfter = 100 * time.Millisecond
	// zstdWindow bounds the decompressor's memory: that of `zstd --long=27`.
	zstdWindow = 128 << 20
)

type nothingToClose struct{}

func (nothingToClose) Close() error { return nil }

// Close closes a file that is not going to be read.
func (f File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// input is the file without what it is compressed with.
func (f File) input() (io.Reader, io.Closer, error) {
	if f.file == nil {
		p := newPump(os.Stdin)
		return p, pumpCloser{p, nothingToClose{}}, nil
	}
	path, file := f.name, f.file
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s is a directory: name the files in it", path)
	case !info.Mode().IsRegular():
		p := newPump(file)
		return p, pumpCloser{p, file}, nil
	default:
		var input io.Reader
		if input, err = decompress(file); err == nil {
			return input, file, nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	return nil, nil, errors.Join(err, file.Close())
}

// decompress looks at the first bytes and puts the decompressor in between that
// they call for, if any.
func decompress(r io.Reader) (io.Reader, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	r = io.MultiReader(bytes.NewReader(head[:n]), r)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(r)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		decoder, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
		return decoder, nil
	default:
		return r, nil
	}
}

// pump reads a stream in a goroutine of its own, so that a reader can be told of
// silence instead of waiting. Two buffers go round between the two.
type pump struct {
	free  chan []byte
	full  chan chunk
	timer *time.Timer
	chunk chunk  // what is being read
	whole []byte // the buffer it is in
}

type chunk struct {
	data []byte
	err  error
}

const pumpBuffers = 2

func newPump(r io.Reader) *pump {
	p := &pump{
		free:  make(chan []byte, pumpBuffers),
		full:  make(chan chunk, pumpBuffers+1), // the goroutine never blocks on it
		timer: time.NewTimer(idleAfter),
	}
	for range pumpBuffers {
		p.free <- make([]byte, windowSize)
	}
	go p.run(r)
	return p
}

// run ends with the stream, or after Close as soon as the read under way returns.
func (p *pump) run(r io.Reader) {
	input, err := decompress(r)
	if err != nil {
		p.full <- chunk{err: err}
		return
	}
	for buf := range p.free {
		n, err := input.Read(buf)
		p.full <- chunk{buf[:n], err}
		if err != nil {
			return
		}
	}
}

// Read waits for the stream no longer than idleAfter, then returns capture.ErrIdle.
func (p *pump) Read(b []byte) (int, error) {
	for len(p.chunk.data) == 0 {
		if p.chunk.err != nil {
			return 0, p.chunk.err
		}
		if p.whole != nil {
			p.free <- p.whole
			p.whole = nil
		}
		p.timer.Reset(idleAfter)
		select {
		case p.chunk = <-p.full:
			p.whole = p.chunk.data[:cap(p.chunk.data)]
		case <-p.timer.C:
			return 0, capture.ErrIdle
		}
	}
	n := copy(b, p.chunk.data)
	p.chunk.data = p.chunk.data[n:]
	return n, nil
}

// pumpCloser ends the pump and closes its stream.
type pumpCloser struct {
	pump   *pump
	stream io.Closer
}

func (c pumpCloser) Close() error {
	close(c.pump.free)
	return c.stream.Close()
}
