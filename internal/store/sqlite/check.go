package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// invariants are what this program promises of its tables, beyond what SQLite checks: each
// query counts what breaks the promise.
var invariants = []struct{ promise, query string }{
	{
		"the count of ended sessions is right",
		"SELECT abs((" + countSQL(countEnded) + ") - (SELECT count(*) FROM sessions WHERE end_reason > 0))",
	},
	{
		"the count of living sessions is right",
		"SELECT abs((" + countSQL(countLiving) + ") - (SELECT count(*) FROM sessions WHERE end_reason = 0))",
	},
	{
		"the count of IPs is right",
		"SELECT abs((" + countSQL(countIPs) + ") - (SELECT count(*) FROM ip_statistics))",
	},
	{
		"no session ends before it starts",
		"SELECT count(*) FROM sessions WHERE last_seen < start_time",
	},
	{
		"each step of history begins at its time",
		"SELECT count(*) FROM traffic_history WHERE time % (step * 1000000000) != 0",
	},
}

// Check looks for faults, in the structure of the file and in what this program promises of
// its tables, and returns a line for each; none means that all is well. It only reads, and
// others go on.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	problems, err := readCheck(ctx, s.reader, "PRAGMA integrity_check(100)")
	if isDamage(err) {
		return append(problems, err.Error()), nil
	}
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", s.path, s.explain(err))
	}
	if len(problems) > 0 || s.NeedCurrent() != nil {
		return problems, nil
	}
	if problems, err = s.checkInvariants(ctx); err != nil {
		return nil, fmt.Errorf("check %s: %w", s.path, s.explain(err))
	}
	return problems, nil
}

// checkInvariants asks them all of one moment.
func (s *Store) checkInvariants(ctx context.Context) (broken []string, err error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	for _, i := range invariants {
		var n sql.NullInt64
		if err := tx.QueryRowContext(ctx, i.query).Scan(&n); err != nil {
			return nil, err
		}
		if !n.Valid || n.Int64 != 0 {
			broken = append(broken, fmt.Sprintf("not so, by %d: %s", n.Int64, i.promise))
		}
	}
	return broken, nil
}

// readCheck lists what a check of SQLite's finds; what is sound has one row: ok.
func readCheck(ctx context.Context, db *sql.DB, check string) (problems []string, err error) {
	rows, err := db.QueryContext(ctx, check)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			if line != "ok" && !strings.HasPrefix(line, "***") {
				problems = append(problems, line)
			}
		}
	}
	return problems, rows.Err()
}
