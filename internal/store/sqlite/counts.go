package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"netflow-monitor/internal/flow"
)

// The names in row_counts.
const (
	countEnded  = "ended"
	countLiving = "living"
	countIPs    = "ips"
	// countElsewhere rises when a command deletes IPs beside the monitor.
	countElsewhere = "ips_elsewhere"
)

// addCounts keeps row_counts, in the transaction that changes the rows.
func addCounts(ctx context.Context, tx *sql.Tx, changes map[string]int64) error {
	for name, n := range changes {
		if n == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, "UPDATE row_counts SET rows = rows + ? WHERE name = ?", n, name); err != nil {
			return err
		}
	}
	return nil
}

// tellElsewhere lets the monitor know that IPs were deleted under it, in the transaction
// that does.
func tellElsewhere(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO row_counts (name, rows) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET rows = rows + 1", countElsewhere)
	return err
}

// deletedElsewhere is how often that was so.
func (s *Store) deletedElsewhere(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT ifnull(("+countSQL(countElsewhere)+"), 0)").Scan(&n)
	return n, err
}

// countSQL asks for a count.
func countSQL(name string) string { return "SELECT rows FROM row_counts WHERE name = '" + name + "'" }

// endInterrupted ends the sessions of a killed run, how many it returns, and counts rows anew.
// The caller owns s.writing.
func (s *Store) endInterrupted(ctx context.Context) (interrupted int64, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		living, err := readSessions(ctx, tx, "end_reason = 0", -1)
		if err != nil {
			return err
		}
		for i := range living {
			living[i].End = flow.EndForced
		}
		interrupted = int64(len(living))
		if _, err := tx.ExecContext(ctx, "UPDATE sessions SET end_reason = ? WHERE end_reason = 0", int64(flow.EndForced)); err != nil {
			return err
		}
		return addBlocks(ctx, tx, living)
	})
	if err != nil {
		return 0, fmt.Errorf("end interrupted sessions: %w", err)
	}
	_, err = s.writer.ExecContext(ctx, `INSERT OR REPLACE INTO row_counts (name, rows) VALUES
		(?, (SELECT ifnull(sum(rows), 0) FROM session_blocks WHERE dropped = 0)), (?, 0), (?, (SELECT count(*) FROM ip_statistics))`,
		countEnded, countLiving, countIPs)
	if err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return interrupted, nil
}
