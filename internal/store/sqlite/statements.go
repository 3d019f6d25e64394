package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
)

// chunk is how many rows one statement writes: most of what a longer one would gain.
const chunk = 32

// upsert writes rows, a chunk at a time and the rest one by one.
type upsert struct {
	many, one *sql.Stmt
}

// statements are prepared once; they belong to the writer's connection.
type statements struct {
	plainSessions, sessions, ips, samples, rollups, names, events upsert
}

func prepare(ctx context.Context, db *sql.DB) (s statements, err error) {
	const sum, least, most = "+", "min", "max"
	add := func(columns []string, keep map[string]string) map[string]string {
		how := make(map[string]string, len(columns))
		for _, c := range columns {
			how[c] = sum
		}
		maps.Copy(how, keep)
		return how
	}
	for _, p := range []struct {
		to       *upsert
		table    string
		columns  []string
		conflict string
	}{
		// What is left out takes its default also where the row was there.
		{&s.plainSessions, "sessions", plainColumns, conflictSQL(sessionColumns, nil, "id")},
		{&s.sessions, "sessions", sessionColumns, conflictSQL(sessionColumns, nil, "id")},
		{&s.ips, "ip_statistics", ipColumns, conflictSQL(ipColumns, add(ipColumns, map[string]string{
			"ip": "", "local": "", "first_seen": least, "last_seen": most,
		}), "ip_key")},
		{&s.samples, "traffic_history", sampleColumns, conflictSQL(sampleColumns, add(sampleColumns, map[string]string{
			"active_sessions": most,
		}), "step", "time", "point")},
		{&s.rollups, "rollups", rollupColumns, rollupConflict},
		// The latest name counts, and most often there is nothing to change.
		{&s.names, "rollup_names", nameColumns, conflictSQL(nameColumns, nil, "dimension", "key") +
			" WHERE excluded.used > used OR excluded.used = used AND excluded.name <> name"},
		{&s.events, "event_logs", eventColumns, conflictSQL(eventColumns, nil, "id")},
	} {
		if p.to.many, err = db.PrepareContext(ctx, insertSQL(p.table, p.columns, chunk, p.conflict)); err != nil {
			return s, fmt.Errorf("prepare %s: %w", p.table, err)
		}
		if p.to.one, err = db.PrepareContext(ctx, insertSQL(p.table, p.columns, 1, p.conflict)); err != nil {
			return s, fmt.Errorf("prepare %s: %w", p.table, err)
		}
	}
	return s, nil
}

// exec writes n rows; row appends the values of the i-th.
func (u upsert) exec(ctx context.Context, tx *sql.Tx, n int, row func(args []any, i int) []any) error {
	many, one := tx.StmtContext(ctx, u.many), tx.StmtContext(ctx, u.one)
	defer func() { _, _ = many.Close(), one.Close() }() // the transaction's end does the same
	var args []any
	for i := 0; i < n; {
		stmt, end := one, i+1
		if n-i >= chunk {
			stmt, end = many, i+chunk
		}
		args = args[:0]
		for ; i < end; i++ {
			args = row(args, i)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for _, u := range []upsert{s.plainSessions, s.sessions, s.ips, s.samples, s.rollups, s.names, s.events} {
		for _, stmt := range []*sql.Stmt{u.many, u.one} {
			if stmt != nil {
				errs = append(errs, stmt.Close())
			}
		}
	}
	return errors.Join(errs...)
}
