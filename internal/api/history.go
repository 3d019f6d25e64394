package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
)

const (
	// wantedPoints is how many points a series has at most if the step is ours to choose.
	wantedPoints = 1000
	// maxPoints is how many a client may ask for.
	maxPoints = 20_000
	maxHours  = 24 * 366
	maxStep   = 30 * 24 * 3600
)

// steps are the lengths of a point that read well on a time axis, in seconds.
var steps = [...]int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400}

func historyParams() []param {
	return []param{
		{name: "hours", kind: kindNumber, doc: "the last so many hours; not with from and to", fallback: "24", min: 1, max: maxHours},
		{name: "from", kind: kindTime, doc: "beginning of the series"},
		{name: "to", kind: kindTime, doc: "end of the series; now if absent"},
		interfaceParam("only traffic that counts there; captured, duplicates and the like are of all it saw, active_sessions is 0"),
		{name: "step", kind: kindNumber, doc: "seconds of a point; chosen to fit if absent", min: 1, max: maxStep},
	}
}

func (s *Server) history(ctx context.Context, q *query) (wire.History, error) {
	from, to, step := q.number("hours"), int64(0), q.number("step")
	start, end := q.span()
	point := s.point(q)
	m := s.deps.Monitor.Status()
	now := s.clock(&m)
	switch {
	case q.has("hours") && (start != 0 || end != 0):
		q.fail("hours", "not allowed together with from and to")
	case start == 0 && end != 0:
		q.fail("from", "needed where to is given")
	case start != 0:
		from, to = start, end
		if to == 0 {
			to = now
		}
		if to <= from {
			q.fail("from", "must be before now where to is not given")
		}
	default:
		from, to = now-from*int64(time.Hour), now
	}
	if step == 0 {
		step = fittingStep(from, to, now)
	}
	if (to-from)/int64(time.Second)/step > maxPoints {
		q.fail("step", "%d seconds make more than %d points; use a longer step or a shorter time", step, maxPoints)
	}
	if q.err != nil {
		return wire.History{}, q.err
	}
	return s.series(ctx, from, to, step, point)
}

// series asks for whole steps that cover from and to.
func (s *Server) series(ctx context.Context, from, to, step int64, point flow.Point) (wire.History, error) {
	length := step * int64(time.Second)
	from -= mod(from, length)
	if rest := mod(to, length); rest > 0 {
		to += length - rest
	}
	samples, err := s.deps.Catalog.History(ctx, store.HistoryQuery{From: from, To: to, Step: step, Point: point})
	if err != nil {
		return wire.History{}, err
	}
	h := wire.History{From: wireTime(from), To: wireTime(to), Step: step, Points: points(samples, step)}
	if point != 0 {
		h.Interface = s.deps.Points(point)
	}
	return h, nil
}

// fittingStep is the shortest step that gives at most wantedPoints and that is
// still stored for so long ago.
func fittingStep(from, to, now int64) int64 {
	least := int64(1)
	kept := store.DefaultRetention()
	switch age := time.Duration(now - from); {
	case age > kept.Minutes:
		least = 3600
	case age > kept.Seconds:
		least = 60
	}
	span := float64(to-from) / float64(time.Second)
	for _, step := range steps {
		if step >= least && span/float64(step) <= wantedPoints {
			return step
		}
	}
	const day = 86400
	return day * int64(math.Ceil(span/day/wantedPoints))
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

func (s *Server) getHistory(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.history(r.Context(), q)
}
