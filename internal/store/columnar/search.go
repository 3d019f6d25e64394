package columnar

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"netflow-monitor/internal/stats"
)

// ErrOrder is returned for a column that sessions can't be ordered by.
var ErrOrder = errors.New("unknown column to order by")

// Row is a place in a block.
type Row struct {
	Block int // index in the headers that were searched
	Row   uint16
	ID    uint64 // of the session
}

// Result is a page of rows in the query's order, and how many rows match, also before
// and behind it.
type Result struct {
	Page      []Row
	Total     int
	Estimated bool
}

// Search answers a query from blocks. Once it has the page, it counts what else matches
// for at most patience and estimates the rest from what it has seen; 0 counts all. Each
// view has a goroutine of its own.
func Search(ctx context.Context, views []*View, headers []Header, q *stats.SessionQuery, patience time.Duration) (Result, error) {
	column := stats.SessionColumns[0]
	if q.OrderBy != "" {
		var ok bool
		if column, ok = stats.FindColumn(stats.SessionColumns, q.OrderBy); !ok {
			return Result{}, ErrOrder
		}
	}
	if !column.Stored { // 0 in all rows, so the identifier decides
		q = byIdentifier(q)
		column, _ = stats.FindColumn(stats.SessionColumns, q.OrderBy)
	}
	o, ok := newOrder(column.Name)
	if !ok {
		return Result{}, ErrOrder
	}
	s := search{query: q, order: o, filter: newFilter(q), headers: headers, keep: math.MaxInt, hurry: patience > 0, deadline: time.Now().Add(patience)}
	if q.Limit > 0 {
		s.keep = max(q.Offset, 0) + min(q.Limit, math.MaxInt-max(q.Offset, 0))
	}
	if s.possible() <= q.Offset {
		s.keep = 0 // the page lies behind all that there is
	}
	shares := make([]search, len(views))
	errs := make([]error, len(views))
	sequence := s.sequence()
	var searching sync.WaitGroup
	for n, v := range views {
		shares[n] = s
		shares[n].view, shares[n].buffer = v, make([]uint16, rowsOfLargest(headers))
		searching.Go(func() { errs[n] = shares[n].run(ctx, sequence, n, len(views)) })
	}
	searching.Wait()
	for n := range shares {
		s.join(&shares[n])
	}
	return s.result(), errors.Join(errs...)
}

// possible is how many rows may match.
func (s *search) possible() (rows int) {
	for i := range s.headers {
		if _, ok := s.filter.narrow(&s.headers[i]); ok {
			rows += s.headers[i].Rows
		}
	}
	return rows
}

// run visits every n-th block of the sequence.
func (s *search) run(ctx context.Context, sequence []int, first, n int) error {
	for at := first; at < len(sequence); at += n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.visit(sequence[at]); err != nil {
			return err
		}
	}
	return nil
}

// join adds what a share of the search has found.
func (s *search) join(o *search) {
	s.candidates = append(s.candidates, o.candidates...)
	s.total += o.total
	s.seen, s.matched, s.passed = s.seen+o.seen, s.matched+o.matched, s.passed+o.passed
}

// byIdentifier is the same query ordered by the identifier.
func byIdentifier(q *stats.SessionQuery) *stats.SessionQuery {
	by := *q
	by.OrderBy = "session_id"
	if q.After != nil {
		by.After = &stats.Cursor{Key: stats.SortKey{2: q.After.ID}, ID: q.After.ID}
	}
	return &by
}

func rowsOfLargest(headers []Header) (n int) {
	for i := range headers {
		n = max(n, headers[i].Rows)
	}
	return min(n, MaxRows)
}

// search is one in progress.
type search struct {
	query    *stats.SessionQuery
	order    order
	filter   filter
	headers  []Header
	view     *View
	buffer   []uint16
	keep     int  // how many candidates the page needs
	hurry    bool // count until the deadline
	deadline time.Time

	candidates []candidate
	// worst is the last of the best keep candidates, once there are so many.
	worst *candidate
	total int
	// seen and matched are of rows that were looked at, passed of those that were not.
	seen, matched, passed int
}

// sequence is the order of the blocks that finds the page soonest.
func (s *search) sequence() []int {
	list := make([]int, len(s.headers))
	first := make([]candidate, len(s.headers))
	for i := range list {
		list[i] = i
		first[i] = s.first(&s.headers[i])
	}
	slices.SortStableFunc(list, func(a, b int) int {
		if s.query.Descending {
			return first[b].compare(first[a])
		}
		return first[a].compare(first[b])
	})
	return list
}

// first is a place that no session of a block comes before, in the query's order; last is
// one that none comes behind.
func (s *search) first(h *Header) candidate {
	least, most := s.order.edges(h)
	if s.query.Descending {
		return candidate{key: most, id: h.Bounds[ID].Most}
	}
	return candidate{key: least, id: h.Bounds[ID].Least}
}

func (s *search) last(h *Header) candidate {
	least, most := s.order.edges(h)
	if s.query.Descending {
		return candidate{key: least, id: h.Bounds[ID].Least}
	}
	return candidate{key: most, id: h.Bounds[ID].Most}
}

// isBefore is the query's order.
func (s *search) isBefore(a, b candidate) bool {
	if s.query.Descending {
		return b.compare(a) < 0
	}
	return a.compare(b) < 0
}

// visit counts what matches in a block and takes the candidates from it.
func (s *search) visit(i int) error {
	h := &s.headers[i]
	open, possible := s.filter.narrow(h)
	if !possible {
		return nil
	}
	wanted := s.canContribute(h)
	switch {
	case !wanted && s.query.Uncounted:
		return nil
	case len(open) == 0 && !wanted:
		s.total += h.Rows
		return nil
	case s.hurry && !wanted && s.seen > 0 && time.Now().After(s.deadline):
		s.passed += h.Rows
		return nil
	}
	if err := s.view.Open(h); err != nil {
		return err
	}
	rows, err := open.rows(s.view, s.buffer)
	if err != nil {
		return err
	}
	s.total += len(rows)
	if len(open) > 0 {
		s.seen, s.matched = s.seen+h.Rows, s.matched+len(rows)
	}
	if !wanted || len(rows) == 0 {
		return nil
	}
	return s.take(i, rows)
}

// canContribute reports whether a row of the block can be on the page.
func (s *search) canContribute(h *Header) bool {
	if s.keep == 0 {
		return false
	}
	if s.worst != nil && !s.isBefore(s.first(h), *s.worst) {
		return false
	}
	after := s.query.After
	return after == nil || s.isBefore(candidate{key: after.Key, id: after.ID}, s.last(h))
}

// take collects the candidates among the rows of the view's block.
func (s *search) take(block int, rows []uint16) error {
	rows, err := s.near(rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	ids, err := s.view.IDs()
	if err != nil {
		return err
	}
	key, err := s.keys()
	if err != nil {
		return err
	}
	for _, row := range rows {
		s.candidates = append(s.candidates, candidate{key: key(row), id: ids[row], block: block, row: row})
	}
	if n := len(s.candidates); n/2 > s.keep || s.worst == nil && n >= s.keep {
		s.cut()
	}
	return nil
}

// keys tells the keys of the view's rows.
func (s *search) keys() (func(uint16) stats.SortKey, error) {
	if s.order.key != nil {
		return s.order.key(s.view)
	}
	word, err := s.order.words(s.view)
	return func(row uint16) stats.SortKey { return stats.SortKey{2: word(row)} }, err
}

// cut sorts the candidates and keeps those that the page needs.
func (s *search) cut() {
	slices.SortFunc(s.candidates, func(a, b candidate) int {
		if s.query.Descending {
			return b.compare(a)
		}
		return a.compare(b)
	})
	if s.keep > 0 && len(s.candidates) >= s.keep {
		s.candidates = s.candidates[:s.keep]
		worst := s.candidates[s.keep-1]
		s.worst = &worst
	}
}

func (s *search) result() Result {
	s.cut()
	r := Result{Total: s.total}
	if s.passed > 0 {
		r.Estimated = true
		r.Total += int(float64(s.passed) * float64(s.matched) / float64(s.seen))
	}
	page := s.candidates[min(max(s.query.Offset, 0), len(s.candidates)):]
	r.Page = make([]Row, len(page))
	for i, c := range page {
		r.Page[i] = Row{Block: c.block, Row: c.row, ID: c.id}
	}
	return r
}
