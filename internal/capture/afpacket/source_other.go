//go:build !linux

package afpacket

import (
	"fmt"
	"runtime"

	"netflow-monitor/internal/capture"
)

// Source cannot be had on this system.
type Source struct{}

// Capture cannot be had either.
type Capture struct{ Sources []*Source }

// Refresh does nothing.
func (*Capture) Refresh() ([]error, error) { return nil, nil }

// Close does nothing.
func (*Capture) Close() error { return nil }

// Supported reports whether packets of such an interface can be decoded.
func Supported(uint16) bool { return false }

// Open fails: the ring is a facility of Linux.
func Open(Config) (*Capture, error) {
	return nil, fmt.Errorf("%w on %s: only Linux has AF_PACKET; read a capture file with -r instead", ErrUnsupported, runtime.GOOS)
}

// Next implements capture.Source.
func (*Source) Next(*capture.Frame) error { return ErrUnsupported }

// Stats implements capture.Source.
func (*Source) Stats() (capture.Stats, error) { return capture.Stats{}, ErrUnsupported }

// RingBytes is the size of the ring.
func (*Source) RingBytes() int { return 0 }

// Close implements capture.Source.
func (*Source) Close() error { return nil }
