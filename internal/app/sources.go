package app

import (
	"context"
	"errors"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// The kinds of sources, as in the API.
const (
	kindInterface = "interface"
	kindFile      = "file"
)

// source is what the monitor can meter.
type source interface {
	kind() string
	name() string
	open() (capture.Source, error)
	// meter runs until the source ends (nil), ctx does or something fails, hands
	// everything over, and closes what can't go on.
	meter(ctx context.Context, m *meter.Meter, src capture.Source) error
}

// live meters an interface; the statistics must never make its packets wait.
type live struct {
	config afpacket.Config
	out    flow.Sink
}

func (l *live) kind() string { return kindInterface }
func (l *live) name() string { return l.config.Interface }

func (l *live) open() (capture.Source, error) {
	src, err := afpacket.Open(l.config)
	if err != nil {
		return nil, err
	}
	return src, nil
}

func (l *live) meter(ctx context.Context, m *meter.Meter, src capture.Source) error {
	h := newHandoff(l.out)
	delivered := make(chan error, 1)
	go func() { delivered <- h.run() }()
	err := m.Run(ctx, src, h)
	h.close()
	return errors.Join(err, <-delivered, src.Close())
}

// file meters a capture file. It stays open while monitoring is stopped, so that
// starting again goes on where it was and counts nothing twice.
type file struct {
	path   string
	speed  float64 // 0 = as fast as possible
	filter string
	out    flow.Sink
	src    capture.Source
}

func (f *file) kind() string { return kindFile }

func (f *file) name() string {
	if f.path == "-" {
		return "stdin"
	}
	return f.path
}

func (f *file) open() (capture.Source, error) {
	if f.src == nil {
		src, err := pcapfile.Open(f.path, pcapfile.Options{Speed: f.speed})
		if err != nil {
			return nil, err
		}
		f.src = filter.NewSource(src, f.filter)
	}
	return f.src, nil
}

func (f *file) meter(ctx context.Context, m *meter.Meter, src capture.Source) error {
	err := m.Run(ctx, src, f.out)
	if ctx.Err() != nil {
		return err
	}
	f.src = nil
	return errors.Join(err, src.Close())
}
