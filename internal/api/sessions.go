package api

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// sessionFilters are what selects sessions, in lists, rankings and exports; the time
// that they were there within is asked for beside them.
func sessionFilters() []param {
	return []param{
		{name: "src_ip", kind: kindNetwork, doc: "source (initiator): address or network"},
		{name: "dst_ip", kind: kindNetwork, doc: "destination (responder): address or network"},
		{name: "ip", kind: kindNetwork, doc: "either end: address or network"},
		{name: "protocol", kind: kindProtocol, doc: "name or number of the IP protocol"},
		{name: "port", kind: kindNumber, doc: "port of either end", min: 1, max: 65535},
		{name: "state", kind: kindChoice, doc: "state of the session", values: flow.StateNames()},
		interfaceParam("only sessions that it saw, also those that count at another"),
		{name: "tunnel", kind: kindChoice, doc: "what the session came in: one kind of tunnel at any depth, any, or none", values: tunnelChoices()},
		{name: "active", kind: kindFlag, doc: "true: only sessions that live; false: only ended ones"},
		{name: "direction", kind: kindChoice, doc: "direction as seen from home", values: directionNames()},
		{name: "country", kind: kindCountry, doc: "country of either end, as it was known when the session began: ISO 3166-1 alpha-2 code such as CN"},
		{name: "asn", kind: kindASN, doc: "number of the autonomous system of either end, as it was known when the session began: 64500 or AS64500"},
		{name: "text", kind: kindText, doc: textDoc},
		{name: "min_bytes", kind: kindNumber, doc: "at least so many wire bytes, both ways", max: math.MaxInt64},
		{name: "max_bytes", kind: kindNumber, doc: "at most so many wire bytes, both ways; 0 = any", max: math.MaxInt64},
		{name: "min_duration", kind: kindSeconds, doc: "lasted at least so many seconds"},
		{name: "max_duration", kind: kindSeconds, doc: "lasted at most so many seconds; 0 = any"},
	}
}

func sessionParams() []param {
	params := append(pagingParams(columnNames(stats.SessionColumns), "desc"), afterParam())
	return append(params, sessionTimeParams()...)
}

// sessionTimeParams are the filters with the time.
func sessionTimeParams() []param {
	return append(sessionFilters(),
		timeParam("from", "sessions that were there at or after this time"),
		timeParam("to", "sessions that were there before this time"),
		atParam("sessions that were there in that second of the last hour, or minute"),
	)
}

// sessionQuery reads the filters; the order, the page and the time are the caller's.
func (s *Server) sessionQuery(ctx context.Context, q *query) stats.SessionQuery {
	sq := stats.SessionQuery{
		Src: q.network("src_ip"), Dst: q.network("dst_ip"), IP: q.network("ip"),
		Protocol: q.protocol("protocol"), Port: uint16(q.number("port")), State: q.state("state"),
		Point: s.point(q), Tunnel: q.tunnel("tunnel"), Active: q.flag("active"),
		Direction: q.direction("direction"), Country: q.country("country"), ASN: q.asn("asn"),
		MinBytes: uint64(q.number("min_bytes")), MaxBytes: uint64(q.number("max_bytes")),
		MinDuration: q.seconds("min_duration"), MaxDuration: q.seconds("max_duration"),
	}
	sq.Terms = s.terms(ctx, q)
	return sq
}

func (s *Server) sessionsAskedFor(ctx context.Context, q *query) (stats.SessionQuery, listed) {
	p, w := q.paging(), s.window(ctx, q, second)
	sq := s.sessionQuery(ctx, q)
	sq.From, sq.To = w.from, w.to
	if w.at == 0 && !q.has("to") {
		sq.To = 0 // also what begins while the question is answered
	}
	sq.OrderBy, sq.Descending, sq.Offset, sq.Limit = p.orderBy, p.descending, p.offset(), p.perPage
	sq.After = q.after(p)
	if sq.Offset > maxOffset {
		q.fail("page", "begins behind entry %d, which is as far as numbered pages go; page with after, or narrow the list", maxOffset)
	}
	return sq, listed{p, w.wire()}
}

func (s *Server) listSessions(ctx context.Context, q *query) (wire.Page[wire.Session], error) {
	sq, asked := s.sessionsAskedFor(ctx, q)
	if q.err != nil {
		return wire.Page[wire.Session]{}, q.err
	}
	list, total, err := s.deps.Catalog.Sessions(ctx, sq)
	if err != nil {
		return wire.Page[wire.Session]{}, err
	}
	page := pageOf(asked, s.sessions(list), total)
	if len(list) == sq.Limit {
		next := token(asked.paging, sq.CursorOf(&list[len(list)-1]))
		page.Next = &next
	}
	return page, nil
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
