package api

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

// past is a fixture with two minutes of traffic so long ago: ten sessions in the first,
// twenty in the second. One TCP session of each is with China.
type past struct {
	*fixture
	first, second time.Time // the minutes' beginnings
}

// The wire bytes of the TCP session and of all others together.
const (
	tcpBytes    = 51_000
	firstBytes  = tcpBytes + 9*1100
	secondBytes = tcpBytes + 19*1100
)

func newPast(t *testing.T, ago time.Duration, options ...option) *past {
	t.Helper()
	f := newFixture(t, options...)
	p := &past{fixture: f, first: f.now.Truncate(time.Minute).Add(-ago)}
	p.second = p.first.Add(time.Minute)
	f.writer.Record(store.Event{Time: p.first.UnixNano(), Kind: "program_started", Message: "Started."})
	f.writer.Record(store.Event{Time: p.first.Add(5 * time.Second).UnixNano(), Kind: "capture_started", Message: "Started."})
	f.now = p.first.Add(9 * time.Second)
	f.traffic(t, 10)
	f.now = p.second.Add(9 * time.Second)
	f.traffic(t, 20)
	return p
}

// span is a query for the time from a minute's beginning.
func span(from time.Time, minutes int) string {
	return fmt.Sprintf("from=%d&to=%d", from.Unix(), from.Add(time.Duration(minutes)*time.Minute).Unix())
}

func at(when time.Time) string { return "at=" + url.QueryEscape(when.Format(time.RFC3339)) }

func TestRankingOfATime(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	r := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=protocol&"+span(p.second, 1)), 200)
	if r.Source != "rollups" || r.Dimension != "protocol" || r.Span == nil || !r.Span.From.Equal(p.second) || r.Span.Resolution != 60 || r.Span.At != nil {
		t.Fatalf("%+v, span %+v", r, r.Span)
	}
	type row struct {
		Key, Name string
		Bytes     uint64
		Rate      float64
	}
	var got []row
	for _, x := range r.Rows {
		got = append(got, row{x.Key, x.Name, x.TotalBytes, x.Rate})
	}
	want := []row{{"tcp", "TCP", tcpBytes, tcpBytes / 60.0}, {"udp", "UDP", 18 * 1100, 18 * 1100 / 60.0}, {"icmp", "ICMP", 1100, 1100 / 60.0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	minute := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=protocol&"+at(p.second.Add(30*time.Second))), 200)
	if diff := cmp.Diff(r.Rows, minute.Rows); diff != "" || !minute.Span.At.Equal(p.second.Add(30*time.Second)) || !minute.Span.To.Equal(p.second.Add(time.Minute)) {
		t.Errorf("that minute: span %+v\n%s", minute.Span, diff)
	}
	both := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=asn&limit=1&"+span(p.first, 2)), 200)
	if len(both.Rows) != 1 || both.Rows[0].Key != "AS64500" || both.Rows[0].Name != "Example Net" || both.Rows[0].TotalBytes != 2*tcpBytes {
		t.Errorf("%+v", both.Rows)
	}
	live := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=country"), 200)
	if live.Source != "live" || live.Span != nil || live.Rows[0].Name != "China" || live.Rows[0].TotalBytes != 2*tcpBytes {
		t.Errorf("%+v", live)
	}
}

func TestRankingComparedWithBefore(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	for _, filter := range []string{"", "&active=true"} { // from roll-ups, and from sessions
		r := decode[wire.Ranking](t, p.get(t, "/api/rankings?dimension=ip&limit=1000&compare=previous&"+span(p.second, 1)+filter), 200)
		if r.Previous == nil || !r.Previous.From.Equal(p.first) || !r.Previous.To.Equal(p.second) {
			t.Fatalf("previous is %+v", r.Previous)
		}
		was := map[string]wire.PreviousRank{}
		for _, x := range r.Rows {
			was[x.Key] = *x.Previous
		}
		if got := was["192.168.1.2"]; got.TotalBytes != firstBytes || got.SessionCount != 10 || got.Rank != 1 {
			t.Errorf("%q: home was %+v", filter, got)
		}
		if got := was["203.0.113.9"]; got.BytesReceived != 50_000 || got.Rank != 2 {
			t.Errorf("%q: the server was %+v", filter, got)
		}
		if got, there := was["198.51.0.15"]; !there || got != (wire.PreviousRank{}) {
			t.Errorf("%q: what is new was %+v, listed %v", filter, got, there)
		}
	}
}

func TestRankingOfSessions(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	if err := p.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"dimension=port&country=cn":                         "443/tcp https 102000 2",
		"dimension=country&port=443":                        "CN China 102000 2",
		"dimension=asn&text=example":                        "AS64500 Example Net 102000 2",
		"dimension=protocol&ip=198.51.0.0/24":               "udp UDP 28600 26",
		"dimension=port&min_bytes=2000&" + span(p.first, 1): "443/tcp https 51000 1",
		"dimension=interface&text=53":                       "eth0  28600 26",
	} {
		r := decode[wire.Ranking](t, p.get(t, "/api/rankings?"+query), 200)
		if len(r.Rows) == 0 || r.Source != "sessions" {
			t.Errorf("%s: %+v", query, r)
			continue
		}
		if x := r.Rows[0]; fmt.Sprint(x.Key, " ", x.Name, " ", x.TotalBytes, " ", x.SessionCount) != want {
			t.Errorf("%s: %+v, want %s", query, x, want)
		}
	}
}

func TestTopTalkersOfATime(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	top := decode[wire.TopTalkers](t, p.get(t, "/api/top-talkers?"+span(p.first, 1)), 200)
	if top.Span == nil || top.IPs[0].TotalBytes != firstBytes || top.Ports[0].Key != "443/tcp" || top.IPs[0].Location == nil {
		t.Errorf("%+v", top)
	}
	if x := top.More["interface"]; len(x) != 1 || x[0].Key != "eth0" || x[0].TotalBytes != firstBytes {
		t.Errorf("interfaces %+v", x)
	}
	one := decode[wire.TopTalkers](t, p.get(t, "/api/top-talkers?dimension=country"), 200)
	if len(one.Countries) != 1 || len(one.IPs) != 0 || one.IPs == nil || one.Span != nil {
		t.Errorf("%+v", one)
	}
}

func TestHistoryByDimension(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	h := decode[wire.History](t, p.get(t, "/api/traffic-history?dimension=protocol&top=1&step=60&compare=previous&"+span(p.second, 1)), 200)
	if h.Dimension != "protocol" || len(h.Points) != 1 || len(h.Series) != 1 || h.Series[0].Key != "tcp" || h.Series[0].Name != "TCP" {
		t.Fatalf("%+v", h)
	}
	if x := h.Series[0].Points; len(x) != 1 || x[0].TotalBytes != tcpBytes || !x[0].Time.Equal(p.second) || x[0].SessionCount != 1 {
		t.Errorf("series %+v", x)
	}
	if x := h.Rest; len(x) != 1 || x[0].TotalBytes != secondBytes-tcpBytes {
		t.Errorf("rest %+v", x)
	}
	if x := h.Previous; len(x) != 1 || x[0].BytesIn+x[0].BytesOut != firstBytes || !h.PreviousFrom.Equal(p.first) || !x[0].Time.Equal(p.first) {
		t.Errorf("previous %+v from %v", x, h.PreviousFrom)
	}
	keys := decode[wire.History](t, p.get(t, "/api/traffic-history?dimension=asn&key=as64500,AS1&"+span(p.first, 2)), 200)
	if len(keys.Series) != 2 || keys.Series[0].Name != "Example Net" || keys.Series[1].Key != "AS1" || len(keys.Series[1].Points) != len(keys.Points) {
		t.Fatalf("%+v", keys.Series)
	}
	if x := keys.Series[0].Points; keys.Step != 60 || len(x) != 2 || x[0].TotalBytes != tcpBytes || x[1].TotalBytes != tcpBytes {
		t.Errorf("step %d, points %+v", keys.Step, x)
	}
	eth := decode[wire.History](t, p.get(t, "/api/traffic-history?dimension=interface&key=eth0&"+span(p.first, 1)), 200)
	if x := eth.Series[0]; x.Key != "eth0" || x.Points[0].TotalBytes != firstBytes || eth.Rest[0].TotalBytes != 0 {
		t.Errorf("%+v, rest %+v", x, eth.Rest)
	}
	none := decode[wire.History](t, p.get(t, "/api/traffic-history?dimension=ip&"+span(p.first.Add(-time.Hour), 5)), 200)
	if len(none.Series) != 0 || len(none.Rest) != len(none.Points) {
		t.Errorf("%+v", none)
	}
}

// The status of a second of the last hour, and of a minute before that.
func TestStatusThen(t *testing.T) {
	for _, tt := range []struct {
		ago        time.Duration
		resolution int64
	}{{10 * time.Minute, 1}, {3 * time.Hour, 60}} {
		p := newPast(t, tt.ago)
		when := p.second.Add(9 * time.Second) // what traffic feeds is of the second before its time
		s := decode[wire.Status](t, p.get(t, "/api/status?"+at(when)), 200)
		if s.Span == nil || s.Span.Resolution != tt.resolution || !s.Time.Equal(when) || !s.Monitoring || !s.StartedAt.Equal(p.first) || s.Uptime != 69 {
			t.Fatalf("%v ago: %+v, span %+v", tt.ago, s, s.Span)
		}
		if s.MonitoringSince == nil || !s.MonitoringSince.Equal(p.first.Add(5*time.Second)) {
			t.Errorf("%v ago: monitoring since %v", tt.ago, s.MonitoringSince)
		}
		if got := s.Rates.BytesIn + s.Rates.BytesOut; got != float64(secondBytes)/float64(tt.resolution) {
			t.Errorf("%v ago: rates %+v", tt.ago, s.Rates)
		}
		if s.Totals.Bytes != firstBytes+secondBytes || s.Totals.Sessions != 30 || s.ActiveSessions != 30 || s.Capture.Dropped != 2 || s.Capture.Packets != 92 {
			t.Errorf("%v ago: totals %+v, active %d, capture %+v", tt.ago, s.Totals, s.ActiveSessions, s.Capture)
		}
		if len(s.Points) != 1 || s.Points[0].Name != "eth0" || s.Points[0].Packets != 92 || s.Points[0].State != "capturing" || s.Interfaces[0] != "eth0" {
			t.Errorf("%v ago: points %+v, interfaces %v", tt.ago, s.Points, s.Interfaces)
		}
		first := decode[wire.Status](t, p.get(t, "/api/status?"+at(p.first.Add(9*time.Second))), 200)
		if first.Totals.Bytes != firstBytes || first.ActiveSessions != 10 {
			t.Errorf("%v ago: a minute before %+v, active %d", tt.ago, first.Totals, first.ActiveSessions)
		}
		silent := decode[wire.Status](t, p.get(t, "/api/status?"+at(p.second.Add(3*time.Minute))), 200)
		if silent.Monitoring || len(silent.Interfaces) != 0 || silent.Totals.Bytes != firstBytes+secondBytes || silent.Rates.BytesIn != 0 || silent.MonitoringSince != nil {
			t.Errorf("%v ago: when nobody watched %+v", tt.ago, silent)
		}
	}
}

func TestMapThen(t *testing.T) {
	p := newPast(t, 3*time.Hour)
	for _, query := range []string{at(p.first), span(p.first, 1)} {
		m := decode[wire.GeoMap](t, p.get(t, "/api/geo-map?"+query), 200)
		if len(m.Places) != 1 || m.Places[0].Key != "CN" || m.Places[0].Bytes != tcpBytes || m.Places[0].Location.Country != "China" || m.Places[0].Location.Latitude == nil {
			t.Fatalf("%s: %+v", query, m.Places)
		}
		if a := m.Arcs; len(a) != 1 || a[0].From != "home" || a[0].To != "CN" || a[0].Rate != tcpBytes/60.0 || m.Span.Resolution != 60 {
			t.Errorf("%s: arcs %+v, span %+v", query, a, m.Span)
		}
	}
	if m := decode[wire.GeoMap](t, p.get(t, "/api/geo-map?"+at(p.first.Add(-time.Hour))), 200); len(m.Places) != 0 || m.Places == nil {
		t.Errorf("%+v", m)
	}
}

func TestSessionsThen(t *testing.T) {
	p := newPast(t, 3*time.Hour)
	page := decode[wire.Page[wire.Session]](t, p.get(t, "/api/sessions?"+at(p.first.Add(time.Second))), 200)
	if page.Total != 10 || page.Span == nil || page.Span.Resolution != 60 || !page.Span.From.Equal(p.first) {
		t.Errorf("%d sessions, span %+v", page.Total, page.Span)
	}
	near := newPast(t, 10*time.Minute)
	for when, want := range map[time.Time]int{near.first.Add(9 * time.Second): 10, near.first.Add(11 * time.Second): 0} {
		page := decode[wire.Page[wire.Session]](t, near.get(t, "/api/sessions?"+at(when)), 200)
		if page.Total != want || page.Span.Resolution != 1 {
			t.Errorf("%v: %d sessions, want %d; span %+v", when, page.Total, want, page.Span)
		}
	}
}

func TestIPsOfATime(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	page := decode[wire.Page[wire.IP]](t, p.get(t, "/api/ip-stats?"+span(p.first, 1)), 200)
	if page.Total != 11 || page.Source != "rollups" || page.Span == nil || page.Items[0].IP != "192.168.1.2" || page.Items[0].TotalBytes != firstBytes || !page.Items[0].Local {
		t.Fatalf("%+v", page)
	}
	if x := page.Items[1]; x.IP != "203.0.113.9" || x.BytesReceived != 50_000 || x.SessionCount != 1 || x.FirstSeen.IsZero() || x.LastSeen.Before(p.second) {
		t.Errorf("%+v", x)
	}
	for query, want := range map[string]string{
		"local=false&" + span(p.first, 1):                             "203.0.113.9 10",
		"country=CN&" + span(p.first, 1):                              "203.0.113.9 1",
		"ip=198.51.0.0/16&order_by=ip&" + span(p.first, 1):            "198.51.0.9 9",
		"order_by=first_seen&order_direction=asc&" + span(p.first, 2): "192.168.1.2 21",
		"country=CN":                             "203.0.113.9 1",
		"asn=AS64500":                            "203.0.113.9 1",
		"text=example":                           "203.0.113.9 1",
		"text=china":                             "203.0.113.9 1",
		"text=203.0":                             "203.0.113.9 1",
		"text=192.168.":                          "192.168.1.2 1",
		"per_page=1&page=2&" + span(p.second, 1): "203.0.113.9 21",
	} {
		page := decode[wire.Page[wire.IP]](t, p.get(t, "/api/ip-stats?"+query), 200)
		if len(page.Items) == 0 || fmt.Sprint(page.Items[0].IP, " ", page.Total) != want {
			t.Errorf("%s: %d rows, %+v; want %s", query, page.Total, page.Items, want)
		}
	}
	if n := decode[wire.Page[wire.IP]](t, p.get(t, "/api/ip-stats?text=nowhere"), 200).Total; n != 0 {
		t.Errorf("%d addresses match nothing", n)
	}
}

func TestIPDetailOfATime(t *testing.T) {
	p := newPast(t, 10*time.Minute)
	d := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/203.0.113.9?"+span(p.first, 1)), 200)
	if d.Source != "rollups" || d.TotalBytes != tcpBytes || d.SessionsTotal != 1 || d.LastSeen.Before(p.second) || d.RateReceived != 50_000/60.0 {
		t.Errorf("%+v", d)
	}
	if len(d.Series) != 1 || d.Series[0].BytesReceived != 50_000 || d.SeriesSource != "rollups" || d.Step != 60 {
		t.Errorf("series %+v of %s, step %d", d.Series, d.SeriesSource, d.Step)
	}
	if d.Peers[0].Key != "192.168.1.2" || d.Peers[0].BytesSent != 50_000 || d.Ports[0].Key != "443/tcp" || d.Protocols[0].Key != "tcp" || d.Countries[0].Key != "CN" {
		t.Errorf("peers %+v, ports %+v, protocols %+v, countries %+v", d.Peers, d.Ports, d.Protocols, d.Countries)
	}
	all := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/192.168.1.2"), 200)
	if all.Source != "totals" || all.Series != nil || all.Span != nil || all.TotalBytes != firstBytes+secondBytes || len(all.Ports) != 2 || len(all.Protocols) != 3 {
		t.Errorf("%+v", all)
	}
	empty := decode[wire.IPDetail](t, p.get(t, "/api/ip-stats/203.0.113.9?"+span(p.first.Add(-time.Hour), 10)), 200)
	if empty.Source != "sessions" || empty.TotalBytes != 0 || empty.SessionsTotal != 0 || len(empty.Series) == 0 || empty.Peers == nil {
		t.Errorf("%+v", empty)
	}
}

func TestSchema(t *testing.T) {
	s := decode[wire.Schema](t, newFixture(t).get(t, "/api/schema"), 200)
	if s.Dimensions[0].Name != "ip" || !s.Dimensions[0].Addresses || s.Dimensions[1].TitleZh == "" || s.RankColumns[0] != "total_bytes" || len(s.Filters["direction"]) != 4 {
		t.Errorf("%+v", s)
	}
}
