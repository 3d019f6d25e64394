package stats

import (
	"slices"

	"netflow-monitor/internal/flow"
)

// maxPoints bounds the observation points that are summed one by one.
const maxPoints = 4096

// pointTotals is what one observation point saw since the engine was made.
type pointTotals struct {
	totals     Sample
	now        Sample // of the second of generation
	generation uint32
}

// tickOf is the sample of a point in the batch that is being folded in.
func (e *Engine) tickOf(p flow.Point, number int64) *Sample {
	for i := range e.tick {
		if e.tick[i].Point == p {
			return &e.tick[i]
		}
	}
	e.tick = append(e.tick, Sample{Time: number * second, Point: p})
	return &e.tick[len(e.tick)-1]
}

// addPoints counts the batch's samples of points. What is of none is in the sum only.
func (e *Engine) addPoints() {
	for i := range e.tick {
		s := &e.tick[i]
		if s.Point == 0 {
			continue
		}
		p := e.points[s.Point]
		if p == nil {
			if len(e.points) == maxPoints {
				e.forgetPoint()
			}
			p = new(pointTotals)
			e.points[s.Point] = p
		}
		if p.generation != e.generation {
			p.generation, p.now = e.generation, Sample{}
		}
		p.now.add(s)
		p.totals.add(s)
		e.evicted[boundPendingSamples] += e.pending.addSample(s, e.cfg.SeriesSeconds)
	}
}

// forgetPoint makes room by the point that is silent for longest.
func (e *Engine) forgetPoint() {
	var oldest flow.Point
	var age uint32
	for number, p := range e.points {
		if n := e.generation - p.generation; oldest == 0 || n > age {
			oldest, age = number, n
		}
	}
	delete(e.points, oldest)
	e.evicted[boundPoints]++
}

// Points is the overview of each observation point, by number.
func (e *Engine) Points() []PointTotals {
	e.mu.RLock()
	defer e.mu.RUnlock()
	list := make([]PointTotals, 0, len(e.points))
	for number, p := range e.points {
		t := PointTotals{Point: number, In: p.totals.In, Out: p.totals.Out, Other: p.totals.Other, Input: p.totals.Input}
		if now := &p.now; p.generation == e.generation {
			t.RateIn, t.RateOut, t.RateOther = float64(now.In.Bytes), float64(now.Out.Bytes), float64(now.Other.Bytes)
			t.PacketRate = float64(now.In.Packets + now.Out.Packets + now.Other.Packets)
			t.Seen = float64(now.Input.WireBytes)
		}
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b PointTotals) int { return int(a.Point) - int(b.Point) })
	return list
}

// PointSeries returns the samples of an observation point for seconds that begin in
// [from, to) and are not known to be stored. They are deltas: of one second there may be
// several.
func (e *Engine) PointSeries(p flow.Point, from, to int64) []Sample {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var list []Sample
	for _, samples := range [2][]Sample{e.pending.flight.Samples, e.pending.points} {
		for i := range samples {
			if s := &samples[i]; s.Point == p && s.Time >= from && s.Time < to && floorDiv(s.Time, second) < e.series.complete {
				list = append(list, *s)
			}
		}
	}
	return list
}
