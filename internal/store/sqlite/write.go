package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// Write stores the batch in one transaction; one that was written before changes nothing.
// If the file is gone or damaged, the batch goes into a new one.
func (s *Store) Write(ctx context.Context, b store.Batch) error {
	if s.attached {
		return fmt.Errorf("write to %s: it is the monitor's", s.path)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.onFile(ctx, func() error { return s.write(ctx, &b) }); err != nil {
		return fmt.Errorf("write to %s: %w", s.path, s.explain(err))
	}
	return nil
}

func (s *Store) write(ctx context.Context, b *store.Batch) (err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer rollback(tx, &err)
	fresh, err := markWritten(ctx, tx, b)
	if err != nil {
		return err
	}
	if !fresh {
		return tx.Commit()
	}
	if err := s.writeRows(ctx, tx, b); err != nil {
		return err
	}
	grown, err := s.writeRollups(ctx, tx, b.Ranks)
	if err != nil {
		return fmt.Errorf("roll-ups: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.trim.written(grown)
	s.ips.note(b.IPs)
	return nil
}

// Written reports whether the batch is stored.
func (s *Store) Written(ctx context.Context, run string, sequence uint64) (written bool, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM written_batches WHERE run = ? AND sequence >= ?)",
		run, int64(sequence)).Scan(&written)
	if err != nil {
		return false, fmt.Errorf("look for a written batch: %w", s.explain(err))
	}
	return written, nil
}

// markWritten reports false if this batch was written before.
func markWritten(ctx context.Context, tx *sql.Tx, b *store.Batch) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO written_batches (run, sequence, time) VALUES (?, ?, ?)
		ON CONFLICT (run) DO UPDATE SET sequence = excluded.sequence, time = excluded.time
		WHERE excluded.sequence > sequence`, b.Run, int64(b.Sequence), time.Now().UnixNano())
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func (s *Store) writeRows(ctx context.Context, tx *sql.Tx, b *store.Batch) error {
	ended, living, err := s.writeSessions(ctx, tx, b.Sessions)
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	ips, err := s.writeIPs(ctx, tx, b.IPs)
	if err != nil {
		return fmt.Errorf("IPs: %w", err)
	}
	if err := addCounts(ctx, tx, map[string]int64{countEnded: ended, countLiving: living, countIPs: ips}); err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	rows := tiers(b.Samples)
	err = s.statements.samples.exec(ctx, tx, len(rows), func(args []any, i int) []any {
		return appendSample(args, rows[i].step, &rows[i].sample)
	})
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := s.writeEvents(ctx, tx, b.Events); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	return nil
}

// writeSessions writes in the order of the identifiers, which is nearly that of the
// rows on disk. Of one that comes twice the later one counts.
func (s *Store) writeSessions(ctx context.Context, tx *sql.Tx, sessions []stats.Session) (ended, living int64, err error) {
	order := make([]int, len(sessions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sessions[a].ID, sessions[b].ID) })
	last := order[:0]
	for i, at := range order {
		if i+1 == len(order) || sessions[order[i+1]].ID != sessions[at].ID {
			last = append(last, at)
		}
	}
	ids := make([]uint64, len(last))
	var done []stats.Session
	for i, at := range last {
		ids[i] = sessions[at].ID
		if sessions[at].Active() {
			living++
		} else {
			ended++
			done = append(done, sessions[at])
		}
	}
	wasEnded, wasLiving, err := countSessions(ctx, tx, ids)
	if err != nil {
		return 0, 0, err
	}
	if err := removeFromBlocks(ctx, tx, wasEnded); err != nil {
		return 0, 0, err
	}
	if err := addBlocks(ctx, tx, done); err != nil {
		return 0, 0, err
	}
	plain, detailed := split(last, func(at int) bool { return !hasDetails(&sessions[at]) })
	err = s.statements.plainSessions.exec(ctx, tx, len(plain), func(args []any, i int) []any {
		return appendSession(args, &sessions[plain[i]])
	})
	if err != nil {
		return 0, 0, err
	}
	err = s.statements.sessions.exec(ctx, tx, len(detailed), func(args []any, i int) []any {
		x := &sessions[detailed[i]]
		return appendDetails(appendSession(args, x), x)
	})
	return ended - int64(len(wasEnded)), living - wasLiving, err
}

// split keeps the order in both parts.
func split[T any](list []T, first func(T) bool) (yes, no []T) {
	for _, x := range list {
		if first(x) {
			yes = append(yes, x)
		} else {
			no = append(no, x)
		}
	}
	return yes, no
}

// countSessions tells those of the identifiers that are stored: which have ended, and how
// many live. They are in order, so all beyond the largest stored one are new and need no look-up.
func countSessions(ctx context.Context, tx *sql.Tx, ids []uint64) (ended []uint64, living int64, err error) {
	var newest uint64
	if err := tx.QueryRowContext(ctx, "SELECT ifnull(max(id), 0) FROM sessions").Scan(&newest); err != nil {
		return nil, 0, err
	}
	n, found := slices.BinarySearch(ids, newest)
	if found {
		n++
	}
	list, err := json.Marshal(ids[:n])
	if err != nil {
		return nil, 0, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, end_reason FROM sessions WHERE id IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, 0, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var id uint64
		var end flow.EndReason
		if err := rows.Scan(&id, &end); err != nil {
			return nil, 0, err
		}
		if end == flow.EndNone {
			living++
		} else {
			ended = append(ended, id)
		}
	}
	return ended, living, rows.Err()
}

// writeIPs adds to what is there and returns how many are new. The order is that of
// the rows on disk.
func (s *Store) writeIPs(ctx context.Context, tx *sql.Tx, ips []stats.IP) (fresh int64, err error) {
	sorted := slices.Clone(ips)
	slices.SortFunc(sorted, func(a, b stats.IP) int { return a.Addr.Compare(b.Addr) })
	var keys []string
	for i := range sorted {
		if i == 0 || sorted[i].Addr != sorted[i-1].Addr {
			keys = append(keys, hex.EncodeToString(addrKey(sorted[i].Addr)))
		}
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return 0, err
	}
	var known int64
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM ip_statistics WHERE ip_key IN (SELECT unhex(value) FROM json_each(?))",
		string(list)).Scan(&known)
	if err != nil {
		return 0, err
	}
	err = s.statements.ips.exec(ctx, tx, len(sorted), func(args []any, i int) []any {
		return appendIP(args, &sorted[i])
	})
	return int64(len(keys)) - known, err
}
