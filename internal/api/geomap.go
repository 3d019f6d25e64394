package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
)

func (s *Server) geoMap(_ context.Context, q *query) (wire.GeoMap, error) {
	if q.err != nil {
		return wire.GeoMap{}, q.err
	}
	places, arcs, unlocated := s.deps.Engine.Map()
	m := wire.GeoMap{
		Places: make([]wire.Place, len(places)), Arcs: make([]wire.Arc, len(arcs)), UnlocatedBytes: unlocated.Bytes,
	}
	if home, ok := s.deps.Engine.HomeLocation(); ok {
		l := location(home)
		m.Home = &l
	}
	for i, p := range places {
		m.Places[i] = wire.Place{
			Key: p.Key, Location: location(p.Location), Bytes: p.Volume.Bytes, Packets: p.Volume.Packets,
			Sessions: p.Sessions, IPs: p.IPs, Rate: p.Rate,
		}
	}
	for i, a := range arcs {
		m.Arcs[i] = wire.Arc{
			From: a.From, To: a.To, Bytes: a.Volume.Bytes, Packets: a.Volume.Packets, Sessions: a.Sessions, Rate: a.Rate,
		}
	}
	return m, nil
}

func (s *Server) getGeoMap(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.geoMap(r.Context(), q)
}
