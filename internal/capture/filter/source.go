package filter

import (
	"fmt"

	"netflow-monitor/internal/capture"
)

// Source delivers those packets of another source that match an expression. It is for
// files: a packet socket has its program in the kernel.
type Source struct {
	capture.Source
	expr     string
	programs map[uint16]*Program // by link type: a pcapng file may have several
	link     uint16              // of program
	program  *Program
}

// NewSource filters src by an expression; an empty one takes every packet. What is
// wrong with the expression for the packets' link type, Next says: it is known with
// the first of them.
func NewSource(src capture.Source, expr string) capture.Source {
	if expr == "" {
		return src
	}
	return &Source{Source: src, expr: expr, programs: map[uint16]*Program{}}
}

// Next implements capture.Source.
func (s *Source) Next(f *capture.Frame) error {
	for {
		if err := s.Source.Next(f); err != nil {
			return err
		}
		if s.program == nil || s.link != f.LinkType {
			if err := s.choose(f.LinkType); err != nil {
				return err
			}
		}
		if s.program.Match(f.Data, f.WireLen) {
			return nil
		}
	}
}

func (s *Source) choose(link uint16) error {
	p, ok := s.programs[link]
	if !ok {
		var err error
		if p, err = Compile(s.expr, link, Options{}); err != nil {
			return fmt.Errorf("packets of link type %d: %w", link, err)
		}
		s.programs[link] = p
	}
	s.link, s.program = link, p
	return nil
}
