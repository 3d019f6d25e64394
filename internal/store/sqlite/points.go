package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"netflow-monitor/internal/flow"
)

const addPointSQL = "INSERT OR IGNORE INTO observation_points (id, name) VALUES (?, ?)"

// AddPoint keeps the number of an observation point, so that it is the same in every
// run and stored sessions keep their interface. One that is there stays as it is.
func (s *Store) AddPoint(ctx context.Context, id flow.Point, name string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.onFile(ctx, func() error {
		_, err := s.writer.ExecContext(ctx, addPointSQL, id, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("number observation point %s: %w", name, s.explain(err))
	}
	s.rememberPoint(id, name)
	return nil
}

// rememberPoint is for the next file, whose sessions will have the same numbers. The
// caller owns s.writing.
func (s *Store) rememberPoint(id flow.Point, name string) {
	if s.file.points == nil {
		s.file.points = make(map[flow.Point]string)
	}
	if _, ok := s.file.points[id]; !ok {
		s.file.points[id] = name
	}
}

// Points are the names of all observation points, by number.
func (s *Store) Points(ctx context.Context) (names map[flow.Point]string, err error) {
	if names, err = s.readPoints(ctx); err != nil {
		return nil, fmt.Errorf("read observation points: %w", s.explain(err))
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	for id, name := range names {
		s.rememberPoint(id, name)
	}
	return names, nil
}

func (s *Store) readPoints(ctx context.Context) (names map[flow.Point]string, err error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT id, name FROM observation_points")
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	names = make(map[flow.Point]string)
	for rows.Next() {
		var id flow.Point
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, rows.Err()
}

// pointsText is a list of points with a comma before and after each, so that one can be
// found as text; empty for none.
func pointsText(l *flow.PointList) string {
	var b []byte
	for _, p := range l {
		if p == 0 {
			break
		}
		if b == nil {
			b = append(b, ',')
		}
		b = append(strconv.AppendUint(b, uint64(p), 10), ',')
	}
	return string(b)
}

func parsePoints(l *flow.PointList, text string) error {
	if text == "" {
		return nil
	}
	for number := range strings.SplitSeq(strings.Trim(text, ","), ",") {
		p, err := strconv.ParseUint(number, 10, 16)
		if err != nil || !l.Add(flow.Point(p)) {
			return fmt.Errorf("list of observation points %q is not known", text)
		}
	}
	return nil
}
