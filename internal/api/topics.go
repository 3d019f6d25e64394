package api

import (
	"context"
	"sync"
	"time"

	"netflow-monitor/internal/api/wire"
)

// trafficSpan is how long the traffic topic's snapshot reaches back.
const trafficSpan = int64(time.Hour)

// topics are what clients of the WebSocket can subscribe to.
func (s *Server) topics() map[string]topic {
	traffic := &trafficTopic{server: s}
	return map[string]topic{
		wire.TopicStatus:   {params: statusParams(), snapshot: boxed(s.status)},
		wire.TopicTraffic:  {snapshot: boxed(traffic.snapshot), update: boxed(traffic.update), idle: traffic.idle},
		wire.TopicSessions: {params: sessionParams(), snapshot: boxed(s.listSessions)},
		wire.TopicIPStats:  {params: talkerParams(), snapshot: boxed(s.topTalkers)},
		wire.TopicGeoMap:   {params: mapParams(), snapshot: boxed(s.geoMap)},
		wire.TopicEvents:   {params: eventParams(), snapshot: boxed(s.listEvents)},
	}
}

func boxed[T any](f func(context.Context, *query) (T, error)) func(context.Context, *query) (any, error) {
	return func(ctx context.Context, q *query) (any, error) { return f(ctx, q) }
}

// trafficTopic sends the last hour once, and then only the seconds that are new.
type trafficTopic struct {
	server *Server

	mu sync.Mutex // guards sent
	// sent is the end of what was published last, so that updates join without a
	// gap; 0 if nobody listens.
	sent int64
}

// now is the end of the latest complete second, or of the last one there was when
// the source is at its end.
func (t *trafficTopic) now() int64 {
	now := t.server.deps.Engine.Time()
	rest := mod(now, int64(time.Second))
	if rest > 0 && t.server.deps.Monitor.Status().Finished {
		return now - rest + int64(time.Second)
	}
	return now - rest
}

func (t *trafficTopic) snapshot(ctx context.Context, _ *query) (wire.History, error) {
	to := t.now()
	t.mu.Lock()
	if t.sent == 0 {
		t.sent = to
	}
	t.mu.Unlock()
	return t.since(ctx, to-trafficSpan, to)
}

func (t *trafficTopic) update(ctx context.Context, _ *query) (wire.History, error) {
	to := t.now()
	t.mu.Lock()
	from := t.sent
	t.mu.Unlock()
	// Also when the clock went back, as it does when another file is read.
	if from > to || from < to-trafficSpan {
		from = to - trafficSpan
	}
	h, err := t.since(ctx, from, to)
	if err == nil {
		t.mu.Lock()
		t.sent = to
		t.mu.Unlock()
	}
	return h, err
}

func (t *trafficTopic) idle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = 0
}

func (t *trafficTopic) since(ctx context.Context, from, to int64) (wire.History, error) {
	from = max(from, 0)
	if from >= to {
		return wire.History{From: wireTime(to), To: wireTime(to), Step: 1, Points: []wire.HistoryPoint{}}, nil
	}
	return t.server.series(ctx, historyQuestion{from: from, to: to, step: 1})
}
