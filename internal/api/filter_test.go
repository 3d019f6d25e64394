package api

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

func TestSessionFilters(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 120)
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"direction=out": 120, "direction=in": 0, "country=CN": 1, "country=cn": 1, "country=DE": 0,
		"asn=64500": 1, "asn=AS64500": 1, "asn=1": 0,
		"min_bytes=1101": 1, "max_bytes=1100": 119, "min_bytes=1100&max_bytes=1100": 119, "max_bytes=0": 120,
		"min_duration=0": 120, "min_duration=0.001": 0, "max_duration=1.5": 120,
		"text=": 120, "text=203.0.113.9": 1, "text=203.0": 1, "text=203.": 1, "text=198.51.0.": 119, "text=192.168.0.0/16": 120,
		"text=443": 1, "text=https": 1, "text=http": 0, "text=domain": 118, "text=tcp": 1, "text=UDP": 118, "text=icmp": 1,
		"text=established": 1, "text=China": 1, "text=hin": 1, "text=CN": 1, "text=AS64500": 1, "text=64500": 0, "text=70000": 0,
		"text=example%20n": 1, "text=eth0": 120, "text=br0": 0, "text=nothing": 0, "text=%20443%20": 1, "text=0": 0,
		"from=-1h": 120, "to=-1h": 0, "from=now-2d&to=-1d": 0,
	} {
		page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?"+query), 200)
		if page.Total != want {
			t.Errorf("%s: %d sessions, want %d", query, page.Total, want)
		}
	}
}

// The pages behind one another are the list, live and stored.
func TestSessionsBehindAPlace(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 60)
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.traffic(t, 60)
	for _, order := range []string{"order_by=total_bytes", "order_by=dst_ip&order_direction=asc", "order_by=state", "order_by=session_id&order_direction=asc&protocol=udp"} {
		all := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?per_page=1000&"+order), 200)
		if all.Next != nil {
			t.Errorf("%s: there is more behind all", order)
		}
		var got []wire.Session
		for after := ""; ; {
			page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?per_page=7&"+order+"&after="+after), 200)
			got = append(got, page.Items...)
			if page.Total != all.Total || len(got) > all.Total {
				t.Fatalf("%s: %d of %d, total %d", order, len(got), all.Total, page.Total)
			}
			if page.Next == nil {
				break
			}
			after = *page.Next
		}
		if diff := cmp.Diff(all.Items, got); diff != "" {
			t.Errorf("%s (-one page +many):\n%.2000s", order, diff)
		}
	}
	first := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?per_page=7"), 200)
	for _, query := range []string{
		"after=x", "after=AAAA", "order_by=duration&after=" + *first.Next, "order_direction=asc&after=" + *first.Next, "page=2&after=" + *first.Next,
	} {
		if p := decode[wire.Problem](t, f.get(t, "/api/sessions?"+query), 400); p.Field != "after" {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 5, 10, 12, 0, 0, 0, time.UTC)
	params := []param{timeParam("from", "")}
	for text, want := range map[string]time.Time{
		"now": now, "-30s": now.Add(-30 * time.Second), "-90m": now.Add(-90 * time.Minute), "-24h": now.Add(-24 * time.Hour),
		"-7d": now.AddDate(0, 0, -7), "-2w": now.AddDate(0, 0, -14), "now-1h": now.Add(-time.Hour), "-0s": now,
		"2026-01-31T12:00:00Z": time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
		"1900000000":           time.Unix(1_900_000_000, 0).UTC(),
	} {
		q := parseQuery("from="+text, params, now.UnixNano())
		if got := q.time("from"); q.err != nil || got != want.UnixNano() {
			t.Errorf("%s: %v, %v; want %v", text, time.Unix(0, got).UTC(), q.err, want)
		}
	}
	for _, text := range []string{"-", "-h", "24h", "now+1h", "-1y", "-1.5h", "--1h", "-999w9", "-99999d", "-100000000000000000s", "now-", "nowhere", "-5", "1e9", "2026-01-31"} {
		q := parseQuery("from="+strings.ReplaceAll(text, "+", "%2B"), params, now.UnixNano())
		if got := q.time("from"); q.err == nil {
			t.Errorf("%s is taken for %v", text, time.Unix(0, got).UTC())
		}
	}
}

func TestBeginnings(t *testing.T) {
	for text, want := range map[string]string{
		"10.": "10.0.0.0/8", "10.0": "10.0.0.0/16", "10.1.": "10.1.0.0/16", "192.168.1": "192.168.1.0/24", "192.168.1.": "192.168.1.0/24",
		"192.168.1.7": "192.168.1.7/32", "::ffff:1.2.3.4": "1.2.3.4/32", "10.1.2.3/16": "10.1.0.0/16",
		"2001:db8:": "2001:db8::/32", "2001:db8::": "2001:db8::/32", "fe80::1": "fe80::1/128", "fe80:": "fe80::/16", "2001:db8::/48": "2001:db8::/48",
		"10": "", "1.2.3.4.5": "", "256.1": "", "a.b": "", ":": "", "::": "::/128", "abc": "", ".": "", "1:2:3:4:5:6:7:8:": "", "fe80::1%eth0": "",
	} {
		p, ok := parseBeginning(text)
		if got := p.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %v %v, want %q", text, got, ok, want)
		}
	}
}

// unnamed is a catalog that knows no names, or fails to look them up.
type unnamed struct {
	Catalog
	err error
}

func (c unnamed) FindNames(context.Context, string, string, int) ([]string, error) { return nil, c.err }

func TestTerms(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = unnamed{d.Catalog, nil} })
	protocol, state := func(p uint8) stats.Term { return stats.Term{Protocol: &p} }, flow.StateClosed
	for text, want := range map[string][]stats.Term{
		"22": {{Port: 22}}, "65536": {{ASN: 65536}}, "AS22": {{ASN: 22}}, "ssh": {{Port: 22}}, "closed": {{State: &state}},
		"sctp": {protocol(132)}, "eth0": {{Point: 1}}, "Germany": {{Country: "DE"}}, "guinea": {{Country: "GN"}, {Country: "GQ"}, {Country: "GW"}, {Country: "PG"}},
		"-": {}, "": nil, "imap": {{Port: 143}}, "10.9.": {{Network: netip.MustParsePrefix("10.9.0.0/16")}},
	} {
		q := parseQuery("text="+text, []param{{name: "text", kind: kindText}}, 0)
		got := f.terms(t.Context(), q)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" || q.err != nil {
			t.Errorf("%q: %v\n%s", text, q.err, diff)
		}
	}
	broken := newFixture(t, func(_ *Config, d *Deps) { d.Catalog = unnamed{d.Catalog, errors.New("disk is broken")} })
	if p := decode[wire.Problem](t, broken.get(t, "/api/sessions?text=name"), 503); p.Code != "store_failed" {
		t.Errorf("%+v", p)
	}
}

func TestBadQuestions(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 3)
	for path, field := range map[string]string{
		"/api/sessions?direction=up":                            "direction",
		"/api/sessions?country=CHN":                             "country",
		"/api/sessions?country=1a":                              "country",
		"/api/sessions?asn=0":                                   "asn",
		"/api/sessions?asn=ASX":                                 "asn",
		"/api/sessions?min_bytes=-1":                            "min_bytes",
		"/api/sessions?max_bytes=1.5":                           "max_bytes",
		"/api/sessions?min_duration=-1":                         "min_duration",
		"/api/sessions?max_duration=NaN":                        "max_duration",
		"/api/sessions?max_duration=1e99":                       "max_duration",
		"/api/sessions?at=-1h&from=-2h":                         "at",
		"/api/sessions?at=2150-01-01T00:00:00Z":                 "at",
		"/api/status?at=tomorrow":                               "at",
		"/api/rankings?dimension=colour":                        "dimension",
		"/api/rankings?limit=1001":                              "limit",
		"/api/rankings?compare=previous":                        "compare",
		"/api/rankings?compare=next&from=-1h":                   "compare",
		"/api/rankings?to=-1h":                                  "from",
		"/api/rankings?from=-1h&to=-2h":                         "to",
		"/api/top-talkers?country=CN":                           "country",
		"/api/geo-map?to=-1h":                                   "from",
		"/api/geo-map?at=now&to=-1h":                            "at",
		"/api/ip-stats?to=-1h":                                  "from",
		"/api/ip-stats?order_by=name":                           "order_by",
		"/api/ip-stats/192.168.1.2?to=-1h":                      "from",
		"/api/ip-stats/192.168.1.2?page=1":                      "page",
		"/api/traffic-history?key=tcp":                          "dimension",
		"/api/traffic-history?top=3":                            "dimension",
		"/api/traffic-history?dimension=ip&top=51":              "top",
		"/api/traffic-history?dimension=ip&top=3&key=10.0.0.1":  "top",
		"/api/traffic-history?dimension=ip&interface=eth0":      "interface",
		"/api/traffic-history?dimension=ip&step=90":             "step",
		"/api/traffic-history?dimension=ip&step=1":              "step",
		"/api/traffic-history?dimension=ip&key=" + manyKeys(51): "key",
		"/api/events?order_by=params":                           "order_by",
	} {
		w := f.get(t, path)
		if w.Code != 400 {
			t.Errorf("%s: status %d, want 400", path, w.Code)
			continue
		}
		if p := decode[wire.Problem](t, w, 400); p.Field != field {
			t.Errorf("%s: %+v, want %s", path, p, field)
		}
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("10.0.0.%d", i)
	}
	return strings.Join(keys, ",")
}

// Steps follow from what the configuration keeps.
func TestStepsFollowTheRetention(t *testing.T) {
	kept := store.DefaultRetention()
	f := newFixture(t, func(_ *Config, d *Deps) { d.Retention = func() store.Retention { return kept } })
	step := func(query string) int64 {
		return decode[wire.History](t, f.get(t, "/api/traffic-history?"+query), 200).Step
	}
	query := fmt.Sprintf("from=%d&to=%d", f.now.Add(-240*time.Hour).Unix(), f.now.Add(-239*time.Hour).Unix())
	if got := step(query); got != 3600 {
		t.Errorf("step %d, want hours: minutes are kept for a week", got)
	}
	kept.Minutes = 30 * 24 * time.Hour
	if got := step(query); got != 60 {
		t.Errorf("step %d, want minutes: they are kept for a month", got)
	}
	kept.Seconds = 0
	if got := step(query); got != 5 {
		t.Errorf("step %d, want seconds: they are kept for ever", got)
	}
	kept.Seconds, kept.Minutes, kept.Hours = time.Hour, time.Hour, time.Hour
	if got := step("hours=2"); got != 86400 {
		t.Errorf("step %d, want days: nothing else is kept", got)
	}
}
