package api

import (
	"context"
	"maps"
	"net/http"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
)

func statusParams() []param {
	return []param{atParam("the status in that second of the last hour, or minute")}
}

func (s *Server) status(ctx context.Context, q *query) (wire.Status, error) {
	w := s.window(ctx, q, second)
	if q.err != nil {
		return wire.Status{}, q.err
	}
	if !w.isNow() {
		return s.statusAt(ctx, w, s.kept(ctx, q.now))
	}
	m, t := s.deps.Monitor.Status(), s.deps.Engine.Totals()
	status := s.statusOf(ctx, &m, &t)
	status.Points = s.observationPoints(&m)
	return status, nil
}

// statusOf is all of the status but its points.
func (s *Server) statusOf(ctx context.Context, m *MonitorStatus, t *stats.Totals) wire.Status {
	w := wire.Status{
		Monitoring: m.Monitoring, Error: m.Error, Interfaces: capturing(m),
		Source:    wire.Source{Kind: m.SourceKind, Name: m.SourceName, Finished: m.Finished, Filter: m.Filter},
		Time:      wireTime(s.clock(m)),
		StartedAt: m.StartedAt.UTC(), Uptime: time.Since(m.StartedAt).Seconds(),
		Totals: totals(t),
		Rates: wire.Rates{
			BytesIn: t.RateIn, BytesOut: t.RateOut, BytesOther: t.RateOther, Packets: t.PacketRate,
		},
		ActiveSessions: t.ActiveSessions, MaxSessions: m.MaxSessions, IPs: t.IPs,
		Capture:  captureCounts(m, t),
		Database: s.database(ctx),
		Version:  s.deps.Version,
	}
	if !m.Since.IsZero() {
		since := m.Since.UTC()
		w.MonitoringSince = &since
	}
	return w
}

// clock is the monitor's time: the packets' for a file, else the wall clock's.
func (s *Server) clock(m *MonitorStatus) int64 {
	if t := s.deps.Engine.Time(); m.SourceKind == "file" && t != 0 {
		return t
	}
	return time.Now().UnixNano()
}

// now is the clock that questions about the past are relative to.
func (s *Server) now() int64 {
	m := s.deps.Monitor.Status()
	return s.clock(&m)
}

func totals(t *stats.Totals) wire.Totals {
	return wire.Totals{
		Bytes:   t.In.Bytes + t.Out.Bytes + t.Other.Bytes,
		Packets: t.In.Packets + t.Out.Packets + t.Other.Packets,
		BytesIn: t.In.Bytes, BytesOut: t.Out.Bytes, BytesOther: t.Other.Bytes,
		PacketsIn: t.In.Packets, PacketsOut: t.Out.Packets, PacketsOther: t.Other.Packets,
		Sessions: t.TotalSessions,
	}
}

func captureCounts(m *MonitorStatus, t *stats.Totals) wire.Capture {
	in := t.Input
	c := wire.Capture{
		Packets: in.Packets, Bytes: in.WireBytes, Metered: in.Packets - in.Refused,
		Duplicates: in.Duplicates, DuplicateBytes: in.DuplicateBytes, Offloaded: in.Offloaded,
		Refused: in.Refused, RefusedByReason: map[string]uint64{},
		Dropped: in.Dropped, Truncated: in.Truncated,
		KernelPackets: in.KernelPackets, KernelBytes: in.KernelBytes,
		KernelMissed: in.KernelMissed, KernelDropped: in.KernelDropped,
		Coverage: in.Coverage(), CoverageMinute: m.CoverageMinute,
		Workers: m.Workers, RingBytes: m.RingBytes,
		Evicted: map[string]uint64{},
	}
	maps.Copy(c.RefusedByReason, m.RefusedByReason)
	maps.Copy(c.Evicted, t.Evicted)
	maps.Copy(c.Evicted, m.Evicted)
	return c
}

// database never fails: a status that says what is wrong is worth more than an error.
func (s *Server) database(ctx context.Context) wire.Database {
	w := s.deps.Writer.Status()
	keep := s.deps.Writer.Retention()
	d := wire.Database{Error: w.Err, LostSessions: w.LostSessions, LostEvents: w.LostEvents, MaxBytes: keep.MaxBytes, ShortenedRows: w.ShortenedRows}
	if !w.LastWrite.IsZero() {
		last := w.LastWrite.UTC()
		d.LastWrite = &last
	}
	info, err := s.deps.Catalog.Info(ctx)
	if err != nil {
		if d.Error == "" {
			d.Error = err.Error()
		}
		return d
	}
	d.Path, d.Bytes, d.Sessions, d.IPs = info.Path, info.Bytes, info.Sessions, info.IPs
	d.FreeBytes, d.SetAside = info.FreeBytes, info.SetAside
	d.OldestSession, d.OldestMinute = wireTimeOrNull(info.OldestSession), wireTimeOrNull(info.OldestMinute)
	d.OldestHour, d.OldestDay = wireTimeOrNull(info.OldestHour), wireTimeOrNull(info.OldestDay)
	if info.GrowthPerDay > 0 {
		d.GrowthPerDay = &info.GrowthPerDay
	}
	if days, ok := info.FitsDays(keep); ok {
		d.FitsDays = &days
	}
	return d
}

// wireTimeOrNull is nil for no time.
func wireTimeOrNull(t int64) *time.Time {
	if t == 0 {
		return nil
	}
	w := wireTime(t)
	return &w
}

func (s *Server) getStatus(_ http.ResponseWriter, r *http.Request, q *query) (any, error) {
	return s.status(r.Context(), q)
}

func (s *Server) getHealth(http.ResponseWriter, *http.Request, *query) (any, error) {
	return wire.Health{Status: "ok"}, nil
}

func (s *Server) startMonitoring(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	return s.switchMonitoring(r, s.deps.Monitor.Start, "start_failed")
}

func (s *Server) stopMonitoring(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	return s.switchMonitoring(r, s.deps.Monitor.Stop, "stop_failed")
}

func (s *Server) switchMonitoring(r *http.Request, do func(context.Context) (bool, error), code string) (any, error) {
	// A client that goes away must not leave the capture half started.
	changed, err := do(context.WithoutCancel(r.Context()))
	if err != nil {
		return nil, unavailable(code, err.Error())
	}
	on := s.deps.Monitor.Status().Monitoring
	if changed {
		s.log.Info("monitoring switched", "on", on, "by", principalOf(r).Name, "remote", remoteAddr(r))
	}
	return wire.MonitoringResult{Monitoring: on, Changed: changed}, nil
}
