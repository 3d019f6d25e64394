package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

func talkerParams() []param {
	return append([]param{
		{name: "dimension", kind: kindChoice, doc: "only this ranking; the others are empty", values: dimensionNames()},
	}, rankParams()...)
}

func (s *Server) topTalkers(ctx context.Context, q *query) (wire.TopTalkers, error) {
	only, r := q.choice("dimension"), s.rankQuestion(ctx, q)
	if q.err != nil {
		return wire.TopTalkers{}, q.err
	}
	t := wire.TopTalkers{More: map[string][]wire.Rank{}, Span: r.wire(), Previous: r.previousSpan()}
	named := map[string]*[]wire.Rank{
		stats.DimensionIP: &t.IPs, stats.DimensionCountry: &t.Countries, stats.DimensionASN: &t.ASNs,
		stats.DimensionProtocol: &t.Protocols, stats.DimensionPort: &t.Ports,
	}
	for _, dimension := range dimensionNames() {
		rows := []wire.Rank{}
		if only == "" || only == dimension {
			var err error
			if rows, _, err = s.rank(ctx, dimension, r); err != nil {
				return wire.TopTalkers{}, err
			}
		}
		if field, ok := named[dimension]; ok {
			*field = rows
		} else {
			t.More[dimension] = rows
		}
	}
	return t, nil
}

func (s *Server) getTopTalkers(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.topTalkers(r.Context(), q)
}

// getSchema says what can be asked for.
func (s *Server) getSchema(http.ResponseWriter, *http.Request, *query) (any, error) {
	schema := wire.Schema{
		RankColumns: columnNames(stats.RankColumns), SessionColumns: columnNames(stats.SessionColumns),
		IPColumns: columnNames(stats.IPColumns), EventColumns: columnNames(store.EventColumns),
		Filters: map[string][]string{},
	}
	for i := range stats.Dimensions {
		d := &stats.Dimensions[i]
		schema.Dimensions = append(schema.Dimensions, wire.Dimension{
			Name: d.Name, TitleEn: d.English, TitleZh: d.Chinese, Addresses: d.Addresses,
		})
	}
	for _, p := range sessionFilters() {
		if p.kind == kindChoice {
			schema.Filters[p.name] = p.values
		}
	}
	return schema, nil
}
