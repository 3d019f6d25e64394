package app

import (
	"context"
	"errors"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
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

// source is what can be monitored.
type source interface {
	kind() string
	name() string
	// describe fills in what is particular to the source; on is whether it is attached.
	describe(s *api.MonitorStatus, on bool)
	// open makes ready to meter, and has nothing left to release if it fails.
	open() (attachment, error)
}

// attachment is a source that was opened.
type attachment interface {
	// meter runs until the source ends (nil), ctx does or something fails, hands
	// everything over, and closes what can't go on.
	meter(ctx context.Context) error
	// counters may be called from any goroutine.
	counters() counters
	// refresh looks at the interfaces again, after one of them changed.
	refresh()
}

// file meters a capture file. It stays open while monitoring is stopped, so that
// starting again goes on where it was and counts nothing twice.
type file struct {
	path   string
	speed  float64 // 0 = as fast as possible
	filter string
	out    flow.Sink
	config meter.Config
	src    capture.Source
}

func (f *file) kind() string { return kindFile }

func (f *file) name() string {
	if f.path == "-" {
		return "stdin"
	}
	return f.path
}

func (f *file) describe(s *api.MonitorStatus, on bool) {
	state := api.PointOff
	if on {
		state = api.PointCapturing
	}
	s.Points = []api.PointStatus{{
		Point: f.config.Point, Name: f.name(), Type: kindFile, State: state, OwnRing: true, CoverageMinute: 1,
	}}
	s.CoverageMinute, s.Filter = 1, f.filter
}

func (f *file) open() (attachment, error) {
	m, err := meter.New(f.config)
	if err != nil {
		return nil, err
	}
	if f.src == nil {
		src, err := pcapfile.Open(f.path, pcapfile.Options{Speed: f.speed})
		if err != nil {
			return nil, err
		}
		f.src = filter.NewSource(src, f.filter)
	}
	return &replay{f, m}, nil
}

// replay is a file that is being metered.
type replay struct {
	*file
	metering *meter.Meter
}

func (r *replay) counters() (c counters) {
	c.add(r.metering.Counters())
	return c
}

func (*replay) refresh() {}

func (r *replay) meter(ctx context.Context) error {
	err := r.metering.Run(ctx, r.src, r.out)
	if ctx.Err() != nil {
		return err
	}
	src := r.src
	r.src = nil
	return errors.Join(err, src.Close())
}
