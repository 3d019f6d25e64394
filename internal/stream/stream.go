// Package stream gives the latest value of each topic to many subscribers. A
// publisher never waits: a subscriber that is slow skips values and gets the
// newest one when it is ready again.
package stream

import (
	"errors"
	"slices"
	"sync"
)

// Limits bound what a Hub holds.
type Limits struct {
	// Subscribers is the largest number of subscribers at a time.
	Subscribers int
	// Topics is the largest number of distinct topics subscribed to at a time.
	Topics int
}

// Errors of a hub that is full.
var (
	ErrTooManySubscribers = errors.New("too many subscribers")
	ErrTooManyTopics      = errors.New("too many distinct topics")
)

// Hub holds the latest value of every topic that somebody subscribes to.
type Hub struct {
	limits Limits

	mu          sync.Mutex // guards all below, and the fields of the subscribers
	topics      map[string]*topic
	subscribers int
}

type topic struct {
	value       []byte
	version     uint64 // number of values published so far
	subscribers map[*Subscriber]struct{}
}

// New returns an empty hub.
func New(limits Limits) *Hub {
	return &Hub{limits: limits, topics: make(map[string]*topic)}
}

// Publish makes value the latest one of the topic and wakes its subscribers. The
// value is shared: nobody may change it afterwards. A topic without subscribers
// keeps nothing.
func (h *Hub) Publish(name string, value []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t, ok := h.topics[name]
	if !ok {
		return
	}
	t.value = value
	t.version++
	for s := range t.subscribers {
		select {
		case s.ready <- struct{}{}:
		default: // it has been woken already
		}
	}
}

// HasSubscribers reports whether anybody wants the topic.
func (h *Hub) HasSubscribers(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.topics[name]
	return ok
}

// Topics lists the topics that somebody wants, sorted.
func (h *Hub) Topics() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := make([]string, 0, len(h.topics))
	for name := range h.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Subscribers is how many subscribers there are now.
func (h *Hub) Subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.subscribers
}

// Subscribe adds a subscriber of the topics given. It must be closed.
func (h *Hub) Subscribe(topics ...string) (*Subscriber, error) {
	s := &Subscriber{hub: h, ready: make(chan struct{}, 1), seen: make(map[string]uint64)}
	h.mu.Lock()
	if h.subscribers >= h.limits.Subscribers {
		h.mu.Unlock()
		return nil, ErrTooManySubscribers
	}
	h.subscribers++
	h.mu.Unlock()
	for _, name := range topics {
		if err := s.Add(name); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Subscriber is one receiver of values. Its methods may be called from any goroutine.
type Subscriber struct {
	hub   *Hub
	ready chan struct{}

	order  []string          // topics in the order they were added
	seen   map[string]uint64 // version last taken, by topic
	closed bool
}

// Value is the latest value of a topic.
type Value struct {
	Topic string
	Data  []byte
	// Missed is how many values were published and skipped before this one.
	Missed uint64
}

// Ready delivers when a topic may have a new value; then call Take.
func (s *Subscriber) Ready() <-chan struct{} { return s.ready }

// Take returns the latest value of each topic that has a new one since the last
// Take, in the order the topics were added.
func (s *Subscriber) Take() []Value {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	var values []Value
	for _, name := range s.order {
		t := h.topics[name]
		if news := t.version - s.seen[name]; news > 0 {
			values = append(values, Value{Topic: name, Data: t.value, Missed: news - 1})
			s.seen[name] = t.version
		}
	}
	return values
}

// Add subscribes to one more topic; it delivers what is published from now on.
// Adding a topic twice changes nothing.
func (s *Subscriber) Add(name string) error {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := s.seen[name]; ok || s.closed {
		return nil
	}
	t, ok := h.topics[name]
	if !ok {
		if len(h.topics) >= h.limits.Topics {
			return ErrTooManyTopics
		}
		t = &topic{subscribers: make(map[*Subscriber]struct{})}
		h.topics[name] = t
	}
	t.subscribers[s] = struct{}{}
	s.seen[name] = t.version
	s.order = append(s.order, name)
	return nil
}

// Remove ends the subscription to a topic.
func (s *Subscriber) Remove(name string) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.remove(name)
}

func (s *Subscriber) remove(name string) {
	if _, ok := s.seen[name]; !ok {
		return
	}
	delete(s.seen, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
	t := s.hub.topics[name]
	delete(t.subscribers, s)
	if len(t.subscribers) == 0 {
		delete(s.hub.topics, name)
	}
}

// Topics lists what the subscriber wants, in the order it was added.
func (s *Subscriber) Topics() []string {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return slices.Clone(s.order)
}

// Close ends all its subscriptions. Closing twice is harmless.
func (s *Subscriber) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, name := range slices.Clone(s.order) {
		s.remove(name)
	}
	s.hub.subscribers--
}
