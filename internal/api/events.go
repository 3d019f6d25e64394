package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

func eventParams() []param {
	return append(pagingParams([]string{"time"}, "desc"),
		param{name: "level", kind: kindChoice, doc: "at least this level", values: []string{"info", "warning", "error"}},
		param{name: "kind", kind: kindText, doc: "code of the kind of event"},
		param{name: "from", kind: kindTime, doc: "events at or after this time"},
		param{name: "to", kind: kindTime, doc: "events before this time"},
	)
}

func (s *Server) listEvents(ctx context.Context, q *query) (wire.Page[wire.Event], error) {
	p := q.paging()
	from, to := q.span()
	eq := store.EventQuery{Kind: q.text("kind"), From: from, To: to, OldestFirst: !p.descending, Offset: p.offset(), Limit: p.perPage}
	if level, ok := store.ParseLevel(q.choice("level")); ok {
		eq.Level = level
	}
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
