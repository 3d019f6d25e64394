package api

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// years that a nanosecond count since the Unix epoch can hold.
const (
	minYear = 1970
	maxYear = 2200
)

// timeDoc is the part of a time's description that all have.
const timeDoc = "; RFC 3339, seconds since 1970, now, or how long ago: -90s, -15m, -24h, -7d, -2w"

func timeParam(name, doc string) param { return param{name: name, kind: kindTime, doc: doc + timeDoc} }

// time returns nanoseconds since the Unix epoch, 0 if absent.
func (q *query) time(name string) int64 {
	text, _ := q.get(name)
	if text == "" {
		return 0
	}
	t, ok := parseTime(text, q.now)
	if !ok || t.Year() < minYear || t.Year() > maxYear {
		q.fail(name, "%q is not allowed; use a time such as 2026-01-31T12:00:00Z, seconds since 1970, now, or how long ago, such as -24h or -7d", text)
		return 0
	}
	return t.UnixNano()
}

func parseTime(text string, now int64) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 40); err == nil && seconds >= 0 {
		return time.Unix(seconds, 0).UTC(), true
	}
	ago, relative := strings.CutPrefix(text, "now")
	if relative && ago == "" {
		return time.Unix(0, now).UTC(), true
	}
	if ago, relative = strings.CutPrefix(ago, "-"); relative {
		length, ok := parseLength(ago)
		return time.Unix(0, now).UTC().Add(-length), ok
	}
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC(), err == nil
}

// parseLength reads a whole number with a unit: 90s, 15m, 24h, 7d, 2w; at most 200 years.
func parseLength(text string) (time.Duration, bool) {
	const day, longest = 24 * time.Hour, 200 * 366 * 24 * time.Hour
	if text == "" {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day,
	}[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 40)
	if !ok || err != nil || n > uint64(longest/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// span returns the times from and to, in order.
func (q *query) span() (from, to int64) {
	from, to = q.time("from"), q.time("to")
	if from != 0 && to != 0 && to <= from {
		q.fail("to", "must be later than from")
	}
	return from, to
}

// seconds returns nanoseconds, 0 if absent.
func (q *query) seconds(name string) int64 {
	text, _ := q.get(name)
	if text == "" {
		return 0
	}
	const most = 1e9
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds <= most) { // also if it is not a number
		q.fail(name, "%q is not allowed; use seconds from 0 to %d, with a fraction if need be", text, int64(most))
		return 0
	}
	return int64(math.Round(seconds * float64(time.Second)))
}
