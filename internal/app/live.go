package app

import (
	"context"
	"errors"
	"log/slog"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/mediator"
	"netflow-monitor/internal/meter"
)

// live meters interfaces; the statistics must never make their packets wait.
type live struct {
	config      afpacket.Config
	meters      meter.Config
	deduplicate bool
	interfaces  *interfaces
	reconciler  *reconciler
	ringBytes   atomic.Int64 // of each ring, as it was got
	lanes       *lanes       // one for each worker
	out         flow.Sink
	log         *slog.Logger
}

func (l *live) kind() string { return kindInterface }
func (l *live) name() string { return strings.Join(l.config.Interfaces, ",") }

// any reports whether all interfaces are wanted, several whether it may be more than one.
func (l *live) any() bool     { return slices.Contains(l.config.Interfaces, afpacket.Any) }
func (l *live) several() bool { return len(l.config.Interfaces) > 1 || l.any() }

// wants reports whether packets of the interface are captured while it is up.
func (l *live) wants(link netdev.Link) bool {
	return slices.Contains(l.config.Interfaces, link.Name) || l.any() && link.Type != "loopback"
}

// captures reports whether they are captured now, while monitoring is on.
func (l *live) captures(link netdev.Link) bool {
	return link.Up && l.wants(link) && afpacket.Supported(link.Hardware)
}

func (l *live) open() (attachment, error) {
	rings, err := afpacket.Open(l.config)
	if err != nil {
		return nil, err
	}
	a := &liveCapture{live: l, capture: rings}
	if err := a.prepare(); err != nil {
		return nil, errors.Join(err, rings.Close())
	}
	l.ringBytes.Store(int64(rings.Sources[0].RingBytes()))
	l.reconciler.begin()
	return a, nil
}

func (l *live) describe(s *api.MonitorStatus, on bool) {
	links := l.interfaces.list()
	byName := make(map[string]netdev.Link, len(links))
	for _, link := range links {
		byName[link.Name] = link
	}
	for _, name := range l.config.Interfaces {
		if name == afpacket.Any {
			continue
		}
		link, there := byName[name]
		s.Points = append(s.Points, l.pointStatus(name, link, there, on))
	}
	for _, index := range byIndex(links, nil) {
		if link := links[index]; l.any() && link.Up && link.Type != "loopback" && !slices.Contains(l.config.Interfaces, link.Name) {
			s.Points = append(s.Points, l.pointStatus(link.Name, link, true, on))
		}
	}
	s.CoverageMinute = l.reconciler.minute(0)
	s.Filter, s.Workers, s.RingBytes = l.config.Filter, l.config.Workers, int(l.ringBytes.Load())
}

func (l *live) pointStatus(name string, link netdev.Link, there, on bool) api.PointStatus {
	s := api.PointStatus{Name: name, Type: link.Type, State: api.PointCapturing, OwnRing: !l.several(), CoverageMinute: 1}
	if p, known := l.interfaces.find(name); known {
		s.Point, s.CoverageMinute = p, l.reconciler.minute(p)
	}
	switch {
	case !there:
		s.State = api.PointGone
	case !link.Up:
		s.State = api.PointDown
	case !afpacket.Supported(link.Hardware):
		s.State = api.PointUnsupported
	case !on:
		s.State = api.PointOff
	}
	return s
}

// liveCapture is a capture that is being metered: each source by a meter of its own.
type liveCapture struct {
	*live
	capture  *afpacket.Capture
	meters   []*meter.Meter
	mediator *mediator.Mediator
}

func (a *liveCapture) prepare() (err error) {
	n := len(a.capture.Sources)
	config := a.live.meters
	config.SequenceStep = 1 << bits.Len(uint(n-1))
	if a.several() {
		config.Points = a.interfaces
	} else {
		config.Point = a.interfaces.number(a.name())
	}
	for range n {
		m, err := meter.New(config)
		if err != nil {
			return err
		}
		config.FirstSequence++
		a.meters = append(a.meters, m)
	}
	a.mediator, err = mediator.New(mediator.Config{
		Sources: n, Correlate: n > 1 || a.several() && a.deduplicate, Deduplicate: a.deduplicate,
		MaxFlows: flowsOfSession * config.MaxSessions, Traits: a.traits, Complete: a.reconciler.complete,
	}, a.out)
	return err
}

// flowsOfSession is how many interfaces may see all sessions.
const flowsOfSession = 4

// traits are those of the interface. What one enciphers is in the packets of another only
// if that is captured on as well.
func (a *liveCapture) traits(p flow.Point) mediator.Traits {
	t := a.interfaces.traits(p)
	if t.Carried && !a.any() {
		t.Carried = false
		for _, link := range a.interfaces.list() {
			t.Carried = t.Carried || a.captures(link) && !enciphers(link) && link.Type != "loopback"
		}
	}
	return t
}

func (a *liveCapture) counters() (c counters) {
	for _, m := range a.meters {
		c.add(m.Counters())
	}
	c.uncorrelated += a.mediator.Uncorrelated()
	return c
}

func (a *liveCapture) refresh() {
	if missing, err := a.capture.Refresh(); err != nil {
		a.log.Error("capture does not follow the interfaces", "error", err)
	} else {
		for _, reason := range missing {
			a.log.Debug("interface not captured on", "reason", reason)
		}
	}
}

func (a *liveCapture) meter(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	delivered := make(chan error, 1)
	go func() { delivered <- a.mediator.Run() }()
	errs := make([]error, len(a.meters)+1) // the mediator's is the last one
	var workers sync.WaitGroup
	for i, m := range a.meters {
		workers.Go(func() {
			src := a.capture.Sources[i]
			a.lanes.run(i, func() { errs[i] = m.Run(ctx, src, a.mediator.Inlet(i)) })
			// Those whose interface is gone read out their rings and end by themselves.
			if !errors.Is(errs[i], capture.ErrInterfaceGone) {
				cancel()
			}
			errs[i] = errors.Join(errs[i], src.Close())
		})
	}
	workers.Wait()
	a.mediator.Close()
	errs[len(a.meters)] = <-delivered
	return errors.Join(errs...)
}
