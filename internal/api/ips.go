package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// maxRankedIPs bounds the list of addresses that a time or a filter by place makes.
const maxRankedIPs = 1000

func ipParams() []param {
	return append(pagingParams(columnNames(stats.IPColumns), "desc"), ipFilters()...)
}

func ipFilters() []param {
	return []param{
		{name: ipColumn, kind: kindNetwork, doc: "address or network"},
		{name: "local", kind: kindFlag, doc: "true: only addresses at home; false: only others"},
		{name: "country", kind: kindCountry, doc: "addresses in the country, among those of the time or of the sessions that are kept"},
		{name: "asn", kind: kindASN, doc: "addresses of the autonomous system, likewise"},
		{name: "text", kind: kindText, doc: "the address, the beginning of one, or a network; the country or AS, likewise"},
		timeParam("from", "what the addresses did in the time from here: the largest 1000"),
		timeParam("to", "end of that time; now if absent"),
		atParam("what they did in that minute"),
	}
}

// ipQuestion is which addresses a list is of.
type ipQuestion struct {
	rankQuestion
	stats.IPQuery
	listed
	country string
	asn     uint32
	terms   []stats.Term
}

func (s *Server) ipsAskedFor(ctx context.Context, q *query) ipQuestion {
	p := q.paging()
	x := ipQuestion{
		rankQuestion: rankQuestion{window: s.window(ctx, q, minute), limit: maxRankedIPs},
		IPQuery: stats.IPQuery{
			Network: q.network(ipColumn), Local: q.flag("local"),
			OrderBy: p.orderBy, Descending: p.descending, Offset: p.offset(), Limit: p.perPage,
		},
		country: q.country("country"), asn: q.asn("asn"), terms: s.terms(ctx, q),
	}
	if q.has("to") && !q.has("from") {
		q.fail("from", "needed where to is given")
	}
	if _, ok := stats.FindColumn(stats.RankColumns, p.orderBy); ok && p.descending {
		x.rankQuestion.orderBy = p.orderBy
	}
	x.listed = listed{p, x.wire()}
	if len(x.terms) == 1 && x.terms[0].Network.IsValid() && !x.Network.IsValid() {
		x.Network, x.terms = x.terms[0].Network, nil
	}
	// Among the largest there may be few that a filter wants; sessions are filtered first.
	if x.placed() || !x.isNow() && x.Network.IsValid() {
		x.filter = &stats.SessionQuery{IP: x.Network, Country: x.country, ASN: x.asn, Terms: x.terms}
	}
	return x
}

// placed reports whether addresses are filtered by what the table of totals does not know.
func (x *ipQuestion) placed() bool { return x.country != "" || x.asn != 0 || x.terms != nil }

// ranked reports whether the table of totals can't answer.
func (x *ipQuestion) ranked() bool { return !x.isNow() || x.placed() }

// wants reports whether an address belongs to the list.
func (s *Server) wants(x *ipQuestion, ip *stats.IP) bool {
	if !x.Match(ip) {
		return false
	}
	if !x.placed() {
		return true
	}
	l := s.deps.Engine.Locate(ip.Addr)
	if x.country != "" && l.CountryCode != x.country || x.asn != 0 && l.ASN != x.asn {
		return false
	}
	return x.terms == nil || slices.ContainsFunc(x.terms, func(t stats.Term) bool {
		return t.Network.IsValid() && t.Network.Contains(ip.Addr) ||
			t.Country != "" && t.Country == l.CountryCode || t.ASN != 0 && t.ASN == l.ASN
	})
}

// ips lists a page of addresses.
func (s *Server) ips(ctx context.Context, x *ipQuestion) ([]stats.IP, store.Total, error) {
	if !x.ranked() {
		list, total, err := s.deps.Catalog.IPs(ctx, x.IPQuery)
		return list, store.Total{Rows: total}, err
	}
	list, total, err := s.rankedIPs(ctx, x)
	if err != nil {
		return nil, total, err
	}
	list = list[min(x.Offset, len(list)):]
	if x.Limit > 0 {
		list = list[:min(x.Limit, len(list))]
	}
	return list, total, s.sightings(ctx, list)
}

// rankedIPs are all addresses of a ranking that the list wants, in its order.
func (s *Server) rankedIPs(ctx context.Context, x *ipQuestion) ([]stats.IP, store.Total, error) {
	ranks, estimated, err := s.rankOnce(ctx, stats.DimensionIP, x.rankQuestion, nil)
	if err != nil {
		return nil, store.Total{}, err
	}
	s.mean(ranks, &x.rankQuestion)
	list := make([]stats.IP, 0, len(ranks))
	for i := range ranks {
		r := &ranks[i]
		addr, err := netip.ParseAddr(r.Key)
		if err != nil {
			continue // what had no row of its own
		}
		ip := stats.IP{Addr: addr, Sessions: r.Sessions, RetransmitsSent: r.Retransmits, Local: s.deps.Engine.AtHome(addr)}
		ip.Sent.WireBytes, ip.Sent.Packets = r.Sent.Bytes, r.Sent.Packets
		ip.Received.WireBytes, ip.Received.Packets = r.Received.Bytes, r.Received.Packets
		if both := r.Sent.Bytes + r.Received.Bytes; both > 0 {
			ip.RateSent = r.Rate * float64(r.Sent.Bytes) / float64(both)
			ip.RateReceived = r.Rate - ip.RateSent
		}
		if s.wants(x, &ip) {
			list = append(list, ip)
		}
	}
	column, _ := stats.FindColumn(stats.IPColumns, x.OrderBy)
	if column.Name == "first_seen" || column.Name == "last_seen" {
		if err := s.sightings(ctx, list); err != nil {
			return nil, store.Total{}, err
		}
	}
	slices.SortFunc(list, func(a, b stats.IP) int {
		if x.Descending {
			a, b = b, a
		}
		return cmp.Or(column.Compare(&a, &b), a.Addr.Compare(b.Addr))
	})
	return list, store.Total{Rows: len(list), Estimated: estimated || len(ranks) == x.rankQuestion.limit}, nil
}

// sightings sets when addresses were first and last seen, which rankings don't know.
func (s *Server) sightings(ctx context.Context, list []stats.IP) error {
	for i := range list {
		if list[i].First != 0 {
			continue
		}
		known, err := s.deps.Catalog.IP(ctx, list[i].Addr)
		switch {
		case errors.Is(err, store.ErrNotFound): // older than what is kept of addresses
		case err != nil:
			return err
		default:
			list[i].First, list[i].Last = known.First, known.Last
		}
	}
	return nil
}

// wireIP makes a row. A ranking knows retransmissions both ways only.
func (s *Server) wireIP(ip *stats.IP, ranked bool) wire.IP {
	w := s.ip(ip)
	if ranked {
		w.RetransmitsSent = 0
	}
	return w
}

func (s *Server) listIPs(ctx context.Context, q *query) (wire.Page[wire.IP], error) {
	x := s.ipsAskedFor(ctx, q)
	if q.err != nil {
		return wire.Page[wire.IP]{}, q.err
	}
	list, total, err := s.ips(ctx, &x)
	if err != nil {
		return wire.Page[wire.IP]{}, err
	}
	items := make([]wire.IP, len(list))
	for i := range list {
		items[i] = s.wireIP(&list[i], x.ranked())
	}
	page := pageOf(x.listed, items, total)
	if x.ranked() {
		page.Source = x.source()
	}
	return page, nil
}

func (s *Server) getIPs(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.listIPs(r.Context(), q)
}
