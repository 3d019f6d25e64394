package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// storedSteps are the tiers of traffic_history in seconds, longest first.
var storedSteps = [...]int64{day, hour, minute, 1}

type tierRow struct {
	step   int64
	sample stats.Sample
}

// tiers adds the samples up for each stored step, in the order of the rows on disk.
func tiers(samples []stats.Sample) []tierRow {
	type place struct {
		step, time int64
		point      flow.Point
	}
	at := make(map[place]int)
	var rows []tierRow
	for i := range samples {
		for _, step := range storedSteps {
			begin := store.AlignDown(samples[i].Time, step)
			p := place{step, begin, samples[i].Point}
			n, ok := at[p]
			if !ok {
				n = len(rows)
				at[p] = n
				rows = append(rows, tierRow{step, stats.Sample{Time: begin, Point: p.point}})
			}
			store.AddSample(&rows[n].sample, &samples[i])
		}
	}
	slices.SortFunc(rows, func(a, b tierRow) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.sample.Time, b.sample.Time),
			cmp.Compare(a.sample.Point, b.sample.Point))
	})
	return rows
}

// History returns one sample for each step that overlaps [From, To), added up from
// the longest stored tier that divides the step.
func (s *Store) History(ctx context.Context, q store.HistoryQuery) ([]stats.Sample, error) {
	series, err := store.NewSeries(q)
	if err != nil {
		return nil, err
	}
	from, to := series.Range()
	if err := s.eachSample(ctx, tierFor(q.Step), q.Point, from, to, series.Add); err != nil {
		return nil, fmt.Errorf("read history: %w", s.explain(err))
	}
	return series.Points, nil
}

func tierFor(step int64) int64 {
	for _, stored := range storedSteps {
		if step%stored == 0 {
			return stored
		}
	}
	return 1
}

func (s *Store) eachSample(ctx context.Context, step int64, point flow.Point, from, to int64, use func(*stats.Sample)) (err error) {
	columns := strings.Join(sampleColumns[1:], ",")
	rows, err := s.reader.QueryContext(ctx, "SELECT "+columns+" FROM traffic_history WHERE step = ? AND time >= ? AND time < ? AND point = ?",
		step, from, to, point)
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var p stats.Sample
		if err := scanSample(rows, &p); err != nil {
			return err
		}
		use(&p)
	}
	return rows.Err()
}

func scanSample(row scanner, p *stats.Sample) error {
	return row.Scan(&p.Time, &p.In.Bytes, &p.Out.Bytes, &p.Other.Bytes, &p.In.Packets, &p.Out.Packets, &p.Other.Packets,
		&p.NewSessions, &p.ActiveSessions, &p.Input.Packets, &p.Input.WireBytes, &p.Input.Refused, &p.Input.RefusedBytes,
		&p.Input.Dropped, &p.Input.Truncated, &p.Retransmits,
		&p.Point, &p.Observed, &p.Input.Duplicates, &p.Input.DuplicateBytes, &p.Input.Offloaded,
		&p.Input.KernelPackets, &p.Input.KernelBytes, &p.Input.KernelMissed, &p.Input.KernelDropped)
}
