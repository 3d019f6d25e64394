package store

import (
	"slices"
	"sync"
	"time"
)

// How many events are kept for live push, and how many may wait for the store.
const (
	recentEvents    = 500
	unwrittenEvents = 1000
)

// journal holds the newest events and those that are not stored yet.
type journal struct {
	mu     sync.Mutex // guards all fields
	lastID uint64
	newest []Event // oldest first, at most recentEvents
	queue  []Event // not stored yet, oldest first, at most unwrittenEvents
	lost   uint64
}

// add gives the event an ID: the microseconds of now, so that IDs rise across
// restarts, are unique, and fit a JavaScript number.
func (j *journal) add(e Event) {
	now := time.Now()
	if e.Time == 0 {
		e.Time = now.UnixNano()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lastID = max(j.lastID+1, uint64(max(now.UnixMicro(), 1)))
	e.ID = j.lastID
	j.newest = appendBounded(j.newest, e, recentEvents)
	if len(j.queue) == unwrittenEvents {
		j.lost++
	}
	j.queue = appendBounded(j.queue, e, unwrittenEvents)
}

func (j *journal) recent(n int) []Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	n = min(max(n, 0), len(j.newest))
	events := slices.Clone(j.newest[len(j.newest)-n:])
	slices.Reverse(events)
	return events
}

func (j *journal) unwritten() []Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.queue)
}

// stored forgets the events of a batch that was written.
func (j *journal) stored(events []Event) {
	if len(events) == 0 {
		return
	}
	last := events[len(events)-1].ID
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue = slices.DeleteFunc(j.queue, func(e Event) bool { return e.ID <= last })
}

func (j *journal) lostCount() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lost
}

func appendBounded(events []Event, e Event, bound int) []Event {
	if len(events) >= bound {
		events = slices.Delete(events, 0, len(events)-bound+1)
	}
	return append(events, e)
}
