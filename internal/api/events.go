package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

func eventParams() []param {
	return append(pagingParams(columnNames(store.EventColumns), "desc"), eventFilters()...)
}

func eventFilters() []param {
	return []param{
		{name: "level", kind: kindChoice, doc: "at least this level", values: []string{"info", "warning", "error"}},
		{name: "kind", kind: kindText, doc: "code of the kind of event"},
		{name: "text", kind: kindText, doc: "part of the message or the kind"},
		timeParam("from", "events at or after this time"),
		timeParam("to", "events before this time"),
	}
}

func (q *query) events() (store.EventQuery, paging) {
	p := q.paging()
	from, to := q.span()
	eq := store.EventQuery{
		Kind: q.text("kind"), Text: q.text("text"), From: from, To: to,
		OrderBy: p.orderBy, OldestFirst: !p.descending, Offset: p.offset(), Limit: p.perPage,
	}
	if level, ok := store.ParseLevel(q.choice("level")); ok {
		eq.Level = level
	}
	return eq, p
}

func (s *Server) listEvents(ctx context.Context, q *query) (wire.Page[wire.Event], error) {
	eq, p := q.events()
	if q.err != nil {
		return wire.Page[wire.Event]{}, q.err
	}
	list, total, err := s.deps.Catalog.Events(ctx, eq)
	if err != nil {
		return wire.Page[wire.Event]{}, err
	}
	items := make([]wire.Event, len(list))
	for i := range list {
		items[i] = event(&list[i])
	}
	return pageOf(listed{paging: p}, items, store.Total{Rows: total}), nil
}

func (s *Server) getEvents(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.listEvents(r.Context(), q)
}
