package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/store"
)

// reattachEvery is how long a vanished interface is waited for between two looks, if
// nothing tells that it is back.
const reattachEvery = time.Second

// monitor starts and stops the metering of one source and knows how it fares.
type monitor struct {
	source  source
	silence time.Duration // without a packet before a warning; 0 = never
	record  func(store.Event)
	log     *slog.Logger
	started time.Time
	most    int // sessions
	// woken has a token after the interfaces changed.
	woken chan struct{}

	mu sync.Mutex // guards what follows
	// run is nil while monitoring is off.
	run      *run
	failure  string // why the capture stopped or waits; empty if neither
	finished bool   // a file was read to its end
	// past sums the counters of meters that are no longer running.
	past counters
}

// run is one stretch of monitoring, from start to stop.
type run struct {
	cancel context.CancelFunc
	done   chan struct{}
	since  time.Time
	// attached is guarded by monitor.mu: a new one whenever the source is attached again,
	// nil while it is away.
	attached attachment
}

// Start begins monitoring; changed is false if it was on already, or if a file has
// been read to its end. The error says why the source can't be opened.
func (m *monitor) Start(context.Context) (changed bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != nil || m.finished {
		return false, nil
	}
	attached, err := m.source.open()
	if err != nil {
		m.failure = err.Error()
		return false, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.run = &run{cancel: cancel, done: make(chan struct{}), since: time.Now(), attached: attached}
	m.failure = ""
	m.report(store.LevelInfo, "capture_started", "Monitoring of %s started.")
	go m.supervise(ctx, m.run, attached)
	return true, nil
}

// Stop ends monitoring and returns when everything that was metered has been handed over.
func (m *monitor) Stop(ctx context.Context) (changed bool, err error) {
	m.mu.Lock()
	r := m.run
	m.mu.Unlock()
	if r == nil {
		return false, nil
	}
	r.cancel()
	select {
	case <-r.done:
		return true, nil
	case <-ctx.Done():
		return true, fmt.Errorf("stop monitoring of %s: %w", m.source.name(), ctx.Err())
	}
}

// supervise meters the source until it ends or is stopped, and attaches again to an
// interface that vanished and came back.
func (m *monitor) supervise(ctx context.Context, r *run, attached attachment) {
	defer close(r.done)
	defer r.cancel()
	var watching sync.WaitGroup
	watching.Go(func() { m.watch(ctx) })
	for attached != nil {
		err := attached.meter(ctx)
		m.detach(r)
		attached = nil
		switch {
		case ctx.Err() != nil:
			m.report(store.LevelInfo, "capture_stopped", "Monitoring of %s stopped.")
		case errors.Is(err, capture.ErrInterfaceGone):
			m.fail("interface_gone", err)
			attached = m.reattach(ctx, r)
		case err != nil:
			m.finish(errors.Is(err, capture.ErrTruncated))
			m.fail("capture_failed", err)
		default:
			m.finish(true)
			m.report(store.LevelInfo, "file_finished", "%s was read to its end.")
		}
	}
	r.cancel()
	watching.Wait()
	m.mu.Lock()
	m.run = nil
	m.mu.Unlock()
}

// detach keeps what was counted of an attachment that has ended.
func (m *monitor) detach(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.past.sum(r.attached.counters())
	r.attached = nil
}

func (m *monitor) finish(finished bool) {
	m.mu.Lock()
	m.finished = finished
	m.mu.Unlock()
}

// reattach waits for the interface to come back; nil if monitoring was stopped first.
func (m *monitor) reattach(ctx context.Context, r *run) attachment {
	tick := time.NewTicker(reattachEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			m.report(store.LevelInfo, "capture_stopped", "Monitoring of %s stopped.")
			return nil
		case <-m.woken:
		case <-tick.C:
		}
		attached, err := m.source.open()
		if err != nil {
			continue
		}
		m.mu.Lock()
		r.attached, m.failure = attached, ""
		m.mu.Unlock()
		m.report(store.LevelInfo, "interface_back", "%s is back; monitoring goes on.")
		return attached
	}
}

// interfacesChanged makes the capture follow, from one goroutine.
func (m *monitor) interfacesChanged() {
	m.mu.Lock()
	var attached attachment
	if m.run != nil {
		attached = m.run.attached
	}
	m.mu.Unlock()
	if attached != nil {
		attached.refresh()
	}
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// watch warns when no packet came for too long, and says when they come again.
func (m *monitor) watch(ctx context.Context) {
	if m.silence <= 0 {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, seen, silent := time.Now(), uint64(0), false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			packets := m.counters().Input.Packets
			switch {
			case packets != seen:
				last, seen = now, packets
				if silent {
					silent = false
					m.report(store.LevelInfo, "traffic_resumed", "Packets arrive on %s again.")
				}
			case !silent && now.Sub(last) >= m.silence:
				silent = true
				m.report(store.LevelWarning, "no_traffic", fmt.Sprintf("No packet on %%s for %g seconds; check the cable, "+
					"the mirror port, and that this is the right interface.", m.silence.Seconds()))
			}
		}
	}
}

// counters sums all runs so far.
func (m *monitor) counters() counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.past
	if m.run != nil && m.run.attached != nil {
		c.sum(m.run.attached.counters())
	}
	return c
}

// Status is what the API says of the capture.
func (m *monitor) Status() api.MonitorStatus {
	c := m.counters()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := api.MonitorStatus{
		Monitoring: m.run != nil, Error: m.failure, Finished: m.finished,
		SourceKind: m.source.kind(), SourceName: m.source.name(), StartedAt: m.started,
		RefusedByReason: c.byReason(), Evicted: map[string]uint64{}, MaxSessions: uint64(m.most),
	}
	m.source.describe(&s, m.run != nil && m.run.attached != nil)
	if m.run != nil {
		s.Since = m.run.since
	}
	for name, n := range map[string]uint64{"flow_table": c.crowded, "flow_table_packets": c.overflow, "correlation": c.uncorrelated} {
		if n > 0 {
			s.Evicted[name] = n
		}
	}
	return s
}

// report records and logs an event; %s in its message stands for the source's name.
func (m *monitor) report(level store.Level, kind, message string) {
	name := m.source.name()
	e := store.Event{
		Level: level, Kind: kind, Message: fmt.Sprintf(message, name),
		Params: map[string]string{"source": name, "seconds": strconv.Itoa(int(m.silence.Seconds()))},
	}
	m.record(e)
	m.log.Info("event", "kind", kind, "message", e.Message)
}

// fail records why the capture stopped or waits; the status shows it too.
func (m *monitor) fail(kind string, err error) {
	m.mu.Lock()
	m.failure = err.Error()
	m.mu.Unlock()
	m.record(store.Event{
		Level: store.LevelError, Kind: kind, Message: err.Error(),
		Params: map[string]string{"source": m.source.name(), "error": err.Error()},
	})
	m.log.Error("capture failed", "kind", kind, "source", m.source.name(), "error", err)
}
