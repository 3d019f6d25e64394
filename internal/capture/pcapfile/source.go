// Package pcapfile reads packets from pcap and pcapng files and streams, also
// compressed with gzip or zstd.
package pcapfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"netflow-monitor/internal/capture"
)

// Options say how a file is read.
type Options struct {
	// Speed paces the packets by their times: 1 is as fast as they were captured,
	// 10 ten times that, 0 as fast as possible. Not negative.
	Speed float64
}

// Validate refuses a speed that is negative, infinite or not a number.
func (o Options) Validate() error {
	if !(o.Speed >= 0 && o.Speed <= maxSpeed) {
		return fmt.Errorf("speed %v is out of range: give a factor from 0 (as fast as possible) to %d", o.Speed, maxSpeed)
	}
	return nil
}

// publishEvery is how many packets may pass until Stats knows of them: an atomic
// store for each would cost as much as parsing the record.
const publishEvery = 256

// Source delivers the packets of one file. It implements capture.Source.
type Source struct {
	name     string
	closer   io.Closer
	win      window
	format   format
	big      bool   // the writer's byte order
	limit    uint32 // the largest packet that is taken for one
	ifaces   []iface
	skipping int64 // bytes left of a block that is passed over
	packets  uint64
	received atomic.Uint64
	last     int64 // time of the last packet parsed
	pace     pacer
	err      error // the final answer of Next; sticky
}

// Open opens a capture file, or standard input for "-". What a file is shows in its
// first bytes, never in its name. A stream is not waited for: if it turns out to be
// no capture, Next says so.
func Open(path string, opts Options) (*Source, error) {
	file, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	return Read(file, opts)
}

// File is an open capture file of which nothing has been read yet.
type File struct {
	name string
	file *os.File // nil for standard input
}

// OpenFile is the first half of Open, for who has the right to open the file but
// should not be the one who looks into it.
func OpenFile(path string) (File, error) {
	if path == "-" {
		return File{name: path}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("open capture file: %w", err)
	}
	return File{path, file}, nil
}

// Read is the second half of Open. If it fails it has closed the file.
func Read(f File, opts Options) (*Source, error) {
	if err := opts.Validate(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	input, closer, err := f.input()
	if err != nil {
		return nil, fmt.Errorf("open capture file: %w", err)
	}
	s := newSource(f.name, input, closer, opts)
	if err := s.begin(); err != nil && !errors.Is(err, capture.ErrIdle) {
		return nil, errors.Join(err, closer.Close())
	}
	return s, nil
}

func newSource(name string, input io.Reader, closer io.Closer, opts Options) *Source {
	return &Source{name: name, closer: closer, win: newWindow(input), pace: pacer{speed: opts.Speed}}
}

// Next implements capture.Source. The clock of an idle source is 0 before the first
// packet; later it is that of the last packet or, when paced, runs on from it.
func (s *Source) Next(f *capture.Frame) error {
	if s.format != formatPcap || s.pace.speed != 0 || !s.takePcap(f) {
		return s.slowly(f)
	}
	s.count(f)
	return nil
}

// slowly is Next for all but a record that lies ready.
func (s *Source) slowly(f *capture.Frame) error {
	if s.pace.speed != 0 {
		return s.pace.next(s, f)
	}
	return s.read(f)
}

// read delivers the next packet without pacing.
func (s *Source) read(f *capture.Frame) error {
	if err := s.readOn(f); err != nil {
		return s.stop(f, err)
	}
	s.count(f)
	return nil
}

func (s *Source) count(f *capture.Frame) {
	s.last = f.Time
	s.packets++
	if s.packets%publishEvery == 0 {
		s.received.Store(s.packets)
	}
}

// readOn reads the next packet of whatever format.
func (s *Source) readOn(f *capture.Frame) error {
	if s.format == formatUnknown {
		if err := s.begin(); err != nil {
			return err
		}
	}
	switch s.format {
	case formatPcap:
		return s.readPcap(f)
	case formatPcapNG:
		return s.readPcapNG(f)
	default:
		return s.err
	}
}

// stop gives an error its final form and remembers it, except for a mere pause.
func (s *Source) stop(f *capture.Frame, err error) error {
	s.received.Store(s.packets)
	if s.format == formatEnded {
		return s.err
	}
	switch {
	case errors.Is(err, capture.ErrIdle):
		f.Time = s.last
		return err
	case errors.Is(err, io.EOF):
		s.err = io.EOF
	case errors.Is(err, ErrFormat) || errors.Is(err, capture.ErrTruncated):
		s.err = err
	default:
		s.err = fmt.Errorf("read %s: %w", s.name, s.win.damage(s.packets, err))
	}
	s.format = formatEnded
	return s.err
}

// Stats implements capture.Source. Received lags behind by at most 256 packets
// while packets flow.
func (s *Source) Stats() (capture.Stats, error) {
	return capture.Stats{Received: s.received.Load()}, nil
}

// Close implements capture.Source.
func (s *Source) Close() error {
	if s.format != formatEnded {
		s.format, s.err = formatEnded, os.ErrClosed
	}
	if err := s.closer.Close(); err != nil {
		return fmt.Errorf("close %s: %w", s.name, err)
	}
	return nil
}
