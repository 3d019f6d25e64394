package store

import (
	"fmt"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// maxPoints bounds the answer to one question.
const maxPoints = 100_000

// Series is the answer to a HistoryQuery in the making: one point for each step that
// overlaps the range, all of them 0 at first.
type Series struct {
	Points       []stats.Sample
	point        flow.Point
	from, length int64
}

// NewSeries makes the empty series of a query.
func NewSeries(q HistoryQuery) (*Series, error) {
	from, n, err := steps(q.From, q.To, q.Step, 1)
	if err != nil {
		return nil, err
	}
	s := &Series{point: q.Point, from: from, length: q.Step * int64(time.Second)}
	s.Points = make([]stats.Sample, n)
	for i := range s.Points {
		s.Points[i].Time, s.Points[i].Point = s.from+int64(i)*s.length, q.Point
	}
	return s, nil
}

// NewRankSeries makes the empty answer to a query: for each key one point for each step
// that overlaps the range.
func NewRankSeries(q RankHistoryQuery) ([][]stats.RankPoint, error) {
	if q.Step%60 != 0 {
		return nil, fmt.Errorf("history of %s in steps of %d s: use a multiple of 60", q.Dimension, q.Step)
	}
	from, n, err := steps(q.From, q.To, q.Step, int64(len(q.Keys)))
	if err != nil {
		return nil, err
	}
	history := make([][]stats.RankPoint, len(q.Keys))
	for k := range history {
		history[k] = make([]stats.RankPoint, n)
		for i := range history[k] {
			history[k][i].Time = from + int64(i)*q.Step*int64(time.Second)
		}
	}
	return history, nil
}

// steps returns where the first step that overlaps [from, to) begins, and how many do.
func steps(from, to, step, series int64) (first, n int64, err error) {
	if step < 1 || to <= from {
		return 0, 0, fmt.Errorf("history from %d to %d in steps of %d s is empty", from, to, step)
	}
	first = AlignDown(from, step)
	n = (AlignDown(to-1, step)-first)/(step*int64(time.Second)) + 1
	if n*series > maxPoints {
		return 0, 0, fmt.Errorf("history has %d points, at most %d can be answered; use a longer step", n*series, maxPoints)
	}
	return first, n, nil
}

// Range is the series' beginning and end in nanoseconds since the Unix epoch, aligned to its step.
func (s *Series) Range() (from, to int64) { return s.from, s.from + int64(len(s.Points))*s.length }

// Add counts a sample for its step, if it belongs to the series.
func (s *Series) Add(sample *stats.Sample) {
	if from, to := s.Range(); sample.Point == s.point && sample.Time >= from && sample.Time < to {
		AddSample(&s.Points[(sample.Time-from)/s.length], sample)
	}
}

// AddSample sums two samples; the most active sessions of both remain.
func AddSample(to, s *stats.Sample) {
	for _, v := range []struct{ to, from *stats.Volume }{{&to.In, &s.In}, {&to.Out, &s.Out}, {&to.Other, &s.Other}} {
		v.to.Bytes += v.from.Bytes
		v.to.Packets += v.from.Packets
	}
	to.Observed += s.Observed
	to.NewSessions += s.NewSessions
	to.ActiveSessions = max(to.ActiveSessions, s.ActiveSessions)
	to.Retransmits += s.Retransmits
	to.Input.Add(s.Input)
}

// AlignDown is the beginning of the step, in seconds, that t lies in, also before 1970.
func AlignDown(t, step int64) int64 {
	length := step * int64(time.Second)
	return t - ((t%length)+length)%length
}
