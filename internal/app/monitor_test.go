package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
	"netflow-monitor/internal/store"
)

// script is a source whose captures do in turn what the test says.
type script struct {
	plays []play
	next  int
}

// play is one opening of the source: its error, or frames until its end.
type play struct {
	err    error
	frames int
	end    error // capture.ErrIdle: it goes on being silent
}

func (s *script) kind() string { return kindInterface }
func (s *script) name() string { return "eth9" }

func (s *script) describe(*api.MonitorStatus, bool) {}

func (s *script) open() (attachment, error) {
	p := s.plays[min(s.next, len(s.plays)-1)]
	s.next++
	if p.err != nil {
		return nil, p.err
	}
	m, err := meter.New(meter.Default())
	return &player{play: p, metering: m}, err
}

type player struct {
	play
	metering *meter.Meter
	closed   bool
}

func (p *player) meter(ctx context.Context) error {
	return errors.Join(p.metering.Run(ctx, p, sinkFunc(func(flow.Batch) error { return nil })), p.Close())
}

func (p *player) counters() (c counters) {
	c.add(p.metering.Counters())
	return c
}

func (*player) refresh() {}

func (p *player) Next(f *capture.Frame) error {
	if p.frames > 0 {
		p.frames--
		*f = capture.Frame{Data: []byte{0}, WireLen: 60, LinkType: 1, Time: time.Now().UnixNano()}
		return nil
	}
	time.Sleep(100 * time.Millisecond)
	*f = capture.Frame{Time: time.Now().UnixNano()}
	return p.end
}

func (p *player) Stats() (capture.Stats, error) { return capture.Stats{}, nil }

func (p *player) Close() error {
	if p.closed {
		return errors.New("closed twice")
	}
	p.closed = true
	return nil
}

// events keeps the kinds of what was recorded.
type events struct {
	mu    sync.Mutex
	kinds []string
}

func (e *events) record(x store.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kinds = append(e.kinds, x.Kind)
}

func newTestMonitor(plays ...play) (*monitor, *events) {
	e := new(events)
	return &monitor{
		source: &script{plays: plays}, silence: 5 * time.Second, woken: make(chan struct{}, 1),
		record: e.record, log: slog.New(slog.DiscardHandler), started: time.Now(),
	}, e
}

func TestStartAndStopAreIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newTestMonitor(play{frames: 3, end: capture.ErrIdle})
		for range 2 {
			for i, want := range []bool{true, false} {
				if changed, err := m.Start(t.Context()); changed != want || err != nil {
					t.Errorf("start %d: %v, %v", i, changed, err)
				}
			}
			time.Sleep(2 * time.Second)
			if s := m.Status(); !s.Monitoring || s.Since.IsZero() || s.Error != "" {
				t.Errorf("running: %+v", s)
			}
			for i, want := range []bool{true, false} {
				if changed, err := m.Stop(t.Context()); changed != want || err != nil {
					t.Errorf("stop %d: %v, %v", i, changed, err)
				}
			}
			if s := m.Status(); s.Monitoring || !s.Since.IsZero() {
				t.Errorf("stopped: %+v", s)
			}
		}
		// What earlier runs counted stays counted.
		if c := m.counters(); c.Packets != 6 || c.Refused != 6 {
			t.Errorf("counted %+v", c.Input)
		}
		want := []string{"capture_started", "capture_stopped", "capture_started", "capture_stopped"}
		if d := cmp.Diff(want, e.kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestVanishedInterfaceIsAttachedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		absent := errors.New("there is no eth9")
		m, e := newTestMonitor(
			play{frames: 1, end: capture.ErrInterfaceGone}, play{err: absent}, play{err: absent},
			play{frames: 2, end: capture.ErrIdle})
		if _, err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if s := m.Status(); !s.Monitoring || s.Error == "" {
			t.Errorf("while it is away: %+v", s)
		}
		time.Sleep(4 * time.Second)
		if s := m.Status(); !s.Monitoring || s.Error != "" || m.counters().Packets != 3 {
			t.Errorf("when it is back: %+v, %d packets", s, m.counters().Packets)
		}
		if _, err := m.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"capture_started", "interface_gone", "interface_back", "capture_stopped"}, e.kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestStopWhileTheInterfaceIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := newTestMonitor(play{end: capture.ErrInterfaceGone}, play{err: errors.New("there is no eth9")})
		if _, err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if changed, err := m.Stop(t.Context()); !changed || err != nil || m.Status().Monitoring {
			t.Errorf("%v, %v", changed, err)
		}
	})
}

func TestHowASourceEnds(t *testing.T) {
	tests := []struct {
		name     string
		end      error
		finished bool
		failure  bool
		event    string
	}{
		{"end of a file", io.EOF, true, false, "file_finished"},
		{"truncated file", capture.ErrTruncated, true, true, "capture_failed"},
		{"failure", errors.New("out of luck"), false, true, "capture_failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newTestMonitor(play{frames: 1, end: tt.end})
				if _, err := m.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				s := m.Status()
				if s.Monitoring || s.Finished != tt.finished || (s.Error != "") != tt.failure || !slices.Contains(e.kinds, tt.event) {
					t.Errorf("%+v, %v", s, e.kinds)
				}
				changed, err := m.Start(t.Context())
				if changed == tt.finished || err != nil {
					t.Errorf("start again: %v, %v", changed, err)
				}
				if _, err := m.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSilenceIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newTestMonitor(play{end: capture.ErrIdle})
		if _, err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if _, err := m.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"capture_started", "no_traffic", "capture_stopped"}, e.kinds); d != "" {
			t.Error(d)
		}
	})
}

func TestFailedStartIsShown(t *testing.T) {
	m, _ := newTestMonitor(play{err: errors.New("no permission; become root")})
	if changed, err := m.Start(t.Context()); changed || err == nil || m.Status().Error != err.Error() {
		t.Errorf("%v, %v, %+v", changed, err, m.Status())
	}
}
