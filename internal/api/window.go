package api

import (
	"context"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

// The lengths of what is kept, in seconds.
const (
	second = int64(1)
	minute = int64(60)
	hour   = int64(3600)
	day    = int64(86400)
)

// rewindSeconds is how long a rewind answers to the second.
const rewindSeconds = time.Hour

func atParam(doc string) param {
	return timeParam("at", "rewind: "+doc+" (hour, day, where only that is kept); not with from and to")
}

// window is the time that a question is about. The zero window is the present.
type window struct {
	from, to   int64 // nanoseconds since the Unix epoch; [from, to)
	at         int64 // 0 if a time from … to is asked for
	resolution int64 // seconds
}

// isNow reports whether no time was asked for.
func (w window) isNow() bool { return w == window{} }

// wire is nil for the present.
func (w window) wire() *wire.Span {
	if w.isNow() {
		return nil
	}
	span := &wire.Span{From: wireTime(w.from), To: wireTime(w.to), Resolution: w.resolution}
	if w.at != 0 {
		at := wireTime(w.at)
		span.At = &at
	}
	return span
}

// previous is the period of the same length before.
func (w window) previous() window {
	w.from, w.to, w.at = w.from-(w.to-w.from), w.from, 0
	return w
}

// window reads at, or from and to; finest is the shortest step in seconds that the
// answer can be made of. Without to, it ends now.
func (s *Server) window(ctx context.Context, q *query, finest int64) window {
	from, to := q.span()
	at := q.time("at")
	switch {
	case at != 0 && (from != 0 || to != 0):
		q.fail("at", "not allowed together with from and to")
	case at > q.now:
		q.fail("at", "is in the future")
	case at != 0:
		if q.now-at > int64(rewindSeconds) {
			finest = max(finest, minute)
		}
		step := s.kept(ctx, q.now).step(at, finest)
		from = store.AlignDown(at, step)
		return window{from: from, to: from + step*int64(time.Second), at: at, resolution: step}
	case from == 0 && to == 0:
		return window{}
	}
	if to == 0 {
		to = max(q.now, from+1)
	}
	return window{from: from, to: to, resolution: s.kept(ctx, q.now).step(max(from, 1), finest)}
}
