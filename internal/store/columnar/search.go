package columnar

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
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
// for at most patience and estimates the rest from what it has seen; 0 counts all.
func Search(ctx context.Context, v *View, headers []Header, q *stats.SessionQuery, patience time.Duration) (Result, error) {
	o, ok := newOrder(q.OrderBy)
	if !ok {
		return Result{}, ErrOrder
	}
	s := &search{
		query: q, order: o, filter: newFilter(q), headers: headers, view: v,
		buffer: make([]uint16, rowsOfLargest(headers)), keep: math.MaxInt, deadline: time.Now().Add(patience),
	}
	if q.Limit > 0 {
		s.keep = max(q.Offset, 0) + min(q.Limit, math.MaxInt-max(q.Offset, 0))
	}
	for _, i := range s.sequence() {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		if err := s.visit(i, patience > 0); err != nil {
			return Result{}, err
		}
	}
	return s.result(), nil
}

// Each visits the sessions that match, with the fields alone that are named, in an order
// of their own. The slice is the caller's until visit returns.
func Each(ctx context.Context, v *View, headers []Header, q *stats.SessionQuery, list []Field, visit func([]stats.Session)) error {
	f, buffer := newFilter(q), make([]uint16, rowsOfLargest(headers))
	slices.Sort(list)
	for i := range headers {
		if err := ctx.Err(); err != nil {
			return err
		}
		open, possible := f.narrow(&headers[i])
		if !possible {
			continue
		}
		if err := v.Open(&headers[i]); err != nil {
			return err
		}
		rows, err := open.rows(v, buffer)
		if err != nil {
			return err
		}
		sessions := make([]stats.Session, len(rows))
		if err := v.fill(sessions, rows, list); err != nil {
			return err
		}
		visit(sessions)
	}
	return nil
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
	keep     int // how many candidates the page needs
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
	for i := range list {
		list[i] = i
	}
	bounds := s.order.bounds
	if bounds == nil {
		return list
	}
	slices.SortStableFunc(list, func(a, b int) int {
		left, right := bounds(&s.headers[a]), bounds(&s.headers[b])
		if s.query.Descending {
			return cmp.Compare(right.Most, left.Most)
		}
		return cmp.Compare(left.Least, right.Least)
	})
	return list
}

// visit counts what matches in a block and takes the candidates from it.
func (s *search) visit(i int, hurry bool) error {
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
	case hurry && !wanted && s.seen > 0 && time.Now().After(s.deadline):
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
	if s.order.bounds == nil || s.order.words == nil {
		return true
	}
	b := s.order.bounds(h)
	// In the order, the block's first word and its last one.
	first, last := b.Least, b.Most
	if s.query.Descending {
		first, last = last, first
	}
	if s.worst != nil {
		if p, err := s.order.at(nil, s.worst.key); err == nil && p.behind(first, s.query.Descending) {
			return false
		}
	}
	if s.query.After == nil {
		return true
	}
	p, err := s.order.at(nil, s.query.After.Key)
	return err != nil || !p.behind(last, !s.query.Descending)
}

// take collects the candidates among the rows of the view's block.
func (s *search) take(block int, rows []uint16) error {
	near, err := s.near(rows)
	if err != nil || len(near) == 0 {
		return err
	}
	partial := make([]stats.Session, len(near))
	list := append([]Field{ID}, s.order.fields...)
	if s.order.words == nil {
		list = list[:1]
	}
	if err := s.view.fill(partial, near, slices.Compact(list)); err != nil {
		return err
	}
	for i := range partial {
		c := candidate{id: partial[i].ID, block: block, row: near[i]}
		if s.order.words != nil {
			c.key = s.order.column.Key(&partial[i])
		}
		if s.query.Passed(c.cursor()) && (s.worst == nil || s.before(&c, s.worst)) {
			s.candidates = append(s.candidates, c)
		}
	}
	if len(s.candidates)/2 > s.keep {
		s.cut()
	}
	return nil
}

// near leaves out rows that can't be on the page by their word, so that only few
// sessions have to be made.
func (s *search) near(rows []uint16) ([]uint16, error) {
	if s.order.words == nil {
		return rows, nil
	}
	word, err := s.order.words(s.view)
	if err != nil {
		return nil, err
	}
	if s.query.After != nil {
		p, err := s.order.at(s.view, s.query.After.Key)
		if err != nil {
			return nil, err
		}
		rows = s.without(rows, func(row uint16) bool { return p.behind(word(row), !s.query.Descending) })
	}
	if s.worst != nil {
		p, err := s.order.at(s.view, s.worst.key)
		if err != nil {
			return nil, err
		}
		rows = s.without(rows, func(row uint16) bool { return p.behind(word(row), s.query.Descending) })
	}
	// Of rows that equal the place to begin behind, nobody knows yet how many are before it.
	if len(rows)/4 <= s.keep || s.query.After != nil {
		return rows, nil
	}
	return firstRows(rows, word, s.keep, s.query.Descending), nil
}

// without leaves rows out, in the search's buffer.
func (s *search) without(rows []uint16, out func(uint16) bool) []uint16 {
	kept := s.buffer[:0]
	for _, row := range rows {
		if !out(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// firstRows are those with the first keep words, and all that are equal to the last of
// them: the identifier decides between those.
func firstRows(rows []uint16, word func(uint16) uint64, keep int, descending bool) []uint16 {
	words := make([]uint64, len(rows))
	for i, row := range rows {
		words[i] = word(row)
		if descending {
			words[i] = ^words[i]
		}
	}
	limit := nth(slices.Clone(words), keep-1)
	kept := make([]uint16, 0, 2*keep)
	for i, row := range rows {
		if words[i] <= limit {
			kept = append(kept, row)
		}
	}
	return kept
}

// nth is the value that would be at n if the values were sorted; it changes their order.
func nth(values []uint64, n int) uint64 {
	for low, high := 0, len(values)-1; low < high; {
		pivot := values[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return values[n]
		}
	}
	return values[n]
}

func (s *search) before(a, b *candidate) bool {
	if s.query.Descending {
		return b.compare(a) < 0
	}
	return a.compare(b) < 0
}

// cut sorts the candidates and keeps those that the page needs.
func (s *search) cut() {
	slices.SortFunc(s.candidates, func(a, b candidate) int {
		if s.query.Descending {
			return b.compare(&a)
		}
		return a.compare(&b)
	})
	if len(s.candidates) >= s.keep {
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
