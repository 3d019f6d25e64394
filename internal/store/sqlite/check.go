package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store/columnar"
)

// invariants are what this program promises of its tables, beyond what SQLite checks: each
// query counts what breaks the promise.
var invariants = []struct{ promise, query string }{
	{
		"the count of ended sessions is right",
		"SELECT abs((" + countSQL(countEnded) + ") - (SELECT ifnull(sum(rows), 0) FROM session_blocks WHERE dropped = 0))",
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
	if current := s.NeedCurrent() == nil; !current || len(problems) > 0 {
		return problems, nil
	}
	err = s.readBlocks(ctx, func(b *blockReader) error {
		if problems, err = brokenInvariants(ctx, b.tx); err != nil {
			return err
		}
		fault, err := b.compareWithRows(ctx)
		if fault != "" {
			problems = append(problems, fault)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", s.path, s.explain(err))
	}
	return problems, nil
}

func brokenInvariants(ctx context.Context, tx *sql.Tx) (broken []string, err error) {
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

// remakeBlocks is the remedy for blocks that are wrong.
const remakeBlocks = "stop the monitor and empty session_columns and session_blocks with sqlite3, and its next start makes them from the rows"

// compareWithRows looks whether the blocks have the sessions that the rows have, in any
// order; fault is empty if they do. While sessions are being deleted, rows go first.
func (b *blockReader) compareWithRows(ctx context.Context) (fault string, err error) {
	var deleting bool
	if err := b.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM session_blocks WHERE dropped = 1)").Scan(&deleting); err != nil || deleting {
		return "", err
	}
	seed := maphash.MakeSeed()
	var blocks, rows uint64
	for i := range b.headers {
		list, err := b.open(i)
		if errors.Is(err, columnar.ErrDamaged) {
			return err.Error() + "; " + remakeBlocks, nil
		}
		if err != nil {
			return "", err
		}
		for n := range list {
			blocks += maphash.Comparable(seed, list[n])
		}
	}
	result, err := b.tx.QueryContext(ctx, "SELECT "+strings.Join(sessionColumns, ",")+" FROM sessions WHERE end_reason > 0")
	if err != nil {
		return "", err
	}
	defer closeRows(result, &err)
	for result.Next() {
		x, err := scanSession(result)
		if err != nil {
			return err.Error(), nil
		}
		rows += maphash.Comparable(seed, x)
	}
	if blocks != rows {
		return "the blocks have other sessions than the rows; " + remakeBlocks, nil
	}
	return "", result.Err()
}

// open returns all sessions of a block.
func (b *blockReader) open(i int) ([]stats.Session, error) {
	if err := b.views[0].Open(&b.headers[i]); err != nil {
		return nil, err
	}
	return b.views[0].Sessions(nil)
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
