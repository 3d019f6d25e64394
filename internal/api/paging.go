package api

import (
	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
)

// Bounds of a page of a list.
const (
	defaultPerPage = "50"
	maxPerPage     = 1000
	maxPage        = 1_000_000
)

// paging is the part of a query that every list has.
type paging struct {
	page, perPage int
	orderBy       string
	descending    bool
}

func pagingParams(orders []string, direction string) []param {
	return []param{
		{name: "page", kind: kindNumber, doc: "page of the list, from 1", fallback: "1", min: 1, max: maxPage},
		{name: "per_page", kind: kindNumber, doc: "entries on a page", fallback: defaultPerPage, min: 1, max: maxPerPage},
		{name: "order_by", kind: kindChoice, doc: "column to order by", fallback: orders[0], values: orders},
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

func (p paging) offset() int { return (p.page - 1) * p.perPage }

func (p paging) direction() string {
	if p.descending {
		return "desc"
	}
	return "asc"
}

// pageOf makes the answer of a list; total counts all that match.
func pageOf[T any](p paging, items []T, total int) wire.Page[T] {
	if items == nil {
		items = []T{}
	}
	return wire.Page[T]{
		Items: items, Total: total, Page: p.page, PerPage: p.perPage,
		OrderBy: p.orderBy, OrderDirection: p.direction(),
	}
}
