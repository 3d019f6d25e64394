package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

const (
	// How much of an address's sessions, peers, ports and the like its page shows.
	detailSessions = 20
	detailRanks    = 20
	// maxSpread is how many sessions a series is made of where roll-ups don't know an address.
	maxSpread = 10_000
)

func detailParams() []param {
	return []param{
		timeParam("from", "what it did in the time from here, with a series"),
		timeParam("to", "end of that time; now if absent"),
		atParam("what it did in that minute"),
	}
}

func (s *Server) getIP(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	text := r.PathValue("ip")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return nil, badParameter("ip", "%q is not allowed; use an address", text)
	}
	w := s.window(r.Context(), q, minute)
	if q.has("to") && !q.has("from") {
		q.fail("from", "needed where to is given")
	}
	if q.err != nil {
		return nil, q.err
	}
	return s.ipDetail(r.Context(), addr.Unmap(), w, q.now)
}

func (s *Server) ipDetail(ctx context.Context, addr netip.Addr, w window, now int64) (*wire.IPDetail, error) {
	found, err := s.deps.Catalog.IP(ctx, addr)
	if err != nil {
		return nil, err
	}
	sq := stats.SessionQuery{
		IP: netip.PrefixFrom(addr, addr.BitLen()), From: w.from, To: w.to,
		OrderBy: "last_seen", Descending: true, Limit: detailSessions,
	}
	sessions, total, err := s.deps.Catalog.Sessions(ctx, sq)
	if err != nil {
		return nil, err
	}
	d := &wire.IPDetail{
		IP: s.ip(&found), Source: sourceTotals, Span: w.wire(),
		Sessions: s.sessions(sessions), SessionsTotal: total.Rows, SessionsTotalEstimated: total.Estimated,
	}
	if err := s.shares(ctx, d, sq, addr); err != nil {
		return nil, err
	}
	if w.isNow() {
		return d, nil
	}
	return d, s.past(ctx, d, addr, w, now)
}

// shares ranks what the sessions of an address were with, but for itself.
func (s *Server) shares(ctx context.Context, d *wire.IPDetail, sq stats.SessionQuery, addr netip.Addr) error {
	dimensions := []string{stats.DimensionIP, stats.DimensionPort, stats.DimensionCountry, stats.DimensionProtocol}
	lists, estimated, err := s.deps.Catalog.SessionRanks(ctx, sq, dimensions, "", detailRanks+1)
	if err != nil {
		return err
	}
	d.RanksEstimated = estimated
	lists[0] = slices.DeleteFunc(lists[0], func(r stats.Rank) bool { return r.Key == addr.String() })
	for i, rows := range [...]*[]wire.Rank{&d.Peers, &d.Ports, &d.Countries, &d.Protocols} {
		*rows = s.ranks(dimensions[i], lists[i][:min(len(lists[i]), detailRanks)])
	}
	return nil
}

// past replaces the totals by those of the time and adds a series: from the roll-ups,
// or, where those had no room for the address, from its sessions.
func (s *Server) past(ctx context.Context, d *wire.IPDetail, addr netip.Addr, w window, now int64) error {
	key := addr.String()
	r := rankQuestion{window: w}
	ranks, _, err := s.rankOnce(ctx, stats.DimensionIP, r, []string{key})
	if err != nil {
		return err
	}
	d.Source = sourceRollups
	if len(ranks) == 0 {
		d.Source = sourceSessions
		network := netip.PrefixFrom(addr, addr.BitLen())
		lists, estimated, err := s.deps.Catalog.SessionRanks(ctx, stats.SessionQuery{IP: network, From: w.from, To: w.to}, []string{stats.DimensionIP}, "", 0)
		if err != nil {
			return err
		}
		d.TotalsEstimated = estimated
		ranks = slices.DeleteFunc(lists[0], func(x stats.Rank) bool { return x.Key != key })
	} else {
		s.mean(ranks, &r)
	}
	setTotals(&d.IP, ranks)
	d.SeriesSource, d.Step = d.Source, s.kept(ctx, now).fittingStep(max(w.from, 1), w.to-w.from, wantedRankPoints, minute)
	from, to := store.AlignDown(w.from, d.Step), store.AlignDown(w.to-1, d.Step)+d.Step*int64(time.Second)
	if d.Source == sourceSessions {
		d.Series, d.SeriesEstimated, err = s.spread(ctx, addr, from, to, d.Step)
		return err
	}
	series, err := s.deps.Catalog.RankHistory(ctx, store.RankHistoryQuery{
		Dimension: stats.DimensionIP, Keys: []string{key}, From: from, To: to, Step: d.Step,
	})
	if err != nil {
		return err
	}
	d.Series = rankPoints(series[0])
	return nil
}

// setTotals makes the numbers of an address those of a row, or 0 if there is none.
func setTotals(ip *wire.IP, ranks []stats.Rank) {
	var x stats.Rank
	if len(ranks) > 0 {
		x = ranks[0]
	}
	ip.BytesSent, ip.BytesReceived, ip.TotalBytes = x.Sent.Bytes, x.Received.Bytes, x.Sent.Bytes+x.Received.Bytes
	ip.PacketsSent, ip.PacketsReceived, ip.TotalPackets = x.Sent.Packets, x.Received.Packets, x.Sent.Packets+x.Received.Packets
	ip.SessionCount = x.Sessions
	ip.RetransmitsSent, ip.RetransmitsReceived, ip.TotalRetransmits = 0, 0, x.Retransmits
	ip.RateSent, ip.RateReceived = 0, 0
	if ip.TotalBytes > 0 {
		ip.RateSent = x.Rate * float64(ip.BytesSent) / float64(ip.TotalBytes)
		ip.RateReceived = x.Rate - ip.RateSent
	}
}

// spread makes a series of the newest sessions of an address: what each did counts
// evenly for the time from its start to its end. It is estimated where there are more.
func (s *Server) spread(ctx context.Context, addr netip.Addr, from, to, step int64) (series []wire.RankPoint, estimated bool, err error) {
	sessions, total, err := s.deps.Catalog.Sessions(ctx, stats.SessionQuery{
		IP: netip.PrefixFrom(addr, addr.BitLen()), From: from, To: to,
		OrderBy: "last_seen", Descending: true, Limit: maxSpread,
	})
	if err != nil {
		return nil, false, err
	}
	length := step * int64(time.Second)
	points := make([]stats.RankPoint, (to-from)/length)
	for i := range points {
		points[i].Time = from + int64(i)*length
	}
	for i := range sessions {
		x := &sessions[i]
		if n := x.Start - from; n >= 0 && n/length < int64(len(points)) {
			points[n/length].Sessions++
		}
		sent, received := x.Sent, x.Received
		if x.Key.DstAddr() == addr {
			sent, received = received, sent
		}
		spreadOver(points, length, x.Start, max(x.Last, x.Start+1), [4]uint64{
			sent.WireBytes, received.WireBytes, sent.Packets, received.Packets,
		})
	}
	return rankPoints(points), total.Rows > len(sessions), nil
}

// spreadOver adds to each point the part of the amounts that falls into it.
func spreadOver(points []stats.RankPoint, length, start, end int64, amounts [4]uint64) {
	first := points[0].Time
	before := max(first-start, 0)
	for i := max(start-first, 0) / length; i < int64(len(points)); i++ {
		p := &points[i]
		until := min(p.Time+length, end) - start
		if until <= before {
			return
		}
		for n, to := range [4]*uint64{&p.Sent.Bytes, &p.Received.Bytes, &p.Sent.Packets, &p.Received.Packets} {
			*to += part(amounts[n], until, end-start) - part(amounts[n], before, end-start)
		}
		before = until
	}
}

// part is the share of an amount after some of the time, so that the parts add up to it.
func part(amount uint64, time, all int64) uint64 {
	return uint64(float64(amount) * (float64(time) / float64(all)))
}
