package filter_test

import (
	"errors"
	"io"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/filter"
)

// frames is a source of what it holds.
type frames []capture.Frame

func (s *frames) Next(f *capture.Frame) error {
	if len(*s) == 0 {
		return io.EOF
	}
	*f, *s = (*s)[0], (*s)[1:]
	return nil
}
func (s *frames) Stats() (capture.Stats, error) { return capture.Stats{}, nil }
func (s *frames) Close() error                  { return nil }

func TestSource(t *testing.T) {
	ipv4 := append([]byte{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0}, 10, 0, 0, 1, 10, 0, 0, 2)
	ethernet := append(make([]byte, 12), append([]byte{8, 0}, ipv4...)...)
	arp := append(make([]byte, 12), 8, 6, 0, 0)
	frame := func(link uint16, data []byte) capture.Frame {
		return capture.Frame{LinkType: link, Data: data, WireLen: uint32(len(data))}
	}
	src := filter.NewSource(&frames{frame(1, arp), frame(1, ethernet), frame(101, ipv4), frame(1, arp)}, "host 10.0.0.2 and tcp")
	var links []uint16
	var f capture.Frame
	err := src.Next(&f)
	for ; err == nil; err = src.Next(&f) {
		links = append(links, f.LinkType)
	}
	if len(links) != 2 || links[0] != 1 || links[1] != 101 || !errors.Is(err, io.EOF) {
		t.Errorf("packets of link types %v match, then %v", links, err)
	}

	err = filter.NewSource(&frames{frame(101, ipv4)}, "ether host 00:11:22:33:44:55").Next(&f)
	if _, ok := errors.AsType[*filter.Error](err); !ok {
		t.Errorf("an expression that the link type has nothing for: %v", err)
	}
	if src := filter.NewSource(&frames{frame(1, arp)}, ""); src.Next(&f) != nil {
		t.Error("an empty expression takes no packet")
	}
}
