package api

import (
	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// interfaceParam asks for one observation point.
func interfaceParam(doc string) param {
	return param{name: "interface", kind: kindText, doc: "name of an interface: " + doc}
}

// point is the observation point that a query names; 0 if none.
func (s *Server) point(q *query) flow.Point {
	name := q.text("interface")
	if name == "" {
		return 0
	}
	p, known := s.deps.FindPoint(name)
	if !known {
		q.fail("interface", "%q was never captured on; /api/status names the interfaces", name)
	}
	return p
}

// capturing are the interfaces that packets are captured on.
func capturing(m *MonitorStatus) []string {
	names := []string{}
	if m.SourceKind != "interface" {
		return names
	}
	for _, p := range m.Points {
		if p.State == PointCapturing {
			names = append(names, p.Name)
		}
	}
	return names
}

// observationPoints joins how each point is with what it saw.
func (s *Server) observationPoints(m *MonitorStatus) []wire.ObservationPoint {
	totals := make(map[flow.Point]stats.PointTotals)
	for _, t := range s.deps.Engine.Points() {
		totals[t.Point] = t
	}
	list := make([]wire.ObservationPoint, len(m.Points))
	for i := range m.Points {
		t := totals[m.Points[i].Point]
		list[i] = observationPoint(m, &m.Points[i], &t)
	}
	return list
}

func observationPoint(m *MonitorStatus, p *PointStatus, t *stats.PointTotals) wire.ObservationPoint {
	in := t.Input
	w := wire.ObservationPoint{
		Name: p.Name, Type: p.Type, State: string(p.State),
		Packets: in.Packets, Bytes: in.WireBytes, Refused: in.Refused, Truncated: in.Truncated,
		Duplicates: in.Duplicates, Offloaded: in.Offloaded,
		Coverage: in.Coverage(), CoverageMinute: p.CoverageMinute, Rate: t.Seen,
	}
	if p.OwnRing {
		w.Dropped = &in.Dropped
	}
	if m.SourceKind == "interface" && m.Filter == "" {
		w.KernelPackets, w.KernelBytes = &in.KernelPackets, &in.KernelBytes
		w.KernelMissed, w.KernelDropped = &in.KernelMissed, &in.KernelDropped
	}
	return w
}

// pointNames names those of a list.
func (s *Server) pointNames(list flow.PointList) []string {
	var names []string
	for _, p := range list {
		if p == 0 {
			break
		}
		names = append(names, s.deps.Points(p))
	}
	return names
}
