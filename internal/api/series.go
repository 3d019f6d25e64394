package api

import (
	"context"
	"slices"
	"strings"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

const (
	// maxSeries is how many keys can be asked for at a time, defaultSeries how many are
	// shown if none are named.
	maxSeries     = 50
	defaultSeries = 5
)

// seriesKeys reads which series are wanted: those of the keys, or if there are none, those
// of so many of the largest.
func (s *Server) seriesKeys(q *query, dimension string) (keys []string, top int) {
	if top = int(q.number("top")); top == 0 {
		top = defaultSeries
	}
	switch {
	case dimension == "" && (q.has("key") || q.has("top")):
		q.fail("dimension", "needed where key or top is given")
	case dimension != "" && q.has("interface"):
		q.fail("interface", "not allowed together with dimension")
	case q.has("key") && q.has("top"):
		q.fail("top", "not allowed together with key")
	}
	for key := range strings.SplitSeq(q.text("key"), ",") {
		if key = s.storedKey(dimension, strings.TrimSpace(key)); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) > maxSeries {
		q.fail("key", "%d keys are too many; at most %d are allowed", len(keys), maxSeries)
	}
	return keys, top
}

// addSeries adds the series of keys, or of the largest ones, and what they leave.
func (s *Server) addSeries(ctx context.Context, w *wire.History, dimension string, keys []string, top int, h historyQuestion) error {
	ranks, err := s.rankedKeys(ctx, dimension, keys, top, h)
	if err != nil {
		return err
	}
	w.Dimension, w.Series = dimension, make([]wire.KeySeries, len(ranks))
	w.Rest = make([]wire.RestPoint, len(w.Points))
	for i := range w.Points {
		p := &w.Points[i]
		w.Rest[i] = wire.RestPoint{
			Time:       p.Time,
			TotalBytes: p.BytesIn + p.BytesOut + p.BytesOther, TotalPackets: p.PacketsIn + p.PacketsOut + p.PacketsOther,
		}
	}
	if len(ranks) == 0 {
		return nil
	}
	series, err := s.deps.Catalog.RankHistory(ctx, store.RankHistoryQuery{
		Dimension: dimension, Keys: keysOf(ranks), From: h.from, To: h.to, Step: h.step,
	})
	if err != nil {
		return err
	}
	for i, row := range s.ranks(dimension, ranks) {
		w.Series[i] = wire.KeySeries{Key: row.Key, Name: row.Name, Location: row.Location, Points: rankPoints(series[i])}
		for n, p := range w.Series[i].Points[:min(len(w.Rest), len(series[i]))] {
			rest := &w.Rest[n]
			rest.TotalBytes -= min(rest.TotalBytes, p.TotalBytes)
			rest.TotalPackets -= min(rest.TotalPackets, p.TotalPackets)
		}
	}
	return nil
}

// rankedKeys are the rows of the keys, which know their names, or of the largest ones.
func (s *Server) rankedKeys(ctx context.Context, dimension string, keys []string, top int, h historyQuestion) ([]stats.Rank, error) {
	rq := store.RankQuery{Dimension: dimension, From: h.from, To: h.to, Keys: keys}
	if keys == nil {
		rq.Limit = top + 1 // one may be what had no row of its own
	}
	ranks, err := s.deps.Catalog.Ranks(ctx, rq)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		ranks = slices.DeleteFunc(ranks, func(r stats.Rank) bool { return r.Key == stats.RankOther })
		return ranks[:min(top, len(ranks))], nil
	}
	named := make([]stats.Rank, len(keys))
	for i, key := range keys {
		named[i].Key = key
		if n := slices.IndexFunc(ranks, func(r stats.Rank) bool { return r.Key == key }); n >= 0 {
			named[i] = ranks[n]
		}
	}
	return named, nil
}

func rankPoints(list []stats.RankPoint) []wire.RankPoint {
	out := make([]wire.RankPoint, len(list))
	for i := range list {
		x := &list[i]
		out[i] = wire.RankPoint{
			Time: wireTime(x.Time), BytesSent: x.Sent.Bytes, BytesReceived: x.Received.Bytes, TotalBytes: x.Sent.Bytes + x.Received.Bytes,
			PacketsSent: x.Sent.Packets, PacketsReceived: x.Received.Packets, TotalPackets: x.Sent.Packets + x.Received.Packets,
			SessionCount: x.Sessions, TotalRetransmits: x.Retransmits,
		}
	}
	return out
}
