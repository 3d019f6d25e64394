package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// The names in row_counts.
const (
	countEnded  = "ended"
	countLiving = "living"
	countIPs    = "ips"
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

// countSQL asks for a count.
func countSQL(name string) string { return "SELECT rows FROM row_counts WHERE name = '" + name + "'" }

// endInterrupted ends the sessions of a killed run, and counts all rows anew, because
// a user may have deleted some with another tool.
func (s *Store) endInterrupted(ctx context.Context) (err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer rollback(tx, &err)
	result, err := tx.ExecContext(ctx, "UPDATE sessions SET end_reason = ? WHERE end_reason = 0", forcedEnd)
	if err != nil {
		return fmt.Errorf("end interrupted sessions: %w", err)
	}
	if s.recovered, err = result.RowsAffected(); err != nil {
		return fmt.Errorf("end interrupted sessions: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO row_counts (name, rows) VALUES
		(?, (SELECT count(*) FROM sessions WHERE end_reason > 0)), (?, 0), (?, (SELECT count(*) FROM ip_statistics))`,
		countEnded, countLiving, countIPs)
	if err != nil {
		return fmt.Errorf("count rows: %w", err)
	}
	return tx.Commit()
}
