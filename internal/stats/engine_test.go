package stats

import (
	"net/netip"
	"strings"
	"sync"
	"testing"

	"netflow-monitor/internal/flow"
)

func TestConfig(t *testing.T) {
	nan := 0.0
	nan /= nan
	tests := []struct {
		key    string
		change func(*Config)
	}{
		{"max_sessions", func(c *Config) { c.MaxSessions = 0 }},
		{"max_ips", func(c *Config) { c.MaxIPs = 1 }},
		{"max_ranks", func(c *Config) { c.MaxRanks = 1 }},
		{"series_seconds", func(c *Config) { c.SeriesSeconds = 90_000 }},
		{"snapshot_interval", func(c *Config) { c.SnapshotInterval = 1 }},
		{"max_pending", func(c *Config) { c.MaxPending = -1 }},
		{"home_longitude", func(c *Config) { c.HomeLatitude = new(float64) }},
		{"home_latitude", func(c *Config) { c.HomeLatitude, c.HomeLongitude = &nan, new(float64) }},
	}
	for _, tt := range tests {
		c := Default()
		tt.change(&c)
		if _, err := New(c, nil, nil); err == nil || !strings.Contains(err.Error(), tt.key) {
			t.Errorf("%s: %v", tt.key, err)
		}
	}
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	c := Default()
	c.MaxSessions, c.MaxPending = 0, 0
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "max_sessions") || !strings.Contains(err.Error(), "max_pending") {
		t.Errorf("not all at once: %v", err)
	}
}

func TestEmptyEngine(t *testing.T) {
	e, err := New(Default(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, n := e.Sessions(SessionQuery{Limit: 5}); len(s) != 0 || n != 0 || s == nil {
		t.Errorf("sessions: %v, %d", s, n)
	}
	if p, n := e.IPs(IPQuery{Limit: 5}); len(p) != 0 || n != 0 || p == nil {
		t.Errorf("IPs: %v, %d", p, n)
	}
	if _, ok := e.IP(netip.Addr{}); ok {
		t.Error("no address is an IP")
	}
	if _, ok := e.Session(0); ok {
		t.Error("no session is known")
	}
	if d := e.DrainAll(); len(d.Sessions)+len(d.IPs)+len(d.Samples) != 0 {
		t.Errorf("drained: %+v", d)
	}
	e.Stored()
	if got := e.Series(0, 0); len(got) != 0 || e.Time() != 0 {
		t.Errorf("series: %v", got)
	}
	if _, ok := e.HomeLocation(); ok {
		t.Error("home is nowhere")
	}
	consume(t, e, epoch, record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 1, 1))
	if l := e.Locate(own); l.Scope != 0 || e.Time() != epoch {
		t.Errorf("located: %+v", l)
	}
}

// One source, many readers and a store; the race detector judges.
func TestConcurrency(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.MaxSessions, c.MaxIPs = 200, 100 })
	g := newTraffic(9, 150)
	done := make(chan struct{})
	var readers sync.WaitGroup
	read := func(f func()) {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					f()
				}
			}
		})
	}
	read(func() { e.Sessions(SessionQuery{OrderBy: "rate", Descending: true, Limit: 10}) })
	read(func() { e.IPs(IPQuery{Limit: 10}); e.IP(own); e.Peers(own, 5) })
	read(func() { e.Top(DimensionCountry, 5); e.Top(DimensionIP, 5); e.Map(); e.HomeLocation() })
	read(func() {
		e.Series(0, 0)
		e.Totals()
		e.Time()
		e.Session(1)
		e.Backlog()
		e.LostSessions()
	})
	read(func() { e.SetHome(NewHome([]netip.Addr{own}, nil)); e.Locate(own) })
	stored := 0
	read(func() {
		for _, s := range e.Drain().Sessions {
			if s.End != flow.EndNone {
				stored++
			}
		}
		e.Stored()
	})
	for range 40 {
		if err := e.Consume(g.batch(20, 40, 15)); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
}
