package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// conditions is a WHERE clause in the making.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

func (c *conditions) where() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

func (c *conditions) inPrefix(column string, p netip.Prefix) {
	if p.IsValid() {
		first, last := prefixRange(p)
		c.add(column+" BETWEEN ? AND ?", first, last)
	}
}

// order is the ORDER BY clause for a column of the schema; what only the living have
// is 0 in every row, so the tie decides.
func order[T any](columns []stats.Column[T], name, tie string, rename map[string]string, descending bool) (string, error) {
	column := columns[0]
	if name != "" {
		var ok bool
		if column, ok = stats.FindColumn(columns, name); !ok {
			return "", fmt.Errorf("%w: %q", store.ErrOrder, name)
		}
	}
	direction := ""
	if descending {
		direction = " DESC"
	}
	by := column.Name
	if r, ok := rename[by]; ok {
		by = r
	}
	if !column.Stored || by == tie {
		return " ORDER BY " + tie + direction, nil
	}
	return " ORDER BY " + by + direction + ", " + tie + direction, nil
}

// ipNames are columns of the schema that have another name in the table.
var ipNames = map[string]string{"ip": "ip_key"}

// page is LIMIT and OFFSET; a limit of 0 or less is none.
func page(limit, offset int) string {
	if limit <= 0 {
		limit = -1
	}
	return fmt.Sprintf(" LIMIT %d OFFSET %d", limit, max(offset, 0))
}

func closeRows(rows *sql.Rows, err *error) {
	if e := rows.Close(); *err == nil {
		*err = e
	}
}

// list is a question for a page of rows and how many there are.
type list struct {
	args  []any
	count string // the query for how many match
	rows  func(total int) string
}

// readList asks both in one read transaction, so that they agree.
func readList[T any](ctx context.Context, s *Store, l list, scan func(scanner) (T, error)) (items []T, total int, err error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if e := tx.Rollback(); err == nil {
			err = e
		}
	}()
	items = []T{}
	if err := tx.QueryRowContext(ctx, l.count, l.args...).Scan(&total); err != nil || total == 0 {
		return items, 0, err
	}
	result, err := tx.QueryContext(ctx, l.rows(total), l.args...)
	if err != nil {
		return nil, 0, err
	}
	defer closeRows(result, &err)
	for result.Next() {
		item, err := scan(result)
		if err != nil {
			return nil, 0, err
		}
		items = append(items, item)
	}
	return items, total, result.Err()
}

// IPs returns IP totals and how many match.
func (s *Store) IPs(ctx context.Context, q stats.IPQuery) ([]stats.IP, int, error) {
	by, err := order(stats.IPColumns, q.OrderBy, "ip_key", ipNames, q.Descending)
	if err != nil {
		return nil, 0, err
	}
	if column := slices.IndexFunc(ipOrders, func(c stats.Column[stats.IP]) bool { return c.Name == cmp.Or(q.OrderBy, stats.IPColumns[0].Name) }); column >= 0 && s.hasManyIPs(ctx) {
		list, total, err := s.indexedIPs(ctx, &q, column)
		if err != nil {
			return nil, 0, fmt.Errorf("read IPs: %w", s.explain(err))
		}
		return list, total, nil
	}
	c := &conditions{}
	c.inPrefix("ip_key", q.Network)
	if q.Local != nil {
		c.add("local = ?", *q.Local)
	}
	l := list{
		args:  c.args,
		count: "SELECT count(*) FROM ip_statistics" + c.where(),
		rows: func(int) string {
			return "SELECT " + strings.Join(readIPColumns, ",") + " FROM ip_statistics" + c.where() + by + page(q.Limit, q.Offset)
		},
	}
	if len(c.terms) == 0 {
		l.count = countSQL(countIPs)
	}
	ips, total, err := readList(ctx, s, l, scanIP)
	if err != nil {
		return nil, 0, fmt.Errorf("read IPs: %w", s.explain(err))
	}
	return ips, total, nil
}

// hasManyIPs reports whether sorting them takes SQLite too long.
func (s *Store) hasManyIPs(ctx context.Context) bool {
	var n int64
	err := s.reader.QueryRowContext(ctx, countSQL(countIPs)).Scan(&n)
	return err == nil && n >= s.indexedFrom.Load()
}
