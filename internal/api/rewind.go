package api

import (
	"context"
	"strconv"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// statusAt is the status as it was in a past second, minute, hour or day: its rates and
// the like from the history, its totals since the start of the program before it.
func (s *Server) statusAt(ctx context.Context, w window, k *kept) (wire.Status, error) {
	started, err := s.latestEvent(ctx, "program_started", w)
	if err != nil {
		return wire.Status{}, err
	}
	if started == 0 {
		started = w.from // its event is not kept any more
	}
	sample, sum, err := s.sampleAndSum(ctx, 0, started, w, k)
	if err != nil {
		return wire.Status{}, err
	}
	m := s.deps.Monitor.Status()
	m.Monitoring, m.Error, m.RefusedByReason, m.Evicted = sample.Observed > 0, "", nil, nil
	t := pastTotals(&sample, &sum, min(w.to, k.now)-w.from)
	m.CoverageMinute = sample.Input.Coverage()
	points, err := s.pointsAt(ctx, &m, started, w, k)
	if err != nil {
		return wire.Status{}, err
	}
	status := s.statusOf(ctx, &m, &t)
	status.Points, status.Interfaces = points, []string{}
	for i := range points {
		status.Interfaces = append(status.Interfaces, points[i].Name)
	}
	status.Time, status.StartedAt = wireTime(w.at), wireTime(started)
	status.Uptime, status.MonitoringSince, status.Span = seconds(max(w.at-started, 0)), nil, w.wire()
	if m.Monitoring {
		since, err := s.latestEvent(ctx, "capture_started", w)
		if err != nil {
			return wire.Status{}, err
		}
		if since != 0 {
			at := wireTime(since)
			status.MonitoringSince = &at
		}
	}
	return status, nil
}

// latestEvent is when the latest event of a kind happened before the end of a window; 0
// if there is none.
func (s *Server) latestEvent(ctx context.Context, kind string, w window) (int64, error) {
	events, _, err := s.deps.Catalog.Events(ctx, store.EventQuery{Kind: kind, To: w.to, Limit: 1})
	if err != nil || len(events) == 0 {
		return 0, err
	}
	return events[0].Time, nil
}

// sampleAndSum is what a point did within the window, and from the start to its end.
func (s *Server) sampleAndSum(ctx context.Context, p flow.Point, start int64, w window, k *kept) (sample, sum stats.Sample, err error) {
	list, err := s.deps.Catalog.History(ctx, store.HistoryQuery{From: w.from, To: w.to, Step: w.resolution, Point: p})
	if err != nil {
		return sample, sum, err
	}
	sum, err = s.sumHistory(ctx, p, start, w.to, k)
	return list[0], sum, err
}

// sumHistory sums up a time in the fewest steps: short ones, as far as they are kept, up
// to whole hours, whole hours, and short ones again.
func (s *Server) sumHistory(ctx context.Context, p flow.Point, from, to int64, k *kept) (sum stats.Sample, err error) {
	for from < to {
		step := k.step(from, second)
		from = store.AlignDown(from, step)
		end := to
		for _, longer := range [...]int64{minute, hour} {
			length := longer * int64(time.Second)
			switch {
			case longer <= step, k.step(from, longer) > longer:
			case mod(from, length) == 0 && from+length <= to:
				step, end = longer, store.AlignDown(to, longer)
			case step < longer && end == to:
				end = min(to, store.AlignDown(from, longer)+length)
			}
		}
		end = max(end, from+step*int64(time.Second))
		list, err := s.deps.Catalog.History(ctx, store.HistoryQuery{From: from, To: end, Step: step, Point: p})
		if err != nil {
			return sum, err
		}
		for i := range list {
			store.AddSample(&sum, &list[i])
		}
		from = end
	}
	return sum, nil
}

// pastTotals are the totals as the engine would have given them then; length is that of
// the sample in nanoseconds.
func pastTotals(sample, sum *stats.Sample, length int64) stats.Totals {
	rate := func(v stats.Volume) float64 { return float64(v.Bytes) / seconds(max(length, 1)) }
	packets := sample.In.Packets + sample.Out.Packets + sample.Other.Packets
	return stats.Totals{
		In: sum.In, Out: sum.Out, Other: sum.Other, Input: sum.Input,
		RateIn: rate(sample.In), RateOut: rate(sample.Out), RateOther: rate(sample.Other),
		PacketRate:     float64(packets) / seconds(max(length, 1)),
		ActiveSessions: sample.ActiveSessions, TotalSessions: sum.NewSessions,
	}
}

// pointsAt are the observation points that captured in the window.
func (s *Server) pointsAt(ctx context.Context, m *MonitorStatus, start int64, w window, k *kept) ([]wire.ObservationPoint, error) {
	known, err := s.pointsThen(ctx, m, w)
	if err != nil {
		return nil, err
	}
	list := []wire.ObservationPoint{}
	for _, p := range known {
		sample, sum, err := s.sampleAndSum(ctx, p.Point, start, w, k)
		if err != nil {
			return nil, err
		}
		if sample.Observed == 0 {
			continue
		}
		p.State, p.CoverageMinute = PointCapturing, sample.Input.Coverage()
		list = append(list, observationPoint(m, &p, &stats.PointTotals{
			Input: sum.Input, Seen: float64(sample.Input.WireBytes) / seconds(max(min(w.to, k.now)-w.from, 1)),
		}))
	}
	return list, nil
}

// pointsThen are those of now, and others that had traffic in the window.
func (s *Server) pointsThen(ctx context.Context, m *MonitorStatus, w window) ([]PointStatus, error) {
	var list []PointStatus
	known := make(map[flow.Point]bool)
	for _, p := range m.Points {
		if p.Point != 0 && !known[p.Point] {
			list, known[p.Point] = append(list, p), true
		}
	}
	minutes := store.AlignDown(w.from, max(w.resolution, minute))
	ranks, err := s.deps.Catalog.Ranks(ctx, store.RankQuery{Dimension: stats.DimensionInterface, From: minutes, To: w.to})
	if err != nil {
		return nil, err
	}
	for i := range ranks {
		n, err := strconv.ParseUint(ranks[i].Key, 10, 16)
		if p := flow.Point(n); err == nil && !known[p] {
			list = append(list, PointStatus{Point: p, Name: s.deps.Points(p)})
		}
	}
	return list, nil
}
