package api

import (
	"errors"
	"net/http"
	"testing"
)

// FuzzQuery gives any query string to the lists' parsers: each one is either read
// within its bounds or refused with a problem that names a field of the table.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "page=1&per_page=50&order_by=last_seen&order_direction=desc&src_ip=&dst_ip=&protocol=&state=",
		"src_ip=10.0.0.0/8&ip=::1&port=443&active=true&from=2026-01-01T00:00:00Z&to=1900000000",
		"page=-1", "page=9223372036854775807&per_page=1000", "ip=::ffff:1.2.3.4/96", "a=%zz", "from=9999999999999", ";=&&=",
		"hours=24", "from=0001-01-01T00:00:00Z", "protocol=256", "from=-24h&to=now", "from=now-2w", "at=-1m", "direction=in&country=cn&asn=AS1", "min_bytes=1&max_duration=0.5", "max_duration=Inf",
		"text=10.0.&after=AAAA", "text=2001:db8::", "protocol=256", "tunnel=vxlan", "tunnel=none", "state=closed&state=closed",
	} {
		f.Add(seed)
	}
	params := append(sessionParams(), ipParams()[4:]...)
	f.Fuzz(func(t *testing.T, raw string) {
		q := parseQuery(raw, params, 1_900_000_000e9)
		p := q.paging()
		from, to := q.span()
		src, ip := q.network("src_ip"), q.network("ip")
		protocol, port, state := q.protocol("protocol"), q.number("port"), q.state("state")
		q.flag("active")
		tunnel := q.tunnel("tunnel")
		direction, country, asn, shortest := q.direction("direction"), q.country("country"), q.asn("asn"), q.seconds("min_duration")
		at, after := q.time("at"), q.after(p)
		prefix, isAddress := parseBeginning(q.text("text"))
		if q.err != nil {
			var problem *problem
			if !errors.As(q.err, &problem) || problem.status != http.StatusBadRequest || problem.detail == "" {
				t.Fatalf("%q: %v", raw, q.err)
			}
			return
		}
		if p.page < 1 || p.page > maxPage || p.perPage < 1 || p.perPage > maxPerPage || p.offset() < 0 || p.orderBy == "" {
			t.Fatalf("%q: %+v", raw, p)
		}
		if from < 0 || to < 0 || to != 0 && from != 0 && to <= from {
			t.Fatalf("%q: from %d to %d", raw, from, to)
		}
		if port < 0 || port > 65535 || q.has("protocol") != (protocol != nil) || q.has("state") != (state != nil) || q.has("tunnel") != (tunnel != 0) {
			t.Fatalf("%q: port %d, protocol %v, state %v", raw, port, protocol, state)
		}
		if q.has("direction") != (direction != nil) || q.has("asn") != (asn != 0) || country != "" && !isCountryCode(country) || shortest < 0 {
			t.Fatalf("%q: direction %v, AS %d, country %q, at least %d ns", raw, direction, asn, country, shortest)
		}
		if at < 0 || q.has("after") != (after != nil) || isAddress && (!prefix.IsValid() || prefix != prefix.Masked()) {
			t.Fatalf("%q: at %d, after %v, address %v", raw, at, after, prefix)
		}
		if q.has("src_ip") != src.IsValid() || q.has("ip") != ip.IsValid() || src.IsValid() && src != src.Masked() {
			t.Fatalf("%q: networks %v %v", raw, src, ip)
		}
	})
}
