package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"netflow-monitor/internal/api/wire"
)

// TestLiveSlowClient has a client that reads nothing for a while: others must not
// notice, and when it reads again it gets the newest, and no second of traffic is missing.
func TestLiveSlowClient(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.traffic(t, 1000)
	address := f.serve(t)
	slow, _, err := dialWith(t, address, &websocket.DialOptions{HTTPClient: narrowClient()})
	if err != nil {
		t.Fatal(err)
	}
	// Much more than the socket's buffers hold.
	slow.subscribe("traffic", "sessions?per_page=1000", "sessions?per_page=1000&order_by=rate")
	slow.next("snapshot", "traffic")
	end := f.now
	quick := connect(t, address)
	quick.subscribe("status")
	for range 10 {
		f.traffic(t, 1)
		quick.next("update", "status")
	}
	for !end.Equal(f.now) {
		m := slow.read()
		if m.Topic != "traffic" {
			continue
		}
		h := dataOf[wire.History](t, m)
		if m.Type == "update" && h.From.After(end) {
			t.Fatalf("an update from %v after what ended at %v", h.From, end)
		}
		end = h.To
	}
}

// TestMissedUpdates publishes by hand what a client is too slow for.
func TestMissedUpdates(t *testing.T) {
	for _, tt := range []struct {
		topic  string
		missed int
		want   string
	}{
		{"traffic", 0, "1 update"},
		{"traffic", 5, "6 update"},
		{"traffic", keptUpdates - 1, "60 update"},
		{"traffic", keptUpdates, "1 snapshot"},
		{"status", 5, "1 update"},
	} {
		f := newFixture(t)
		f.traffic(t, 1)
		x := wire.Subscription{Topic: tt.topic}
		sub, err := f.hub.Subscribe(liveKey(x))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.feed.snapshot(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		end := f.now
		for range tt.missed + 1 {
			f.traffic(t, 1)
			f.feed.publish(t.Context(), liveKey(x))
		}
		texts := (&client{server: f.Server, sub: sub}).due(t.Context(), sub.Take()[0])
		var m wire.ServerMessage
		for _, text := range texts {
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatal(err)
			}
			if tt.topic == "status" {
				continue
			}
			h := dataOf[wire.History](t, m)
			if h.From.After(end) {
				t.Errorf("%d missed: a gap from %v to %v", tt.missed, end, h.From)
			}
			end = h.To
		}
		if got := fmt.Sprintf("%d %s", len(texts), m.Type); got != tt.want || tt.topic == "traffic" && !end.Equal(f.now) {
			t.Errorf("%d missed of %s: %s until %v, want %s until %v", tt.missed, tt.topic, got, end, tt.want, f.now)
		}
	}
}

// narrowClient has a small receive buffer, so that a pause is felt by the server.
func narrowClient() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(64 << 10)
		}
		return conn, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}
}

// TestLiveManySessions holds the promise of an update each second with 10 000 live
// sessions, for several lists at once.
func TestLiveManySessions(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes rendering too slow to say anything about speed")
	}
	f := newFixture(t)
	f.feed.interval = updateInterval
	f.traffic(t, 10_000)
	s := connect(t, f.serve(t))
	s.subscribe("status", "traffic", "ip-stats", "geo-map", "sessions?order_by=total_bytes", "sessions?order_by=rate&per_page=100", "sessions?protocol=udp&page=20")
	// Other tests may take the processor for a while: two in a row must be in time.
	var before time.Time
	inTime := 0
	for i := range 20 {
		f.traffic(t, 1000)
		m := s.next("update", "sessions")
		for m.Query != "order_by=total_bytes" {
			m = s.next("update", "sessions")
		}
		if gap := m.Time.Sub(before); i == 0 || gap > 1400*time.Millisecond {
			inTime = 0
		} else if inTime++; inTime == 2 {
			return
		}
		before = m.Time
	}
	t.Error("updates don't arrive every second")
}

// BenchmarkRender is what one topic costs a second with 10 000 live sessions.
func BenchmarkRender(b *testing.B) {
	f := newFixture(b)
	f.traffic(b, 10_000)
	for _, key := range []string{"status?", "traffic?", "sessions?", "sessions?order_by=total_bytes&protocol=udp", "ip-stats?", "geo-map?", "events?"} {
		b.Run(strings.TrimSuffix(key, "?"), func(b *testing.B) {
			x := splitKey(key)
			for b.Loop() {
				if _, err := f.feed.render(b.Context(), x, f.feed.topics[x.Topic].snapshot); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
