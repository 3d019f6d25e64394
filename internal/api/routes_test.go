package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

func TestSessions(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 120)
	page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?protocol=tcp"), 200)
	if page.Total != 1 || len(page.Items) != 1 || page.Page != 1 || page.PerPage != 50 || page.OrderBy != "last_seen" || page.OrderDirection != "desc" {
		t.Fatalf("page %+v", page)
	}
	got := page.Items[0]
	want := got
	want.SrcIP, want.DstIP, want.SrcPort, want.DstPort = "192.168.1.2", "203.0.113.9", 10000, 443
	want.Protocol, want.IPProtocol, want.Interface = "TCP", 6, "eth0"
	want.PacketsSent, want.PacketsReceived, want.TotalPackets = 1, 2, 3
	want.BytesSent, want.BytesReceived, want.TotalBytes = 50_000, 1000, 51_000
	want.IPBytesSent, want.PayloadBytesSent = 86, 58
	want.TCPFlagsSent, want.TCPFlagsReceived = "SA", "FSRPAUEC"
	want.State, want.Active, want.EndReason, want.Direction = "established", true, "", "out"
	lat, lon := 39.9, 116.4
	want.SrcLocation = wire.Location{Scope: "private"}
	want.DstLocation = wire.Location{
		Scope: "public", Country: "China", CountryCode: "CN", City: "Beijing",
		Latitude: &lat, Longitude: &lon, ISP: "Example Net", ASN: 64500,
	}
	want.StartTime = f.now.Add(-time.Millisecond).UTC()
	want.LastSeen = want.StartTime
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.CommunityID, "1:") || got.SessionID == "" {
		t.Errorf("ids %q %q", got.SessionID, got.CommunityID)
	}
	one := decode[wire.Session](t, f.get(t, "/api/sessions/"+got.SessionID), 200)
	if diff := cmp.Diff(got, one); diff != "" {
		t.Errorf("one session (-list +one):\n%s", diff)
	}
	ping := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?protocol=1"), 200).Items[0]
	if ping.ICMPType == nil || *ping.ICMPType != 8 || ping.ICMPCode == nil || ping.SrcPort != 0 || ping.TCPFlagsSent != "" {
		t.Errorf("ping %+v", ping)
	}
}

func TestSessionsPageSortAndFilter(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 120)
	for _, tt := range []struct {
		query        string
		total, items int
	}{
		{"", 120, 50},
		{"?per_page=1000", 120, 120},
		{"?page=3&per_page=50", 120, 20},
		{"?page=4&per_page=50", 120, 0}, // beyond the end: a live list may shrink under its reader
		{"?page=&per_page=&src_ip=&dst_ip=&protocol=&state=", 120, 50},
		{"?src_ip=192.168.1.2", 120, 50},
		{"?src_ip=192.168.0.0/16&dst_ip=203.0.113.9", 1, 1},
		{"?ip=203.0.113.0/24", 1, 1},
		{"?ip=10.0.0.0/8", 0, 0},
		{"?protocol=UDP", 118, 50},
		{"?port=443", 1, 1},
		{"?state=established", 1, 1},
		{"?active=true", 120, 50},
		{"?active=false", 0, 0},
		{"?from=2100-01-01T00:00:00Z", 0, 0},
		{"?to=1971-01-01T00:00:00Z", 0, 0},
		{"?order_by=total_bytes&order_direction=desc&per_page=1", 120, 1},
	} {
		page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions"+tt.query), 200)
		if page.Total != tt.total || len(page.Items) != tt.items {
			t.Errorf("%s: %d of %d, want %d of %d", tt.query, len(page.Items), page.Total, tt.items, tt.total)
		}
		if strings.Contains(tt.query, "total_bytes") && page.Items[0].DstPort != 443 {
			t.Errorf("%s: the largest is %+v", tt.query, page.Items[0])
		}
	}
}

func TestBadParameters(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 3)
	for _, tt := range []struct{ path, field string }{
		{"/api/sessions?pgae=1", "pgae"},
		{"/api/sessions?page=0", "page"},
		{"/api/sessions?page=1&page=1", "page"},
		{"/api/sessions?page=99999999999999999999", "page"},
		{"/api/sessions?per_page=1001", "per_page"},
		{"/api/sessions?per_page=ten", "per_page"},
		{"/api/sessions?order_by=password", "order_by"},
		{"/api/sessions?order_direction=up", "order_direction"},
		{"/api/sessions?src_ip=192.168.1.256", "src_ip"},
		{"/api/sessions?src_ip=fe80::1%25eth0", "src_ip"},
		{"/api/sessions?dst_ip=10.0.0.0/33", "dst_ip"},
		{"/api/sessions?protocol=256", "protocol"},
		{"/api/sessions?protocol=nonsense", "protocol"},
		{"/api/sessions?port=65536", "port"},
		{"/api/sessions?state=open", "state"},
		{"/api/sessions?tunnel=wormhole", "tunnel"},
		{"/api/sessions?active=maybe", "active"},
		{"/api/sessions?from=yesterday", "from"},
		{"/api/sessions?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"},
		{"/api/sessions/abc", "session_id"},
		{"/api/sessions/1?x=1", "x"},
		{"/api/ip-stats?order_by=state", "order_by"},
		{"/api/ip-stats/not-an-ip", "ip"},
		{"/api/top-talkers?limit=0", "limit"},
		{"/api/traffic-history?hours=0", "hours"},
		{"/api/traffic-history?hours=1&from=2026-01-01T00:00:00Z", "hours"},
		{"/api/traffic-history?to=2026-01-01T00:00:00Z", "from"},
		{"/api/traffic-history?from=2150-01-01T00:00:00Z", "from"},
		{"/api/traffic-history?hours=8784&step=1", "step"},
		{"/api/events?level=fatal", "level"},
		{"/api/status?verbose=1", "verbose"},
	} {
		w := f.get(t, tt.path)
		p := decode[wire.Problem](t, w, http.StatusBadRequest)
		if p.Field != tt.field || p.Code != "bad_parameter" || !strings.HasPrefix(p.Detail, tt.field+": ") || p.Status != 400 || p.Title != "Bad Request" {
			t.Errorf("%s: %+v", tt.path, p)
		}
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", tt.path, got)
		}
	}
}

func TestOtherProblems(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/api/nothing", "", 404, "not_found"},
		{"GET", "/api/", "", 404, "not_found"},
		{"GET", "/api/sessions/123", "", 404, "not_found"},
		{"GET", "/api/ip-stats/192.0.2.1", "", 404, "not_found"},
		{"GET", "/debug/pprof/heap", "", 404, "not_found"},
		{"GET", "/missing.js", "", 404, "not_found"},
		{"POST", "/api/status", "", 405, "method_not_allowed"},
		{"GET", "/api/start-monitoring", "", 405, "method_not_allowed"},
		{"DELETE", "/api/sessions/1", "", 405, "method_not_allowed"},
		{"POST", "/", "", 405, "method_not_allowed"},
		{"POST", "/api/sign-in", "{", 400, "bad_body"},
		{"POST", "/api/sign-in", `{"user":"x"}`, 400, "bad_body"},
		{"POST", "/api/sign-in", `{} {}`, 400, "bad_body"},
		{"POST", "/api/sign-in", `{"password":"` + strings.Repeat("x", maxBodyBytes) + `"}`, 413, "too_large"},
		{"POST", "/api/start-monitoring", strings.Repeat("x", maxBodyBytes+1), 413, "too_large"},
		{"GET", "/api/sessions?src_ip=" + strings.Repeat("1", maxQuery), "", 400, "bad_body"},
		{"GET", "/api/sessions?a=%zz", "", 400, "bad_body"},
		{"GET", "/api/ws", "", 426, "websocket_only"},
	} {
		w := f.do(t, tt.method, tt.path, tt.body)
		p := decode[wire.Problem](t, w, tt.status)
		if p.Code != tt.code || p.Detail == "" || p.Status != tt.status || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.40s: %+v", tt.method, tt.path, p)
		}
		if (tt.status == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s %.40s: Allow is %q", tt.method, tt.path, w.Header().Get("Allow"))
		}
	}
}

func TestBrokenStore(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = failing{d.Catalog} })
	if p := decode[wire.Problem](t, f.get(t, "/api/sessions"), 503); p.Code != "store_failed" || !strings.Contains(p.Detail, "disk is broken") {
		t.Errorf("%+v", p)
	}
	if s := decode[wire.Status](t, f.get(t, "/api/status"), 200); s.Database.Error != "disk is broken" {
		t.Errorf("the status hides the fault: %+v", s.Database)
	}
}

func TestPanicInAHandler(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = panicking{d.Catalog} })
	if p := decode[wire.Problem](t, f.get(t, "/api/sessions"), 500); p.Code != "internal" || strings.Contains(p.Detail, "a fault;") {
		t.Errorf("%+v", p)
	}
	decode[wire.Health](t, f.get(t, "/healthz"), 200)
}

func TestIPs(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 30)
	page := decode[wire.Page[wire.IP]](t, f.get(t, "/api/ip-stats?per_page=2"), 200)
	if page.Total != 31 || len(page.Items) != 2 || page.Items[0].IP != "192.168.1.2" || !page.Items[0].Local || page.Items[0].SessionCount != 30 {
		t.Fatalf("%+v", page)
	}
	if second := page.Items[1]; second.IP != "203.0.113.9" || second.Location.CountryCode != "CN" || second.BytesReceived != 50_000 || second.TotalBytes != 51_000 {
		t.Errorf("second %+v", second)
	}
	if n := decode[wire.Page[wire.IP]](t, f.get(t, "/api/ip-stats?local=false&ip=203.0.0.0/8"), 200).Total; n != 1 {
		t.Errorf("%d match the filter", n)
	}
	d := decode[wire.IPDetail](t, f.get(t, "/api/ip-stats/192.168.1.2"), 200)
	if d.IP.IP != "192.168.1.2" || d.SessionsTotal != 30 || len(d.Sessions) != detailSessions || len(d.Peers) != detailRanks {
		t.Fatalf("%d sessions of %d, %d peers", len(d.Sessions), d.SessionsTotal, len(d.Peers))
	}
	if d.Peers[0].Key != "203.0.113.9" || d.Peers[0].Location == nil {
		t.Errorf("largest peer %+v", d.Peers[0])
	}
	mapped := decode[wire.IPDetail](t, f.get(t, "/api/ip-stats/::ffff:192.168.1.2"), 200)
	if mapped.IP.IP != "192.168.1.2" {
		t.Errorf("a mapped address is %q", mapped.IP.IP)
	}
}

func TestTopTalkersAndMap(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 30)
	top := decode[wire.TopTalkers](t, f.get(t, "/api/top-talkers?limit=3"), 200)
	type row struct{ key, name string }
	first := func(r []wire.Rank) row { return row{r[0].Key, r[0].Name} }
	got := []row{first(top.IPs), first(top.Countries), first(top.ASNs), first(top.Protocols), first(top.Ports)}
	want := []row{{"192.168.1.2", ""}, {"CN", "China"}, {"AS64500", "Example Net"}, {"tcp", "TCP"}, {"443/tcp", "https"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("first of each (-want +got):\n%s", diff)
	}
	if len(top.IPs) != 3 || top.IPs[0].Location == nil || top.Countries[0].Location != nil {
		t.Errorf("%+v", top)
	}
	by := decode[wire.TopTalkers](t, f.get(t, "/api/top-talkers?order_by=session_count"), 200)
	if by.Protocols[0].Key != "udp" {
		t.Errorf("by sessions the first is %+v", by.Protocols[0])
	}
	m := decode[wire.GeoMap](t, f.get(t, "/api/geo-map"), 200)
	if len(m.Places) != 1 || m.Places[0].Location.City != "Beijing" || m.Places[0].Bytes != 51_000 || len(m.Arcs) != 1 || m.Arcs[0].From == m.Arcs[0].To {
		t.Errorf("%+v", m)
	}
	if m.UnlocatedBytes != 29*1100 {
		t.Errorf("%d bytes without a place", m.UnlocatedBytes)
	}
}

func TestHistory(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		f.traffic(t, 10)
	}
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	from := f.now.Add(-time.Minute)
	h := decode[wire.History](t, f.get(t, fmt.Sprintf("/api/traffic-history?from=%d&to=%d", from.Unix(), f.now.Unix())), 200)
	if h.Step != 1 || len(h.Points) != 60 || !h.Points[0].Time.Equal(from) || !h.From.Equal(from) || !h.To.Equal(f.now) {
		t.Fatalf("step %d, %d points, %v to %v", h.Step, len(h.Points), h.From, h.To)
	}
	// 49 900 more in the first session than in the other nine of 100 bytes.
	if last := h.Points[59]; last.BytesOut != 50_000+9*100 || last.BytesIn != 10_000 || last.PacketsOut != 10 || last.Dropped != 1 || last.Refused != 1 {
		t.Errorf("last point %+v", last)
	}
	for _, tt := range []struct {
		query string
		step  int64
	}{
		{"", 120}, {"?hours=1", 5}, {"?hours=24&step=3600", 3600}, {"?hours=168", 900}, {"?hours=8784", 86400},
		{"?from=2026-01-01T00:00:00Z&to=2026-01-01T00:01:00Z", 86400},
	} {
		h := decode[wire.History](t, f.get(t, "/api/traffic-history"+tt.query), 200)
		n := int64(h.To.Sub(h.From)/time.Second) / h.Step
		if h.Step != tt.step || int64(len(h.Points)) != n || n > wantedPoints+2 {
			t.Errorf("%s: step %d with %d points, want %d with %d", tt.query, h.Step, len(h.Points), tt.step, n)
		}
		for i, p := range h.Points {
			if !p.Time.Equal(h.From.Add(time.Duration(int64(i)*h.Step) * time.Second)) {
				t.Fatalf("%s: point %d is at %v", tt.query, i, p.Time)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 10)
	f.monitor.status.RefusedByReason = map[string]uint64{"malformed": 1}
	s := decode[wire.Status](t, f.get(t, "/api/status"), 200)
	if !s.Monitoring || s.Version != "1.2.3" || s.ActiveSessions != 10 || s.MaxSessions != 10000 || s.MonitoringSince == nil || s.Interfaces[0] != "eth0" {
		t.Errorf("%+v", s)
	}
	c := s.Capture
	if c.Packets != 31 || c.Refused != 1 || c.Metered != 30 || c.Dropped != 1 || c.Coverage != 31.0/32 || c.RefusedByReason["malformed"] != 1 {
		t.Errorf("capture %+v", c)
	}
	if s.Totals.Packets != 30 || s.Totals.Bytes != 50_000+9*100+10*1000 || s.Database.Path == "" {
		t.Errorf("totals %+v, database %+v", s.Totals, s.Database)
	}
	f.monitor.status = MonitorStatus{SourceKind: "file", Finished: true}
	if s := decode[wire.Status](t, f.get(t, "/api/status"), 200); !s.Time.Equal(f.now) || s.MonitoringSince != nil || !s.Source.Finished {
		t.Errorf("with a file %+v", s)
	}
}

func TestMonitoring(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		path string
		want wire.MonitoringResult
	}{
		{"/api/start-monitoring", wire.MonitoringResult{Monitoring: true}},
		{"/api/stop-monitoring", wire.MonitoringResult{Changed: true}},
		{"/api/stop-monitoring", wire.MonitoringResult{}},
		{"/api/start-monitoring", wire.MonitoringResult{Monitoring: true, Changed: true}},
	} {
		if got := decode[wire.MonitoringResult](t, f.do(t, "POST", tt.path, ""), 200); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.path, got, tt.want)
		}
	}
	f.monitor.err = errors.New("no permission: run setcap")
	if p := decode[wire.Problem](t, f.do(t, "POST", "/api/start-monitoring", ""), 503); p.Code != "start_failed" || p.Detail != "no permission: run setcap" {
		t.Errorf("%+v", p)
	}
}

func TestEvents(t *testing.T) {
	f := newFixture(t)
	f.writer.Record(store.Event{Level: store.LevelInfo, Kind: "capture_started", Message: "Started.", Params: map[string]string{"interface": "eth0"}})
	f.writer.Record(store.Event{Level: store.LevelWarning, Kind: "no_traffic", Message: "Silence."})
	page := decode[wire.Page[wire.Event]](t, f.get(t, "/api/events"), 200)
	if page.Total != 2 || page.Items[0].Kind != "no_traffic" || page.Items[0].Params == nil || page.Items[1].Params["interface"] != "eth0" {
		t.Fatalf("%+v", page)
	}
	oldest := decode[wire.Page[wire.Event]](t, f.get(t, "/api/events?order_by=time&order_direction=asc&per_page=1"), 200)
	if oldest.Items[0].Kind != "capture_started" || oldest.OrderDirection != "asc" {
		t.Errorf("oldest first: %+v", oldest)
	}
	for query, want := range map[string]int{"?level=warning": 1, "?kind=capture_started": 1, "?level=error": 0, "?to=1971-01-01T00:00:00Z": 0} {
		if got := decode[wire.Page[wire.Event]](t, f.get(t, "/api/events"+query), 200).Total; got != want {
			t.Errorf("%s: %d events, want %d", query, got, want)
		}
	}
}
