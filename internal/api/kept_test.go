package api

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Where minutes went before their age, an answer is made of hours, and of days where those
// went too.
func TestRewindWithoutMinutes(t *testing.T) {
	p := newPast(t, 50*time.Hour)
	p.now = time.Now().Truncate(time.Second)
	p.traffic(t, 1)
	if err := p.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	when := p.second.Add(9 * time.Second)
	for _, tt := range []struct {
		gone store.Retention
		step time.Duration
	}{
		{store.Retention{}, time.Minute},
		{store.Retention{Minutes: time.Hour}, time.Hour},
		{store.Retention{Minutes: time.Hour, Hours: time.Hour}, 24 * time.Hour},
	} {
		if _, err := p.database.Prune(t.Context(), tt.gone); err != nil {
			t.Fatal(err)
		}
		tcp, all := uint64(tcpBytes), uint64(secondBytes)
		if p.first.Truncate(tt.step).Equal(p.second.Truncate(tt.step)) {
			tcp, all = 2*tcpBytes, firstBytes+secondBytes
		}
		r := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=protocol&"+at(when)), 200)
		if r.Span.Resolution != int64(tt.step.Seconds()) || len(r.Rows) == 0 || r.Rows[0].TotalBytes != tcp {
			t.Errorf("%v: ranking %+v, span %+v", tt.step, r.Rows, r.Span)
		}
		s := decode[wire.Status](t, p.get(t, "/api/status?"+at(when)), 200)
		got := (s.Rates.BytesIn + s.Rates.BytesOut) * tt.step.Seconds()
		if s.Span.Resolution != int64(tt.step.Seconds()) || uint64(got+0.5) != all || s.Totals.Bytes != firstBytes+secondBytes {
			t.Errorf("%v: rates %+v, totals %+v, span %+v", tt.step, s.Rates, s.Totals, s.Span)
		}
		h := decode[wire.History](t, p.get(t, "/api/traffic-history?"+span(p.first, 2)), 200)
		var sum uint64
		for _, x := range h.Points {
			sum += x.BytesIn + x.BytesOut
		}
		if h.Step != int64(tt.step.Seconds()) || sum != firstBytes+secondBytes {
			t.Errorf("%v: series of %d bytes, step %d", tt.step, sum, h.Step)
		}
		d := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/203.0.113.9?"+at(when)), 200)
		if d.Step != int64(tt.step.Seconds()) || len(d.Series) != 1 || d.Series[0].TotalBytes != tcp {
			t.Errorf("%v: address %+v, step %d", tt.step, d.Series, d.Step)
		}
	}
}

func TestKeptSteps(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 30, 0, 0, time.UTC)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	ages := [...]time.Duration{2 * time.Hour, 7 * 24 * time.Hour, 90 * 24 * time.Hour}
	begins := func(minutes, hours, days time.Duration) (oldest [4]int64) {
		for i, d := range []time.Duration{minutes, hours, days} {
			if d != 0 {
				oldest[i+1] = store.AlignDown(ago(d), tiers[i+1])
			}
		}
		return oldest
	}
	const day24 = 24 * time.Hour
	for name, tt := range map[string]struct {
		oldest [4]int64
		age    time.Duration
		finest int64
		want   int64
	}{
		"store unknown":                {[4]int64{}, 3 * time.Hour, second, minute},
		"seconds":                      {begins(9*time.Hour, 9*time.Hour, 9*time.Hour), time.Hour, second, second},
		"too old for seconds":          {begins(9*time.Hour, 9*time.Hour, 9*time.Hour), 3 * time.Hour, second, minute},
		"too old for minutes":          {begins(8*day24, 8*day24, 8*day24), 8 * day24, second, hour},
		"too old for hours":            {begins(7*day24, 90*day24, 99*day24), 99 * day24, second, day},
		"before all history":           {begins(10*time.Minute, 10*time.Minute, 10*time.Minute), 3 * time.Hour, second, minute},
		"minutes went":                 {begins(2*time.Hour, 2*day24, 2*day24), 3 * time.Hour, minute, hour},
		"minutes went, seconds didn't": {begins(70*time.Minute, 2*day24, 2*day24), 90 * time.Minute, second, second},
		"minutes went under seconds":   {begins(70*time.Minute, 2*day24, 2*day24), 90 * time.Minute, minute, hour},
		"minutes are there":            {begins(5*time.Hour, 2*day24, 2*day24), 3 * time.Hour, minute, minute},
		"no minute is left":            {begins(0, 2*day24, 2*day24), 3 * time.Hour, minute, hour},
		"the newest hour":              {begins(0, 2*day24, 2*day24), time.Hour, minute, minute},
		"hours went":                   {begins(time.Hour, time.Hour, 9*day24), day24, minute, day},
	} {
		k := &kept{now: now.UnixNano(), most: ages, oldest: tt.oldest}
		if got := k.step(ago(tt.age), tt.finest); got != tt.want {
			t.Errorf("%s: steps of %d s, want %d", name, got, tt.want)
		}
	}
}

// sampled is a catalog that has too many sessions to look at all of them since a time.
type sampled struct {
	Catalog
	since int64
}

func (c sampled) SessionRanks(ctx context.Context, q stats.SessionQuery, dimensions []string, orderBy string, limit int) ([][]stats.Rank, bool, error) {
	ranks, _, err := c.Catalog.SessionRanks(ctx, q, dimensions, orderBy, limit)
	return ranks, q.From <= c.since, err
}

// What is made from a sample is marked wherever it is shown.
func TestEstimatesAreMarked(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	p.deps.Catalog = sampled{p.deps.Catalog, p.first.UnixNano()}
	for query, want := range map[string]bool{
		"compare=previous&" + span(p.second, 1): true, // the minute before was sampled
		span(p.second, 1):                       false,
		span(p.first, 1):                        true,
	} {
		if r := decode[wire.Ranking](t, p.get(t, "/api/rankings?active=true&"+query), 200); r.Estimated != want {
			t.Errorf("%s: estimated %v", query, r.Estimated)
		}
	}
	if got := p.get(t, "/api/export/rankings?active=true&"+span(p.first, 1)).Header().Get("X-Total-Estimated"); got != "true" {
		t.Errorf("export: estimated %q", got)
	}
	d := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/198.51.0.15?"+span(p.first, 1)), 200)
	if d.Source != "sessions" || !d.TotalsEstimated || !d.RanksEstimated || d.SeriesEstimated {
		t.Errorf("%+v", d)
	}
	if d := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/203.0.113.9?"+span(p.first, 1)), 200); d.Source != "rollups" || d.TotalsEstimated {
		t.Errorf("%+v", d)
	}
	p.traffic(t, maxSpread+1)
	home, begin := netip.MustParseAddr("192.168.1.2"), p.second.UnixNano()
	for from, want := range map[int64]bool{p.first.UnixNano(): false, begin: true} {
		_, estimated, err := p.spread(t.Context(), home, from, from+int64(time.Minute), minute)
		if err != nil || estimated != want {
			t.Errorf("series from %d: estimated %v, %v", from, estimated, err)
		}
	}
}
