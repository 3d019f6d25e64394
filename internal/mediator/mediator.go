// Package mediator stands between metering processes and the statistics, as the
// Intermediate Process of RFC 6183 does: it takes what several of them hand over for
// the same second together, and makes one session of what several observation points
// saw of one conversation. It never makes packets wait.
package mediator

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"netflow-monitor/internal/flow"
)

const (
	// depth is how many batches of a source wait. While both places are taken, the
	// source keeps its deltas until the next second.
	depth = 2
	// grace is how long the batches of the others are waited for once the first one of
	// a second is there.
	grace = 300 * time.Millisecond
	// maxSources is how many bits of sources there are.
	maxSources = 64
)

// Config says what is put together.
type Config struct {
	// Sources is the number of metering processes, 1 to 64.
	Sources int
	// Correlate makes one session of flows that have the same ends: because several
	// interfaces saw them, or because the sources share their packets.
	Correlate bool
	// Deduplicate says that flows with the same ends at different points are the same
	// packets. Without it, only those of the same point are one session.
	Deduplicate bool
	// MaxFlows bounds the flows that are known at a time; each is metered at one point by
	// one source. Those beyond it are sessions of their own, and counted.
	MaxFlows int
	// Traits describes an observation point; nil: they have no traits. It is asked when
	// a flow begins, from the goroutine of Run.
	Traits func(flow.Point) Traits
	// Complete adds what the sources don't know to the batch of a second, in the
	// goroutine of Run; nil: nothing.
	Complete func(*flow.Batch)
}

// Traits are what matters of an observation point.
type Traits struct {
	// VLAN and InnerVLAN are the tags that an interface takes away from what it shows.
	VLAN, InnerVLAN uint16
	// Height is how many interfaces lie between it and the wire.
	Height uint8
	// Carried is true if its packets are those of another point, enciphered.
	Carried bool
}

// Validate reports what is out of range.
func (c Config) Validate() error {
	var errs []error
	if c.Sources < 1 || c.Sources > maxSources {
		errs = append(errs, fmt.Errorf("%d sources are out of range: use 1 to %d", c.Sources, maxSources))
	}
	if c.Correlate && c.MaxFlows < 1 {
		errs = append(errs, fmt.Errorf("max flows %d is out of range: use 1 or more", c.MaxFlows))
	}
	return errors.Join(errs...)
}

// Mediator is one. Sources hand over by Inlet; Run passes on.
type Mediator struct {
	cfg     Config
	out     flow.Sink
	inlets  []*inlet
	full    chan *parcel
	round   flow.Batch // what several sources handed over
	present uint64     // sources that are in the round, a bit each
	leaving flow.Batch // what is being handed over
	flows   correlator
	// uncorrelated are flows that found no room.
	uncorrelated atomic.Uint64
}

// New makes a mediator that hands over to out.
func New(cfg Config, out flow.Sink) (*Mediator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mediator: %w", err)
	}
	m := &Mediator{cfg: cfg, out: out, full: make(chan *parcel, depth*cfg.Sources)}
	for i := range cfg.Sources {
		in := &inlet{free: make(chan *parcel, depth), full: m.full}
		for range depth {
			in.free <- &parcel{source: i}
		}
		m.inlets = append(m.inlets, in)
	}
	m.flows.init(cfg)
	return m, nil
}

// parcel is a copied batch on its way.
type parcel struct {
	flow.Batch
	source int
}

// inlet takes the batches of one source.
type inlet struct {
	free chan *parcel
	full chan<- *parcel
}

// Inlet is where the source with the number, from 0 on, hands over. It copies the batch
// and returns at once; flow.ErrBusy if both places are taken.
func (m *Mediator) Inlet(number int) flow.Sink { return m.inlets[number] }

// Consume implements flow.Sink.
func (in *inlet) Consume(b flow.Batch) error {
	select {
	case p := <-in.free:
		b.Records, b.Points = append(p.Records[:0], b.Records...), counted(p.Points[:0], b.Points)
		p.Batch = b
		in.full <- p
		return nil
	default:
		return flow.ErrBusy
	}
}

// counted appends the accounts that have anything in them: a source keeps those of
// interfaces that are long gone.
func counted(list, all []flow.PointInput) []flow.PointInput {
	for _, p := range all {
		if p.Observed != 0 || p.Input != (flow.Input{}) {
			list = append(list, p)
		}
	}
	return list
}

// Close ends Run once it has delivered what was handed over; no source may hand over
// anything after it.
func (m *Mediator) Close() { close(m.full) }

// Uncorrelated counts the flows that found no room among those that are compared. It may
// be called from any goroutine.
func (m *Mediator) Uncorrelated() uint64 { return m.uncorrelated.Load() }

// Run passes on until Close; its error is that of the sink, and final.
func (m *Mediator) Run() error {
	for p := range m.full {
		if err := m.step(p); err != nil {
			return err
		}
	}
	return nil
}

// step passes on what a source handed over, with what others did for the same second.
func (m *Mediator) step(p *parcel) error {
	if m.cfg.Sources == 1 {
		defer func() { m.inlets[p.source].free <- p }()
		if m.cfg.Correlate {
			m.flows.assign(p.Records, p.source)
		}
		return m.deliver(p.Batch, true)
	}
	m.begin(p)
	m.await()
	return m.deliver(m.round, m.present == 1<<m.cfg.Sources-1)
}

// deliver hands a batch over; all says that all sources are in it. The batch's memory
// stays the caller's, and that of what is made of it the correlator's.
func (m *Mediator) deliver(b flow.Batch, all bool) error {
	m.leaving = b
	if m.cfg.Correlate {
		m.leaving.Records = m.flows.correlate(&m.leaving, all)
		m.uncorrelated.Store(m.flows.strangers)
	}
	if m.cfg.Complete != nil {
		m.cfg.Complete(&m.leaving)
	}
	return m.out.Consume(m.leaving)
}

// begin starts a round with a source's batch.
func (m *Mediator) begin(p *parcel) {
	m.present = 0
	m.round = flow.Batch{Records: m.round.Records[:0], Points: m.round.Points[:0]}
	m.add(p)
}

// await adds what the others hand over for the same second.
func (m *Mediator) await() {
	late := time.NewTimer(grace)
	defer late.Stop()
	for m.present != 1<<m.cfg.Sources-1 {
		select {
		case p, ok := <-m.full:
			if !ok {
				return
			}
			m.add(p)
		case <-late.C:
			return
		}
	}
}

func (m *Mediator) add(p *parcel) {
	b := &m.round
	if b.Since == 0 || p.Since != 0 && p.Since < b.Since {
		b.Since = p.Since
	}
	b.Time = max(b.Time, p.Time)
	b.Records = append(b.Records, p.Records...)
	b.Input.Add(p.Input)
	for i := range p.Points {
		AddPoint(b, p.Points[i])
	}
	if m.cfg.Correlate {
		m.flows.assign(p.Records, p.source)
	}
	m.present |= 1 << p.source
	m.inlets[p.source].free <- p
}

// AddPoint adds to the account of an observation point in a batch, and not to its sum.
func AddPoint(b *flow.Batch, in flow.PointInput) {
	for i := range b.Points {
		if p := &b.Points[i]; p.Point == in.Point {
			p.Add(in.Input)
			p.Observed = max(p.Observed, in.Observed)
			return
		}
	}
	b.Points = append(b.Points, in)
}
