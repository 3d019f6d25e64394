package api

import (
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
)

const (
	// wantedPoints is how many points a series has at most if the step is ours to choose;
	// wantedRankPoints where it is of a dimension, which costs as many rows for each point
	// as the dimension has keys.
	wantedPoints     = 1000
	wantedRankPoints = 300
	// maxPoints is how many a client may ask for.
	maxPoints = 20_000
	maxHours  = 24 * 366
	maxStep   = 30 * 24 * 3600
)

// steps are the lengths of a point that read well on a time axis, in seconds.
var steps = [...]int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400}

// seriesParams ask for series by dimension.
func seriesParams() []param {
	return []param{
		{name: "dimension", kind: kindChoice, doc: "also the series of some keys of this dimension; the step is at least a minute", values: dimensionNames()},
		{name: "key", kind: kindText, doc: "the keys, with commas between, as rankings name them; not with top"},
		{name: "top", kind: kindNumber, doc: "the so many largest keys of the time; 5 if no key is given", min: 1, max: maxSeries},
	}
}

func historyParams() []param {
	return slices.Concat(historySpanParams(), []param{
		{name: "compare", kind: kindChoice, doc: "previous: also the period of the same length before", values: []string{comparePrevious}},
	}, seriesParams())
}

func historySpanParams() []param {
	return []param{
		{name: "hours", kind: kindNumber, doc: "the last so many hours; not with from and to", fallback: "24", min: 1, max: maxHours},
		timeParam("from", "beginning of the series"),
		timeParam("to", "end of the series; now if absent"),
		interfaceParam("only traffic that counts there; captured, duplicates and the like are of all it saw, active_sessions is 0"),
		{name: "step", kind: kindNumber, doc: "seconds of a point; chosen to fit if absent", min: 1, max: maxStep},
	}
}

// historyQuestion is what a series was asked for; from and to are whole steps.
type historyQuestion struct {
	from, to, step int64
	point          flow.Point
	compare        bool
}

// historyQuestion reads the parameters. If the step is ours to choose, there are at most so
// many points; least is the shortest step that can be answered.
func (s *Server) historyQuestion(ctx context.Context, q *query, wanted int, least int64) historyQuestion {
	h := historyQuestion{step: q.number("step"), point: s.point(q), compare: q.choice("compare") == comparePrevious}
	h.from, h.to = q.span()
	hours := q.number("hours")
	switch {
	case q.has("hours") && (h.from != 0 || h.to != 0):
		q.fail("hours", "not allowed together with from and to")
	case h.from == 0 && h.to != 0:
		q.fail("from", "needed where to is given")
	case h.from == 0:
		h.from, h.to = q.now-hours*int64(time.Hour), q.now
	case h.to == 0:
		h.to = q.now
	}
	if h.to <= h.from {
		q.fail("from", "must be before now where to is not given")
		h.to = h.from + 1
	}
	oldest := h.from
	if h.compare {
		oldest -= h.to - h.from
	}
	if h.step == 0 {
		h.step = s.kept(ctx, q.now).fittingStep(max(oldest, 1), h.to-h.from, wanted, least)
	}
	if h.step%least != 0 {
		q.fail("step", "must be a multiple of %d seconds here", least)
	}
	length := h.step * int64(time.Second)
	h.from -= mod(h.from, length)
	h.to += mod(-h.to, length)
	return h
}

// history answers with the traffic, and the series of keys of a dimension beside it.
func (s *Server) history(ctx context.Context, q *query) (wire.History, error) {
	dimension := q.choice("dimension")
	wanted, least := wantedPoints, second
	if dimension != "" {
		wanted, least = wantedRankPoints, minute
	}
	h := s.historyQuestion(ctx, q, wanted, least)
	keys, top := s.seriesKeys(q, dimension)
	if points := (h.to - h.from) / int64(time.Second) / h.step; points > maxPoints {
		q.fail("step", "%d seconds make more than %d points; use a longer step or a shorter time", h.step, maxPoints)
	}
	if q.err != nil {
		return wire.History{}, q.err
	}
	answer, err := s.series(ctx, h)
	if err != nil || dimension == "" {
		return answer, err
	}
	err = s.addSeries(ctx, &answer, dimension, keys, top, h)
	return answer, err
}

// series asks for the traffic, and for that before if it is to be compared.
func (s *Server) series(ctx context.Context, h historyQuestion) (wire.History, error) {
	samples, err := s.deps.Catalog.History(ctx, store.HistoryQuery{From: h.from, To: h.to, Step: h.step, Point: h.point})
	if err != nil {
		return wire.History{}, err
	}
	w := wire.History{From: wireTime(h.from), To: wireTime(h.to), Step: h.step, Points: points(samples, h.step)}
	if h.point != 0 {
		w.Interface = s.deps.Points(h.point)
	}
	if !h.compare {
		return w, nil
	}
	before := h.from - (h.to - h.from)
	samples, err = s.deps.Catalog.History(ctx, store.HistoryQuery{From: before, To: h.from, Step: h.step, Point: h.point})
	if err != nil {
		return wire.History{}, err
	}
	from := wireTime(before)
	w.Previous, w.PreviousFrom = points(samples, h.step), &from
	return w, nil
}

// fittingStep is the shortest step that gives at most so many points for a length in
// nanoseconds, and that there still is for the oldest of them.
func (k *kept) fittingStep(oldest, length int64, wanted int, least int64) int64 {
	least = k.step(oldest, least)
	span := float64(length) / float64(time.Second)
	for _, step := range steps {
		if step >= least && span/float64(step) <= float64(wanted) {
			return step
		}
	}
	return day * int64(math.Ceil(span/float64(day)/float64(wanted)))
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

func (s *Server) getHistory(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.history(r.Context(), q)
}
