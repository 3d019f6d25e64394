package api

import (
	"encoding/base64"
	"encoding/binary"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Bounds of a page of a list.
const (
	defaultPerPage = "50"
	maxPerPage     = 1000
	maxPage        = 1_000_000
	// maxOffset is how far into the sessions numbered pages reach: all before has to be sorted.
	maxOffset = 200_000
)

// paging is the part of a query that every list has.
type paging struct {
	page, perPage int
	orderBy       string
	descending    bool
}

func pagingParams(orders []string, direction string) []param {
	return append([]param{
		{name: "page", kind: kindNumber, doc: "page of the list, from 1", fallback: "1", min: 1, max: maxPage},
		{name: "per_page", kind: kindNumber, doc: "entries on a page", fallback: defaultPerPage, min: 1, max: maxPerPage},
	}, orderParams(orders, orders[0], direction)...)
}

func orderParams(orders []string, first, direction string) []param {
	return []param{
		{name: "order_by", kind: kindChoice, doc: "column to order by", fallback: first, values: orders},
		{name: "order_direction", kind: kindChoice, doc: "direction of the order", fallback: direction, values: []string{"asc", "desc"}},
	}
}

// columnNames are what a list can be ordered by; the first one is the default.
func columnNames[T any](columns []stats.Column[T]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

func (q *query) paging() paging {
	return paging{
		page: int(q.number("page")), perPage: int(q.number("per_page")),
		orderBy: q.choice("order_by"), descending: q.choice("order_direction") == "desc",
	}
}

// offset is 0 for a list that has no pages.
func (p paging) offset() int { return max(p.page-1, 0) * p.perPage }

func (p paging) direction() string {
	if p.descending {
		return "desc"
	}
	return "asc"
}

// listed is a list as it was asked for: which page of it, and of what time.
type listed struct {
	paging
	span *wire.Span
}

// pageOf makes the answer of a list; total counts all that match.
func pageOf[T any](l listed, items []T, total store.Total) wire.Page[T] {
	if items == nil {
		items = []T{}
	}
	return wire.Page[T]{
		Items: items, Total: total.Rows, TotalEstimated: total.Estimated, Page: l.page, PerPage: l.perPage,
		OrderBy: l.orderBy, OrderDirection: l.direction(), Span: l.span,
	}
}

func afterParam() param {
	return param{name: "after", kind: kindText, doc: "the entries behind a place: next of the page before, in the same order; not with page"}
}

// tokenLength is what a place takes: the sort key and the ID, eight bytes each word.
const tokenLength = 8*len(stats.SortKey{}) + 8

// token is a place in a list as a client gets it. It names the order, which a place in
// another would be nonsense to.
func token(p paging, c *stats.Cursor) string {
	b := make([]byte, 0, tokenLength+len(p.orderBy)+8)
	for _, word := range c.Key {
		b = binary.BigEndian.AppendUint64(b, word)
	}
	b = binary.BigEndian.AppendUint64(b, c.ID)
	return base64.RawURLEncoding.EncodeToString(append(b, p.order()...))
}

func (p paging) order() string { return p.direction() + " " + p.orderBy }

// after is the place that the page begins behind; nil if it is not given.
func (q *query) after(p paging) *stats.Cursor {
	text := q.text("after")
	if text == "" {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	switch {
	case err != nil || len(b) < tokenLength:
		q.fail("after", "%q is not allowed; use next of the page before", text)
		return nil
	case string(b[tokenLength:]) != p.order():
		q.fail("after", "belongs to another order; keep order_by and order_direction, or begin anew")
		return nil
	case p.page != 1:
		q.fail("after", "not allowed together with page")
		return nil
	}
	c := &stats.Cursor{}
	for i := range c.Key {
		c.Key[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	c.ID = binary.BigEndian.Uint64(b[tokenLength-8:])
	return c
}
