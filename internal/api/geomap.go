package api

import (
	"context"
	"net/http"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
)

func mapParams() []param {
	return []param{
		timeParam("from", "the map of the time from here, by country, instead of what is live"),
		timeParam("to", "end of that time; now if absent"),
		atParam("the map of that minute, by country"),
	}
}

func (s *Server) geoMap(ctx context.Context, q *query) (wire.GeoMap, error) {
	r := rankQuestion{window: s.window(ctx, q, minute)}
	if q.has("to") && !q.has("from") {
		q.fail("from", "needed where to is given")
	}
	if q.err != nil {
		return wire.GeoMap{}, q.err
	}
	m := wire.GeoMap{Places: []wire.Place{}, Arcs: []wire.Arc{}}
	if home, ok := s.deps.Engine.HomeLocation(); ok {
		l := location(home)
		m.Home = &l
	}
	if !r.isNow() {
		err := s.pastMap(ctx, &m, &r)
		return m, err
	}
	places, arcs, unlocated := s.deps.Engine.Map()
	m.UnlocatedBytes = unlocated.Bytes
	for _, p := range places {
		m.Places = append(m.Places, wire.Place{
			Key: p.Key, Location: location(p.Location), Bytes: p.Volume.Bytes, Packets: p.Volume.Packets,
			Sessions: p.Sessions, IPs: p.IPs, Rate: p.Rate,
		})
	}
	for _, a := range arcs {
		m.Arcs = append(m.Arcs, wire.Arc{
			From: a.From, To: a.To, Bytes: a.Volume.Bytes, Packets: a.Volume.Packets, Sessions: a.Sessions, Rate: a.Rate,
		})
	}
	return m, nil
}

// pastMap fills the map with the countries of a past time. Who was talked with from where
// is not kept for each place, so all arcs are those between home and a country.
func (s *Server) pastMap(ctx context.Context, m *wire.GeoMap, r *rankQuestion) error {
	ranks, _, err := s.rankOnce(ctx, stats.DimensionCountry, *r, nil)
	if err != nil {
		return err
	}
	s.mean(ranks, r)
	m.Span = r.wire()
	for i := range ranks {
		x := &ranks[i]
		l := geo.Location{Scope: geo.ScopePublic, CountryCode: x.Key}
		l.Complete()
		bytes, packets := x.Sent.Bytes+x.Received.Bytes, x.Sent.Packets+x.Received.Packets
		if !l.HasPosition {
			m.UnlocatedBytes += bytes
			continue
		}
		m.Places = append(m.Places, wire.Place{
			Key: x.Key, Location: location(l), Bytes: bytes, Packets: packets, Sessions: x.Sessions, Rate: x.Rate,
		})
		m.Arcs = append(m.Arcs, wire.Arc{
			From: stats.PlaceHome, To: x.Key, Bytes: bytes, Packets: packets, Sessions: x.Sessions, Rate: x.Rate,
		})
	}
	return nil
}

func (s *Server) getGeoMap(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.geoMap(r.Context(), q)
}
