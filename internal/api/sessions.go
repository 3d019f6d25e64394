package api

import (
	"context"
	"net/http"
	"strconv"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

func sessionParams() []param {
	return append(pagingParams(columnNames(stats.SessionColumns), "desc"),
		param{name: "src_ip", kind: kindNetwork, doc: "source (initiator): address or network"},
		param{name: "dst_ip", kind: kindNetwork, doc: "destination (responder): address or network"},
		param{name: "ip", kind: kindNetwork, doc: "either end: address or network"},
		param{name: "protocol", kind: kindProtocol, doc: "name or number of the IP protocol"},
		param{name: "port", kind: kindNumber, doc: "port of either end", min: 1, max: 65535},
		param{name: "state", kind: kindChoice, doc: "state of the session", values: flow.StateNames()},
		interfaceParam("only sessions that it saw, also those that count at another"),
		param{name: "tunnel", kind: kindChoice, doc: "what the session came in: one kind of tunnel at any depth, any, or none", values: tunnelChoices()},
		param{name: "active", kind: kindFlag, doc: "true: only sessions that live; false: only ended ones"},
		param{name: "from", kind: kindTime, doc: "sessions that were there at or after this time"},
		param{name: "to", kind: kindTime, doc: "sessions that were there before this time"},
	)
}

func (s *Server) listSessions(ctx context.Context, q *query) (wire.Page[wire.Session], error) {
	p := q.paging()
	from, to := q.span()
	sq := stats.SessionQuery{
		Src: q.network("src_ip"), Dst: q.network("dst_ip"), IP: q.network("ip"),
		Protocol: q.protocol("protocol"), Port: uint16(q.number("port")), State: q.state("state"), Point: s.point(q), Tunnel: q.tunnel("tunnel"), Active: q.flag("active"),
		From: from, To: to,
		OrderBy: p.orderBy, Descending: p.descending, Offset: p.offset(), Limit: p.perPage,
	}
	if q.err != nil {
		return wire.Page[wire.Session]{}, q.err
	}
	list, total, err := s.deps.Catalog.Sessions(ctx, sq)
	if err != nil {
		return wire.Page[wire.Session]{}, err
	}
	return pageOf(p, s.sessions(list), total.Rows), nil
}

func (s *Server) getSessions(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.listSessions(r.Context(), q)
}

func (s *Server) getSession(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	text := r.PathValue("id")
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, badParameter("session_id", "%q is not allowed; use a session's number", text)
	}
	x, err := s.deps.Catalog.Session(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return s.session(&x), nil
}
