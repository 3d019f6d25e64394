package stats

import (
	"net/netip"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// PlaceHome is the key of home in an Arc.
const PlaceHome = "home"

const (
	// maxPlaces bounds the cities; beyond it a city counts for its country, of which
	// there are about 250.
	maxPlaces = 4096
	maxArcs   = 8192
)

// placeTable sums the traffic by place and between places. Rows stay, so that
// sessions and IPs can remember theirs.
type placeTable struct {
	index map[string]uint32
	rows  []place
	arcs  map[[2]uint32]uint32
	lines []arc
}

type place struct {
	key           string
	location      geo.Location
	volume        Volume
	sessions, ips uint64
	now           uint64 // wire bytes in the second of generation
	generation    uint32
}

type arc struct {
	from, to   uint32
	volume     Volume
	sessions   uint64
	now        uint64
	generation uint32
}

// The rows of places that are none: addresses that have no place to be shown at, and
// public ones that nobody knows the place of.
const (
	noPlace = iota
	unlocated
	firstPlace
)

func (t *placeTable) init() {
	t.index = make(map[string]uint32)
	t.rows = make([]place, firstPlace)
	t.arcs = make(map[[2]uint32]uint32)
	t.lines = make([]arc, 1) // 0 is no arc
}

// find returns the row of a location.
func (t *placeTable) find(l *geo.Location, evicted *[boundCount]uint64) uint32 {
	if !l.HasPosition || l.CountryCode == "" {
		if l.Scope == geo.ScopePublic {
			return unlocated
		}
		return noPlace
	}
	key := placeKey(l)
	if i, ok := t.index[key]; ok {
		return i
	}
	located := *l
	located.ASN, located.ISP = 0, "" // those are an address's, not the place's
	switch full := len(t.rows) >= maxPlaces; {
	case full && l.City != "":
		evicted[boundPlaces]++
		located.City = ""
		return t.find(&located, evicted)
	case full && len(t.rows) >= maxPlaces+1000:
		evicted[boundPlaces]++ // no database has so many countries
		return unlocated
	}
	i := uint32(len(t.rows))
	t.index[key] = i
	t.rows = append(t.rows, place{key: key, location: located})
	return i
}

func placeKey(l *geo.Location) string {
	if l.City == "" {
		return l.CountryCode
	}
	return l.CountryCode + "/" + l.City
}

// placeSession finds the places that a session counts at and the arc it is part of,
// once for all its records.
func (e *Engine) placeSession(s *session, first bool, src, dst *geo.Location) {
	t := &e.places
	s.srcPlace, s.dstPlace = t.find(src, &e.evicted), t.find(dst, &e.evicted)
	s.arc = e.findArc(s)
	if s.srcPlace == s.dstPlace {
		s.dstPlace = noPlace // it counts once
	}
	if first {
		t.rows[s.srcPlace].sessions++
		t.rows[s.dstPlace].sessions++
		t.lines[s.arc].sessions++
	}
}

// findArc returns the arc from the initiator's place to the responder's. In an arc's
// ends, no place stands for home.
func (e *Engine) findArc(s *session) uint32 {
	t := &e.places
	ends := [2]uint32{s.srcPlace, s.dstPlace}
	switch {
	case s.Direction == DirectionInternal, ends[0] == ends[1], ends[0] == unlocated, ends[1] == unlocated:
		return 0
	case s.Direction == DirectionTransit && (ends[0] == noPlace || ends[1] == noPlace):
		return 0
	}
	if i, ok := t.arcs[ends]; ok {
		return i
	}
	if len(t.lines) > maxArcs {
		e.evicted[boundArcs]++
		return 0
	}
	i := uint32(len(t.lines))
	t.arcs[ends] = i
	t.lines = append(t.lines, arc{from: ends[0], to: ends[1]})
	return i
}

func (e *Engine) foldPlaces(s *session, r *flow.Record) {
	t := &e.places
	v := volume(&r.Sent)
	v.add(volume(&r.Received))
	for _, i := range [2]uint32{s.srcPlace, s.dstPlace} {
		if i == noPlace {
			continue
		}
		p := &t.rows[i]
		p.volume.add(v)
		if p.generation != e.generation {
			p.generation, p.now = e.generation, 0
		}
		p.now += v.Bytes
	}
	if s.arc == 0 {
		return
	}
	a := &t.lines[s.arc]
	a.volume.add(v)
	if a.generation != e.generation {
		a.generation, a.now = e.generation, 0
	}
	a.now += v.Bytes
}

// Map returns the places outside and the arcs from initiators to responders, and the
// traffic of public addresses that no place is known of.
func (e *Engine) Map() ([]Place, []Arc, Volume) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	t := &e.places
	places := make([]Place, 0, len(t.rows))
	for i := firstPlace; i < len(t.rows); i++ {
		p := &t.rows[i]
		places = append(places, Place{
			Key: p.key, Location: p.location, Volume: p.volume, Sessions: p.sessions, IPs: p.ips,
			Rate: e.rateOf(p.now, p.generation),
		})
	}
	arcs := make([]Arc, 0, len(t.lines))
	for i := 1; i < len(t.lines); i++ {
		a := &t.lines[i]
		arcs = append(arcs, Arc{
			From: t.arcEnd(a.from), To: t.arcEnd(a.to), Volume: a.volume, Sessions: a.sessions,
			Rate: e.rateOf(a.now, a.generation),
		})
	}
	return places, arcs, t.rows[unlocated].volume
}

func (t *placeTable) arcEnd(i uint32) string {
	if i == noPlace {
		return PlaceHome
	}
	return t.rows[i].key
}

// HomeLocation is where home is drawn: as configured, or where the machine's first
// public address is; false if neither is known.
func (e *Engine) HomeLocation() (geo.Location, bool) {
	if e.cfg.HomeLatitude != nil && e.cfg.HomeLongitude != nil {
		return geo.Location{Latitude: *e.cfg.HomeLatitude, Longitude: *e.cfg.HomeLongitude, HasPosition: true}, true
	}
	e.mu.RLock()
	own := e.home.own
	e.mu.RUnlock()
	return e.firstLocated(own)
}

func (e *Engine) firstLocated(addrs []netip.Addr) (geo.Location, bool) {
	for _, a := range addrs {
		if l := e.locator.Locate(a); l.Scope == geo.ScopePublic && l.HasPosition {
			return l, true
		}
	}
	return geo.Location{}, false
}
