package stats

import (
	"fmt"
	"net/netip"
	"sync"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

const second = int64(1e9)

// lateness is how far a batch's time may lie before the engine's clock and still be
// a straggler. What is older means that the clock was set back, and the engine
// follows it.
const lateness = 10 * second

// Engine folds flow records into what is known now. Consume is for sources; all
// other methods may be called from any goroutine and copy what they return.
type Engine struct {
	cfg     Config
	locator geo.Locator

	mu   sync.RWMutex // guards everything below
	home *Home

	// clock is the latest batch's time, since the first one's.
	clock, since int64
	started      bool
	// generation names the second that rates are of: a rate of another one is 0.
	generation uint32
	current    int64 // that second's number
	rate       struct{ in, out, other Volume }
	totals     Sample
	sessionSum uint64
	evicted    [boundCount]uint64

	sessions sessionTable
	ips      ipTable
	rankings []ranking
	minute   minutePart
	places   placeTable
	// scratch are the locations of the session that is being added: as variables they
	// would be allocated for each.
	scratch [2]geo.Location
	series  series
	points  map[flow.Point]*pointTotals
	tick    []Sample // of the batch's points, while it is folded in
	pending pending
}

var _ flow.Sink = (*Engine)(nil)

// bound is a structure whose bound made the engine forget something.
type bound uint8

const (
	boundSessions bound = iota
	boundIPs
	boundRanks
	boundPlaces
	boundArcs
	boundPendingSessions
	boundPendingIPs
	boundPendingSamples
	boundPendingRanks
	boundPoints
	boundCount
)

var boundNames = [boundCount]string{
	"sessions", "ips", "ranks", "places", "arcs", "pending_sessions", "pending_ips", "pending_samples",
	"pending_ranks", "points",
}

// New makes an engine. A nil locator knows no place, a nil home is NewHome(nil, nil).
func New(cfg Config, locator geo.Locator, home *Home) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("statistics settings: %w", err)
	}
	if cfg.Dimensions == nil {
		cfg.Dimensions = Dimensions
	}
	if err := checkDimensions(cfg.Dimensions); err != nil {
		return nil, err
	}
	if locator == nil {
		locator = nowhere{}
	}
	if home == nil {
		home = NewHome(nil, nil)
	}
	e := &Engine{cfg: cfg, locator: locator, home: home}
	e.sessions.index, e.sessions.parts = make(map[uint64]uint32), make(map[uint64]uint64)
	e.ips.index = make(map[[16]byte]uint32)
	e.initRankings()
	e.minute.gone = make(map[[16]byte]goneIP)
	e.places.init()
	e.series.slots = make([]Sample, cfg.SeriesSeconds)
	e.pending.ips = make(map[netip.Addr]IP)
	e.points = make(map[flow.Point]*pointTotals)
	return e, nil
}

type nowhere struct{}

func (nowhere) Locate(netip.Addr) geo.Location { return geo.Location{} }

// Consume folds a batch in. It counts for the second in which its time ends: a batch
// of 12:00:05 sharp is what happened in second 12:00:04. It never fails.
func (e *Engine) Consume(b flow.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	number := e.advance(b.Time)
	e.enterMinute(number)
	sample := Sample{Time: number * second, ActiveSessions: uint64(e.sessions.slab.len()), Input: b.Input}
	e.tick = e.tick[:0]
	for i := range b.Points {
		p := e.tickOf(b.Points[i].Point, number)
		p.Input.Add(b.Points[i].Input)
		p.Observed = max(p.Observed, b.Points[i].Observed)
	}
	for i := range b.Records {
		e.fold(&b.Records[i], &sample)
	}
	e.rate.in.add(sample.In)
	e.rate.out.add(sample.Out)
	e.rate.other.add(sample.Other)
	e.totals.add(&sample)
	e.sessionSum += sample.NewSessions
	e.observe(b.Since, b.Time, &sample)
	e.addSample(number, &sample)
	e.addPoints()
	if e.sessions.slab.len() == 0 {
		// Nothing lives, so nothing flows; after the last batch of a source nobody
		// else would say so.
		e.newGeneration()
		e.series.settle()
	}
	return nil
}

// addSample counts a sample for its second.
func (e *Engine) addSample(number int64, s *Sample) {
	e.series.add(number, s)
	e.evicted[boundPendingSamples] += e.pending.addSample(s, e.cfg.SeriesSeconds)
}

// observe notes that packets were captured from one time to another; the latest second's
// part of that goes into its sample.
func (e *Engine) observe(from, to int64, latest *Sample) {
	if from <= 0 || from >= to {
		return
	}
	from = max(from, to-int64(e.cfg.SeriesSeconds)*second)
	for number := floorDiv(from, second); number*second < latest.Time; number++ {
		begin := max(from, number*second)
		e.addSample(number, &Sample{Time: number * second, Observed: (number+1)*second - begin})
	}
	latest.Observed = to - max(from, latest.Time)
}

// advance moves the clock and returns the number of the batch's second.
func (e *Engine) advance(t int64) int64 {
	number := floorDiv(t-1, second)
	switch {
	case !e.started:
		e.started, e.since, e.clock, e.current = true, t, t, number
		e.series.reset(number)
	case t < e.clock-lateness:
		e.clock, e.current = t, number
		e.series.reset(number)
		e.newGeneration()
	case t < e.clock:
		return number
	default:
		if number > e.current {
			e.newGeneration()
		}
		e.clock, e.current = t, number
	}
	e.series.complete = floorDiv(e.clock, second)
	return number
}

// newGeneration makes all rates 0, without touching what they are of.
func (e *Engine) newGeneration() {
	e.generation++
	e.rate.in, e.rate.out, e.rate.other = Volume{}, Volume{}, Volume{}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// SetHome replaces what is home. Sessions that are known already keep their direction.
func (e *Engine) SetHome(home *Home) {
	if home == nil {
		home = NewHome(nil, nil)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.home = home
	for _, i := range e.ips.index {
		p := e.ips.slab.at(i)
		p.local = home.Level(p.netip()) >= LevelHome
	}
}

// Time is the engine's clock, the latest batch's time in nanoseconds since the Unix
// epoch; 0 before the first.
func (e *Engine) Time() int64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.clock
}

// Totals is the overview.
func (e *Engine) Totals() Totals {
	e.mu.RLock()
	defer e.mu.RUnlock()
	t := Totals{
		Since: e.since, Time: e.clock,
		In: e.totals.In, Out: e.totals.Out, Other: e.totals.Other, Input: e.totals.Input,
		RateIn: float64(e.rate.in.Bytes), RateOut: float64(e.rate.out.Bytes), RateOther: float64(e.rate.other.Bytes),
		PacketRate:     float64(e.rate.in.Packets + e.rate.out.Packets + e.rate.other.Packets),
		ActiveSessions: uint64(e.sessions.slab.len()),
		TotalSessions:  e.sessionSum,
		IPs:            uint64(e.ips.slab.len()),
		Evicted:        make(map[string]uint64, len(boundNames)),
	}
	for i, name := range boundNames {
		t.Evicted[name] = e.evicted[i]
	}
	return t
}

// rateOf is a rate in wire bytes per second, 0 if it is not of the latest second.
func (e *Engine) rateOf(n uint64, generation uint32) float64 {
	if generation != e.generation {
		return 0
	}
	return float64(n)
}

// Locate says where an address is, as the engine's locator knows it.
func (e *Engine) Locate(addr netip.Addr) geo.Location { return e.locator.Locate(addr) }

func (v *Volume) add(o Volume) {
	v.Bytes += o.Bytes
	v.Packets += o.Packets
}

func volume(c *flow.Counters) Volume { return Volume{Bytes: c.WireBytes, Packets: c.Packets} }
