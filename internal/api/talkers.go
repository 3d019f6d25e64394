package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
)

func talkerParams() []param {
	columns := columnNames(stats.RankColumns)
	return []param{
		{name: "limit", kind: kindNumber, doc: "rows of each ranking", fallback: "10", min: 1, max: maxPerPage},
		{name: "order_by", kind: kindChoice, doc: "measure to rank by", fallback: columns[0], values: columns},
	}
}

func (s *Server) topTalkers(_ context.Context, q *query) (wire.TopTalkers, error) {
	n, column := int(q.number("limit")), q.choice("order_by")
	if q.err != nil {
		return wire.TopTalkers{}, q.err
	}
	top := func(dimension string) []wire.Rank {
		return s.ranks(dimension, s.deps.Engine.TopBy(dimension, column, n))
	}
	return wire.TopTalkers{
		IPs:       top(stats.DimensionIP),
		Countries: top(stats.DimensionCountry),
		ASNs:      top(stats.DimensionASN),
		Protocols: top(stats.DimensionProtocol),
		Ports:     top(stats.DimensionPort),
		More:      map[string][]wire.Rank{},
	}, nil
}

func (s *Server) getTopTalkers(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.topTalkers(r.Context(), q)
}
