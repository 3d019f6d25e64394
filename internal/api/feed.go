package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stream"
)

const (
	updateInterval = time.Second
	// maxLiveTopics bounds the distinct pairs of topic and query, over all clients.
	maxLiveTopics = 64
	// parallelRenders is how many of them are rendered at a time: the packet path
	// must keep its share of the cores.
	parallelRenders = 2
	renderTimeout   = 10 * time.Second
	// fresh is how old a rendering may be that a new subscriber gets as its snapshot.
	fresh = 900 * time.Millisecond
	// keptUpdates is how many updates a slow client can miss without needing a new
	// snapshot, where updates are only what is new.
	keptUpdates = 60
)

// topic is one that clients can subscribe to.
type topic struct {
	params   []param
	snapshot func(context.Context, *query) (any, error) // renders all of it
	// update renders what is new since the last update. Nil: updates are snapshots.
	update func(context.Context, *query) (any, error)
	// idle is called when nobody is left who got the last update.
	idle func()
}

// feed renders each wanted topic once a second, for all who want it, and nothing
// for nobody. A topic that takes longer than that skips updates; the others don't.
type feed struct {
	hub    *stream.Hub
	topics map[string]topic
	// now is the clock that relative times in queries are relative to.
	now func() int64
	log *slog.Logger
	// interval is the time between updates.
	interval time.Duration
	slots    chan struct{} // one token for each rendering that runs

	mu      sync.Mutex // guards entries
	entries map[string]*entry
}

// entry is the latest rendering of a topic with its query.
type entry struct {
	// updates are the latest messages of a topic whose updates are only what is new,
	// the oldest first; the feed's mutex guards them.
	updates [][]byte

	mu   sync.Mutex // guards what follows; held while rendering, so that one does it for all
	at   time.Time  // when rendering began
	data json.RawMessage
	err  error
}

func newFeed(hub *stream.Hub, topics map[string]topic, now func() int64, log *slog.Logger) *feed {
	return &feed{
		hub: hub, topics: topics, now: now, log: log, interval: updateInterval,
		slots: make(chan struct{}, parallelRenders), entries: make(map[string]*entry),
	}
}

// liveKey is the hub's name for a topic with its query, splitKey its inverse.
func liveKey(x wire.Subscription) string { return x.Topic + "?" + x.Query }

func splitKey(key string) wire.Subscription {
	name, raw, _ := strings.Cut(key, "?")
	return wire.Subscription{Topic: name, Query: raw}
}

// check refuses a subscription whose topic is unknown or whose query is wrong.
func (f *feed) check(x wire.Subscription) error {
	t, ok := f.topics[x.Topic]
	if !ok {
		names := make([]string, 0, len(f.topics))
		for name := range f.topics {
			names = append(names, name)
		}
		slices.Sort(names)
		return badParameter("topic", "%q is not one; known are: %s", x.Topic, strings.Join(names, ", "))
	}
	return parseQuery(x.Query, t.params, f.now()).err
}

// run publishes until ctx ends.
func (f *feed) run(ctx context.Context) {
	ticker := time.NewTicker(f.interval)
	defer ticker.Stop()
	var busy sync.Map // keys that are being rendered
	var rendering sync.WaitGroup
	defer rendering.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		f.forget()
		for _, key := range f.hub.Topics() {
			if _, running := busy.LoadOrStore(key, nil); running {
				continue
			}
			rendering.Go(func() {
				defer busy.Delete(key)
				f.publish(ctx, key)
			})
		}
	}
}

// forget drops the renderings that nobody wants any more. A client subscribes before
// it asks for the snapshot, so under the mutex it is either seen here or comes later.
func (f *feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.entries {
		if f.hub.HasSubscribers(key) {
			continue
		}
		delete(f.entries, key)
		if t := f.topics[splitKey(key).Topic]; t.idle != nil {
			t.idle()
		}
	}
}

func (f *feed) publish(ctx context.Context, key string) {
	x := splitKey(key)
	var data json.RawMessage
	var err error
	if t := f.topics[x.Topic]; t.update != nil {
		data, err = f.render(ctx, x, t.update)
	} else {
		data, err = f.latest(ctx, x, time.Now())
	}
	if ctx.Err() != nil {
		return
	}
	text := message("update", x, data, err)
	if f.topics[x.Topic].update != nil {
		f.keep(x, text)
	}
	f.hub.Publish(key, text)
}

func (f *feed) keep(x wire.Subscription, text []byte) {
	e := f.entry(x)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(e.updates) == keptUpdates {
		e.updates = slices.Delete(e.updates, 0, 1)
	}
	e.updates = append(e.updates, text)
}

// missed returns the n updates before latest and itself, or nil if they are not kept
// any more.
func (f *feed) missed(x wire.Subscription, latest []byte, n int) [][]byte {
	e := f.entry(x)
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(e.updates, func(u []byte) bool { return &u[0] == &latest[0] })
	if i < n {
		return nil
	}
	return slices.Clone(e.updates[i-n : i+1])
}

func (f *feed) entry(x wire.Subscription) *entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.entries[liveKey(x)]
	if !ok {
		e = &entry{}
		f.entries[liveKey(x)] = e
	}
	return e
}

// snapshot renders the first message of a subscription. Where updates are only what
// is new it must not be older than the subscription, or what came between is lost.
func (f *feed) snapshot(ctx context.Context, x wire.Subscription) ([]byte, error) {
	notBefore := time.Now()
	if f.topics[x.Topic].update == nil {
		notBefore = notBefore.Add(-fresh)
	}
	data, err := f.latest(ctx, x, notBefore)
	return message("snapshot", x, data, err), err
}

// latest renders a topic unless that was begun at notBefore or later; so one
// rendering serves all who wait for it.
func (f *feed) latest(ctx context.Context, x wire.Subscription, notBefore time.Time) (json.RawMessage, error) {
	e := f.entry(x)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at.Before(notBefore) {
		e.at = time.Now()
		e.data, e.err = f.render(ctx, x, f.topics[x.Topic].snapshot)
	}
	return e.data, e.err
}

func (f *feed) render(ctx context.Context, x wire.Subscription, do func(context.Context, *query) (any, error)) (data json.RawMessage, err error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		if fault := recover(); fault != nil {
			f.log.Error("rendering panicked", "topic", x.Topic, "query", x.Query, "fault", fmt.Sprint(fault))
			err = &problem{status: 500, code: "internal", detail: "rendering failed for a fault in the program; its log says more"}
		}
	}()
	// The result is for everybody, so one client that leaves must not spoil it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renderTimeout)
	defer cancel()
	value, err := do(ctx, parseQuery(x.Query, f.topics[x.Topic].params, f.now()))
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// message encodes what is sent for a subscription: data, or the problem there was.
func message(kind string, x wire.Subscription, data json.RawMessage, err error) []byte {
	m := wire.ServerMessage{Type: kind, Topic: x.Topic, Query: x.Query, Time: time.Now().UTC(), Data: data}
	if err != nil {
		m.Type, m.Data, m.Error = "error", nil, asProblem(err).wire()
	}
	text, err := json.Marshal(m)
	if err != nil {
		return []byte("{}") // data was made by json.Marshal, and the rest are strings: it can't fail
	}
	return text
}
