package api

import (
	"context"
	"io"
	"slices"
	"time"

	"netflow-monitor/internal/api/rows"
	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// paged is an export of pages, the first of which is there.
func paged[T, W any](
	list func(io.Writer, rows.Format) *rows.Writer[W], first []T, convert func(*T) W,
	next func(context.Context, []T) ([]T, error),
) func(context.Context, io.Writer, rows.Format, func() error) error {
	return func(ctx context.Context, out io.Writer, f rows.Format, pushed func() error) (err error) {
		w, page := list(out, f), first
		for {
			for i := range page {
				row := convert(&page[i])
				if err := w.Write(&row); err != nil {
					return err
				}
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if err := pushed(); err != nil {
				return err
			}
			if page, err = next(ctx, page); err != nil || len(page) == 0 {
				return err
			}
		}
	}
}

// sessionExportParams are those of the list. Unlike there, the default order is one that
// does not change while sessions live, so that each is exported once.
func sessionExportParams() []param {
	return append(orderParams(columnNames(stats.SessionColumns), "session_id", "asc"), sessionTimeParams()...)
}

func (s *Server) exportSessions(ctx context.Context, q *query) (*export, error) {
	sq, _ := s.sessionsAskedFor(ctx, q)
	if q.err != nil {
		return nil, q.err
	}
	sq.Limit = exportPage
	first, total, err := s.deps.Catalog.Sessions(ctx, sq)
	if err != nil {
		return nil, err
	}
	next := func(ctx context.Context, page []stats.Session) ([]stats.Session, error) {
		if len(page) < sq.Limit {
			return nil, nil
		}
		sq.After, sq.Uncounted = sq.CursorOf(&page[len(page)-1]), true
		list, _, err := s.deps.Catalog.Sessions(ctx, sq)
		return list, err
	}
	return &export{total, paged(rows.Sessions, first, s.session, next)}, nil
}

func ipExportParams() []param {
	return append(orderParams(columnNames(stats.IPColumns), "ip", "asc"), ipFilters()...)
}

func (s *Server) exportIPs(ctx context.Context, q *query) (*export, error) {
	x := s.ipsAskedFor(ctx, q)
	if q.err != nil {
		return nil, q.err
	}
	x.Limit, x.rankQuestion.limit = exportPage, 0
	convert := func(ip *stats.IP) wire.IP { return s.wireIP(ip, x.ranked()) }
	next := s.nextIPs(&x)
	if x.ranked() { // which is made in one piece
		all, total, err := s.rankedIPs(ctx, &x)
		if err != nil {
			return nil, err
		}
		next = func(ctx context.Context, _ []stats.IP) ([]stats.IP, error) {
			page := all[:min(len(all), exportPage)]
			all = all[len(page):]
			return page, s.sightings(ctx, page)
		}
		return &export{total, paged(rows.IPs, nil, convert, next)}, nil
	}
	first, total, err := s.ips(ctx, &x)
	if err != nil {
		return nil, err
	}
	return &export{total, paged(rows.IPs, first, convert, next)}, nil
}

// nextIPs pages through the table of totals.
func (s *Server) nextIPs(x *ipQuestion) func(context.Context, []stats.IP) ([]stats.IP, error) {
	full := true
	return func(ctx context.Context, page []stats.IP) ([]stats.IP, error) {
		if full = full && len(page) > 0; !full {
			return nil, nil
		}
		last := page[len(page)-1].Addr
		x.Offset += x.Limit
		list, _, err := s.ips(ctx, x)
		full = len(list) == x.Limit
		if x.OrderBy == ipColumn {
			// Addresses that are new since the page before have pushed others behind it.
			list = slices.DeleteFunc(list, func(ip stats.IP) bool { return (ip.Addr.Compare(last) <= 0) != x.Descending })
		}
		return list, err
	}
}

const ipColumn = "ip"

func eventExportParams() []param {
	return append(orderParams(columnNames(store.EventColumns), "time", "asc"), eventFilters()...)
}

// exportEvents ends at the moment when it begins, so that pages stay where they are.
func (s *Server) exportEvents(ctx context.Context, q *query) (*export, error) {
	eq, _ := q.events()
	if q.err != nil {
		return nil, q.err
	}
	if eq.To == 0 {
		eq.To = time.Now().UnixNano()
	}
	eq.Limit = exportPage
	first, total, err := s.deps.Catalog.Events(ctx, eq)
	if err != nil {
		return nil, err
	}
	next := func(ctx context.Context, page []store.Event) ([]store.Event, error) {
		if len(page) < eq.Limit {
			return nil, nil
		}
		eq.Offset += eq.Limit
		list, _, err := s.deps.Catalog.Events(ctx, eq)
		return list, err
	}
	return &export{store.Total{Rows: total}, paged(rows.Events, first, event, next)}, nil
}

// exportHistory has as many points as the time has steps.
func (s *Server) exportHistory(ctx context.Context, q *query) (*export, error) {
	h := s.historyQuestion(ctx, q, wantedPoints, second)
	if q.err != nil {
		return nil, q.err
	}
	length := h.step * int64(time.Second)
	total, at := (h.to-h.from)/length, h.from
	ask := func(ctx context.Context, _ []wire.HistoryPoint) ([]wire.HistoryPoint, error) {
		if at >= h.to {
			return nil, nil
		}
		part := h
		part.from, part.to = at, min(at+exportPage*length, h.to)
		at = part.to
		series, err := s.series(ctx, part)
		return series.Points, err
	}
	first, err := ask(ctx, nil)
	if err != nil {
		return nil, err
	}
	same := func(p *wire.HistoryPoint) wire.HistoryPoint { return *p }
	return &export{store.Total{Rows: int(total)}, paged(rows.History, first, same, ask)}, nil
}

func rankingExportParams() []param {
	return slices.DeleteFunc(rankingParams(), func(p param) bool { return p.name == "limit" })
}

func (s *Server) exportRanking(ctx context.Context, q *query) (*export, error) {
	ranking, err := s.ranking(ctx, q)
	if err != nil {
		return nil, err
	}
	same := func(r *wire.Rank) wire.Rank { return *r }
	none := func(context.Context, []wire.Rank) ([]wire.Rank, error) { return nil, nil }
	return &export{store.Total{Rows: len(ranking.Rows), Estimated: ranking.Estimated}, paged(rows.Ranks, ranking.Rows, same, none)}, nil
}
