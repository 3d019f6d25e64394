package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
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

// Columns of the schema that have another name in the tables.
var (
	sessionNames = map[string]string{"session_id": "id", "src_ip": "src_key", "dst_ip": "dst_key"}
	ipNames      = map[string]string{"ip": "ip_key"}
)

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

// Sessions returns ended sessions and how many match.
func (s *Store) Sessions(ctx context.Context, q stats.SessionQuery) ([]stats.Session, store.Total, error) {
	by, err := order(stats.SessionColumns, q.OrderBy, "id", sessionNames, q.Descending)
	if err != nil {
		return nil, store.Total{}, err
	}
	if q.Active != nil && *q.Active {
		return []stats.Session{}, store.Total{}, nil
	}
	c := sessionConditions(&q)
	l := list{
		args:  c.args,
		count: "SELECT count(*) FROM sessions" + scanHint(&q) + c.where(),
		rows: func(total int) string {
			ids := "SELECT id FROM sessions" + pageHint(&q, total) + c.where() + by + page(q.Limit, q.Offset)
			// Sorting carries the identifiers alone; the rows of the page are read after it.
			return "SELECT " + strings.Join(readSessionColumns, ",") + " FROM sessions WHERE id IN (" + ids + ")" + by
		},
	}
	if len(c.terms) == 1 {
		l.count = countSQL(countEnded)
	}
	sessions, total, err := readList(ctx, s, l, scanSession)
	if err != nil {
		return nil, store.Total{}, fmt.Errorf("read sessions: %w", s.explain(err))
	}
	return sessions, store.Total{Rows: total}, nil
}

// scanHint keeps SQLite from walking all of the index by time and looking each row up,
// which costs several times what reading the rows in their own order does.
func scanHint(q *stats.SessionQuery) string {
	if q.From != 0 {
		return "" // a part of the index will do
	}
	return " NOT INDEXED"
}

// pageHint lets the index by time deliver the page, unless what matches is so rare
// that most of the index would be walked for it.
func pageHint(q *stats.SessionQuery, total int) string {
	const lookUp = 4 // what a row found through the index costs, in rows read in order
	byTime := q.OrderBy == "" || q.OrderBy == stats.SessionColumns[0].Name
	if byTime && q.Limit > 0 && (q.Offset+q.Limit)*lookUp < total {
		return ""
	}
	return scanHint(q)
}

func sessionConditions(q *stats.SessionQuery) *conditions {
	c := &conditions{}
	c.add("end_reason > 0")
	c.inPrefix("src_key", q.Src)
	c.inPrefix("dst_key", q.Dst)
	if q.IP.IsValid() {
		first, last := prefixRange(q.IP)
		c.add("(src_key BETWEEN ? AND ? OR dst_key BETWEEN ? AND ?)", first, last, first, last)
	}
	if q.Protocol != nil {
		c.add("protocol = ?", int64(*q.Protocol))
	}
	if q.Port != 0 {
		c.add("(src_port = ? OR dst_port = ?)", int64(q.Port), int64(q.Port))
	}
	if q.State != nil {
		c.add("state = ?", q.State.String())
	}
	if q.Point != 0 {
		c.atPoint(q.Point)
	}
	if q.Tunnel != 0 {
		c.inTunnel(q.Tunnel)
	}
	if q.From != 0 {
		c.add("last_seen >= ?", q.From)
	}
	if q.To != 0 {
		c.add("start_time < ?", q.To)
	}
	return c
}

// Session returns one session, ended or not.
func (s *Store) Session(ctx context.Context, id uint64) (stats.Session, error) {
	row := s.reader.QueryRowContext(ctx, "SELECT "+strings.Join(readSessionColumns, ",")+" FROM sessions WHERE id = ?", int64(id))
	session, err := scanSession(row)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return stats.Session{}, store.ErrNotFound
	case err != nil:
		return stats.Session{}, fmt.Errorf("read session %d: %w", id, s.explain(err))
	}
	return session, nil
}

// IPs returns IP totals and how many match.
func (s *Store) IPs(ctx context.Context, q stats.IPQuery) ([]stats.IP, int, error) {
	by, err := order(stats.IPColumns, q.OrderBy, "ip_key", ipNames, q.Descending)
	if err != nil {
		return nil, 0, err
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
