package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
)

func TestLiveSnapshotsAndUpdates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.traffic(t, 60)
	s := connect(t, f.serve(t))
	topics := []string{"status", "traffic", "sessions?per_page=2&protocol=udp", "ip-stats?limit=1", "geo-map", "events"}
	s.subscribe(topics...)
	for _, topic := range topics {
		m, want := s.read(), splitKey(topic)
		if m.Type != "snapshot" || m.Topic != want.Topic || m.Query != want.Query || len(m.Data) == 0 {
			t.Errorf("%s: %s of %s with %q", topic, m.Type, m.Topic, m.Query)
		}
	}
	f.traffic(t, 3)
	until(s, "status", func(x wire.Status) bool { return x.ActiveSessions == 63 })
	until(s, "sessions", func(x wire.Page[wire.Session]) bool { return x.Total == 59 && len(x.Items) == 2 })
	until(s, "ip-stats", func(x wire.TopTalkers) bool { return len(x.IPs) == 1 && x.IPs[0].SessionCount == 63 })
	// The update says what the answer to a request says at the same time.
	rest := decode[wire.GeoMap](t, f.get(t, "/api/geo-map"), 200)
	until(s, "geo-map", func(x wire.GeoMap) bool { return cmp.Equal(x, rest) })
	f.writer.Record(store.Event{Kind: "no_traffic"})
	until(s, "events", func(x wire.Page[wire.Event]) bool { return x.Total == 1 && x.Items[0].Kind == "no_traffic" })
}

func TestLiveTrafficHasNoGaps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 5 {
		f.traffic(t, 3)
	}
	s := connect(t, f.serve(t))
	s.subscribe("traffic")
	snapshot := dataOf[wire.History](t, s.next("snapshot", "traffic"))
	if len(snapshot.Points) != 3600 || snapshot.Step != 1 || !snapshot.To.Equal(f.now) {
		t.Fatalf("snapshot: %d points of %d s to %v", len(snapshot.Points), snapshot.Step, snapshot.To)
	}
	if last := snapshot.Points[3599]; last.BytesOut == 0 {
		t.Errorf("last point %+v", last)
	}
	end := snapshot.To
	for i := range 3 {
		for range i + 1 { // a fast replay brings more than a second in a second
			f.traffic(t, 3)
		}
		until(s, "traffic", func(h wire.History) bool {
			if h.From.After(end) {
				t.Fatalf("update begins at %v, the last one ended at %v", h.From, end)
			}
			end = h.To
			return end.Equal(f.now)
		})
	}
	// When all have left, the next one does not get the time between as an update.
	s.subscribe()
	for len(f.hub.Topics()) > 0 || f.feed.rendered() > 0 {
		time.Sleep(time.Millisecond)
	}
	f.now = f.now.Add(time.Minute)
	f.traffic(t, 3)
	s.subscribe("traffic")
	s.next("snapshot", "traffic")
	if h := dataOf[wire.History](t, s.next("update", "traffic")); len(h.Points) != 0 {
		t.Errorf("first update after a pause has %d points", len(h.Points))
	}
}

// TestLiveTrafficAtTheEndOfAFile reads a file that ends within a second.
func TestLiveTrafficAtTheEndOfAFile(t *testing.T) {
	f := newFixture(t)
	for i, at := range []time.Time{f.now, f.now.Add(300 * time.Millisecond)} {
		r := testRecord(at.UnixNano()-1, i)
		r.End = flow.EndForced
		if err := f.engine.Consume(flow.Batch{Time: at.UnixNano(), Records: []flow.Record{r}}); err != nil {
			t.Fatal(err)
		}
	}
	traffic := f.feed.topics[wire.TopicTraffic]
	for _, finished := range []bool{false, true} {
		f.monitor.status.Finished = finished
		v, err := traffic.snapshot(t.Context(), &query{})
		h, ok := v.(wire.History)
		if err != nil || !ok || len(h.Points) != 3600 {
			t.Fatalf("%v, %d points", err, len(h.Points))
		}
		if p := h.Points[3599]; p.Time.Equal(f.now) != finished || p.BytesOut == 0 {
			t.Errorf("finished %v: last point %+v", finished, p)
		}
	}
}

// rendered is how many renderings are kept.
func (f *feed) rendered() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.entries)
}

func TestLiveResubscribe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.traffic(t, 3)
	s := connect(t, f.serve(t))
	s.subscribe("status", "geo-map", "status")
	s.next("snapshot", "status")
	s.next("snapshot", "geo-map")
	s.subscribe("geo-map", "events")
	// What stays gets no second snapshot, what went gets no more updates.
	for updates := 0; updates < 2; {
		m := s.read()
		if m.Type == "snapshot" && m.Topic != "events" {
			t.Errorf("second snapshot of %s", m.Topic)
		}
		if m.Type == "update" && m.Topic == "events" {
			updates++
		}
		if updates > 0 && m.Topic == "status" {
			t.Error("status goes on")
		}
	}
	if got := fmt.Sprint(f.hub.Topics()); got != "[events? geo-map?]" {
		t.Errorf("wanted topics %s", got)
	}
	s.subscribe()
	deadline := time.Now().Add(5 * time.Second)
	for len(f.hub.Topics()) > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if got := f.hub.Topics(); len(got) > 0 {
		t.Errorf("still wanted: %v", got)
	}
}

func TestLiveRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := connect(t, f.serve(t))
	for _, tt := range []struct{ message, topic, field string }{
		{"no json", "", "type"},
		{`{"type":"hello"}`, "", "type"},
		{`[]`, "", "type"},
		{`{"type":"subscribe","topics":[{"topic":"passwords"}]}`, "passwords", "topic"},
		{`{"type":"subscribe","topics":[{"topic":"sessions","query":"port=x"}]}`, "sessions", "port"},
		{`{"type":"subscribe","topics":[{"topic":"sessions","query":"nonsense=1"}]}`, "sessions", "nonsense"},
		{`{"type":"subscribe","topics":[{"topic":"status","query":"x=1"}]}`, "status", "x"},
		{`{"type":"subscribe","topics":[` + strings.Repeat(`{"topic":"status"},`, maxSubscriptions) + `{}]}`, "", "topics"},
	} {
		s.send(tt.message)
		m := s.next("error", tt.topic)
		if m.Error == nil || m.Error.Field != tt.field || m.Error.Code != "bad_parameter" || m.Error.Status != 400 {
			t.Errorf("%.60s: %+v", tt.message, m.Error)
		}
	}
	// One bad subscription does not spoil the good ones, and the connection lives.
	s.subscribe("passwords", "status")
	s.next("error", "passwords")
	s.next("snapshot", "status")
	if err := s.conn.Write(t.Context(), websocket.MessageBinary, []byte{1}); err != nil {
		t.Fatal(err)
	}
	s.next("error", "")
	s.next("update", "status")

	s.send(strings.Repeat(" ", maxClientMessage+1))
	if code := s.closed(); code != websocket.StatusMessageTooBig {
		t.Errorf("a huge message: closed with %v", code)
	}
}

func TestLiveOriginAndSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withAuth(t))
	address := f.serve(t)
	if _, status, err := dial(t, address, nil); err == nil || status != http.StatusUnauthorized {
		t.Errorf("without a password: %v", err)
	}
	w := f.do(t, "POST", "/api/sign-in", `{"password":"`+testPassword+`"}`)
	cookie := cookieOf(t, w)
	header := http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": {"http://evil.example"}}
	if _, status, err := dial(t, address, header); err == nil || status != http.StatusForbidden {
		t.Errorf("from another site: %v", err)
	}
	header.Set("Origin", "http://"+address)
	s, _, err := dial(t, address, header)
	if err != nil {
		t.Fatal(err)
	}
	s.subscribe("status")
	s.next("update", "status")
	f.do(t, "POST", "/api/sign-out", "", func(r *http.Request) { r.AddCookie(cookie) })
	if code := s.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("after sign-out: closed with %v", code)
	}
	byPassword, _, err := dial(t, address, http.Header{"Authorization": {"Bearer " + testPassword}})
	if err != nil {
		t.Fatal(err)
	}
	byPassword.subscribe("status")
	byPassword.next("update", "status")
}

func TestLiveClientsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config, _ *Deps) { c.MaxClients = 2 })
	address := f.serve(t)
	a := connect(t, address)
	connect(t, address)
	if _, status, err := dial(t, address, nil); err == nil || status != http.StatusServiceUnavailable {
		t.Errorf("third client: %v", err)
	}
	if err := a.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for f.hub.Subscribers() > 1 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	connect(t, address)
}

func TestLiveQueriesAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.feed.interval = time.Hour
	address := f.serve(t)
	var last *socket
	for c := range maxLiveTopics/maxSubscriptions + 1 {
		last = connect(t, address)
		topics := make([]string, maxSubscriptions)
		for i := range topics {
			topics[i] = fmt.Sprintf("sessions?port=%d", 1+c*maxSubscriptions+i)
		}
		last.subscribe(topics...)
		if c < maxLiveTopics/maxSubscriptions {
			for range topics {
				last.next("snapshot", "sessions")
			}
		}
	}
	if m := last.next("error", "sessions"); m.Error.Code != "too_many_topics" || m.Error.Status != 503 {
		t.Errorf("%+v", m.Error)
	}
}

func TestLiveStoreFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = failing{d.Catalog} })
	s := connect(t, f.serve(t))
	s.subscribe("sessions", "status")
	if m := s.next("error", "sessions"); m.Error.Code != "store_failed" {
		t.Errorf("%+v", m.Error)
	}
	s.next("update", "status")
	g := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = panicking{d.Catalog} })
	s = connect(t, g.serve(t))
	s.subscribe("sessions", "status")
	if m := s.next("error", "sessions"); m.Error.Code != "internal" {
		t.Errorf("%+v", m.Error)
	}
	s.next("update", "status")
}

func TestShutdownSaysGoodbye(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, l) }()
	s := connect(t, l.Addr().String())
	s.subscribe("status")
	s.next("update", "status")
	cancel()
	if code := s.closed(); code != websocket.StatusGoingAway {
		t.Errorf("closed with %v", code)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("Run goes on after its last client left")
	}
	if f.hub.Subscribers() != 0 {
		t.Errorf("%d clients are left", f.hub.Subscribers())
	}
}
