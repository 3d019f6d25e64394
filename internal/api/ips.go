package api

import (
	"context"
	"net/http"
	"net/netip"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// How much of an address's sessions and peers its detail shows.
const (
	detailSessions = 20
	detailPeers    = 20
)

func ipParams() []param {
	return append(pagingParams(columnNames(stats.IPColumns), "desc"),
		param{name: "ip", kind: kindNetwork, doc: "address or network"},
		param{name: "local", kind: kindFlag, doc: "true: only addresses at home; false: only others"},
	)
}

func (s *Server) listIPs(ctx context.Context, q *query) (wire.Page[wire.IP], error) {
	p := q.paging()
	iq := stats.IPQuery{
		Network: q.network("ip"), Local: q.flag("local"),
		OrderBy: p.orderBy, Descending: p.descending, Offset: p.offset(), Limit: p.perPage,
	}
	if q.err != nil {
		return wire.Page[wire.IP]{}, q.err
	}
	list, total, err := s.deps.Catalog.IPs(ctx, iq)
	if err != nil {
		return wire.Page[wire.IP]{}, err
	}
	items := make([]wire.IP, len(list))
	for i := range list {
		items[i] = s.ip(&list[i])
	}
	return pageOf(listed{paging: p}, items, store.Total{Rows: total}), nil
}

func (s *Server) getIPs(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.listIPs(r.Context(), q)
}

func (s *Server) getIP(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	text := r.PathValue("ip")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return nil, badParameter("ip", "%q is not allowed; use an address", text)
	}
	addr = addr.Unmap()
	found, err := s.deps.Catalog.IP(r.Context(), addr)
	if err != nil {
		return nil, err
	}
	sessions, total, err := s.deps.Catalog.Sessions(r.Context(), stats.SessionQuery{
		IP: netip.PrefixFrom(addr, addr.BitLen()), OrderBy: "last_seen", Descending: true, Limit: detailSessions,
	})
	if err != nil {
		return nil, err
	}
	return wire.IPDetail{
		IP: s.ip(&found), Source: "totals", Sessions: s.sessions(sessions), SessionsTotal: total.Rows,
		SessionsTotalEstimated: total.Estimated,
		Peers: s.ranks(stats.DimensionIP, s.deps.Engine.Peers(addr, detailPeers)),
		Ports: []wire.Rank{}, Countries: []wire.Rank{}, Protocols: []wire.Rank{},
	}, nil
}
