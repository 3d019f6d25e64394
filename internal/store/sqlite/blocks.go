package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store/columnar"
)

// addBlocks puts sessions that have ended into blocks. The newest blocks are joined with
// what is new as long as they are not larger, so that there are few small ones and a
// session is written again only a few times.
func addBlocks(ctx context.Context, tx *sql.Tx, ended []stats.Session) error {
	if len(ended) == 0 {
		return nil
	}
	for {
		h, err := newestBlock(ctx, tx)
		if err != nil {
			return err
		}
		if h == nil || h.Rows > len(ended) || h.Rows+len(ended) > columnar.MaxRows {
			break
		}
		before, err := readBlock(ctx, tx, h)
		if err != nil {
			return err
		}
		if err := deleteBlock(ctx, tx, h.ID); err != nil {
			return err
		}
		ended = slices.Concat(before, ended)
	}
	// In the order of time, so that the bounds of each block are narrow.
	slices.SortFunc(ended, func(a, b stats.Session) int { return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.ID, b.ID)) })
	for chunk := range slices.Chunk(ended, columnar.MaxRows) {
		if err := writeBlock(ctx, tx, columnar.Encode(chunk)); err != nil {
			return err
		}
	}
	return nil
}

// newestBlock is nil if there is none that can be joined.
func newestBlock(ctx context.Context, tx *sql.Tx) (*columnar.Header, error) {
	var h columnar.Header
	var bounds []byte
	var dropped bool
	err := tx.QueryRowContext(ctx, "SELECT id, rows, bounds, dropped FROM session_blocks ORDER BY id DESC LIMIT 1").
		Scan(&h.ID, &h.Rows, &bounds, &dropped)
	if errors.Is(err, sql.ErrNoRows) || dropped {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &h, h.ParseBounds(bounds)
}

// readBlock returns all sessions of a block.
func readBlock(ctx context.Context, tx *sql.Tx, h *columnar.Header) (list []stats.Session, err error) {
	load, done, err := columnLoader(ctx, tx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	v := columnar.NewView(load)
	if err := v.Open(h); err != nil {
		return nil, err
	}
	return v.Sessions(nil)
}

// writeBlock appends a block.
func writeBlock(ctx context.Context, tx *sql.Tx, b *columnar.Block) error {
	result, err := tx.ExecContext(ctx, "INSERT INTO session_blocks (rows, version, bounds) VALUES (?, ?, ?)",
		b.Rows, columnar.Version, b.AppendBounds(nil))
	if err != nil {
		return err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return err
	}
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO session_columns (id, data) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // the transaction's end does the same
	for f := range b.Data {
		data := b.Data[f]
		if data == nil {
			continue
		}
		if _, err := stmt.ExecContext(ctx, id<<columnBits|int64(f), data); err != nil {
			return err
		}
	}
	return nil
}

func deleteBlock(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM session_columns WHERE id >= ? AND id < ?", id<<columnBits, (id+1)<<columnBits)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM session_blocks WHERE id = ?", id)
	return err
}

// removeFromBlocks takes sessions out of the blocks that they are in, which happens only
// if one that has ended is written again. It costs a look at every block that may have one.
func removeFromBlocks(ctx context.Context, tx *sql.Tx, ids []uint64) error {
	if len(ids) == 0 {
		return nil
	}
	gone := make(map[uint64]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	headers, err := readHeaders(ctx, tx)
	if err != nil {
		return err
	}
	for i := range headers {
		h := &headers[i]
		within := func(id uint64) bool { return id >= h.Bounds[columnar.ID].Least && id <= h.Bounds[columnar.ID].Most }
		if !slices.ContainsFunc(ids, within) {
			continue
		}
		if err := rewriteBlock(ctx, tx, h, func(s *stats.Session) bool { return !gone[s.ID] }); err != nil {
			return err
		}
	}
	return nil
}

// rewriteBlock keeps some of a block's sessions.
func rewriteBlock(ctx context.Context, tx *sql.Tx, h *columnar.Header, keep func(*stats.Session) bool) error {
	list, err := readBlock(ctx, tx, h)
	if err != nil {
		return fmt.Errorf("read block %d: %w", h.ID, err)
	}
	kept := slices.DeleteFunc(list, func(s stats.Session) bool { return !keep(&s) })
	if len(kept) == h.Rows {
		return nil
	}
	if err := deleteBlock(ctx, tx, h.ID); err != nil || len(kept) == 0 {
		return err
	}
	return writeBlock(ctx, tx, columnar.Encode(kept))
}

// indexSessions makes all blocks anew from the rows if there are none, as after a
// migration, or if they are of another version. The caller owns s.writing.
func (s *Store) indexSessions(ctx context.Context) error {
	var needed bool
	err := s.writer.QueryRowContext(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM session_blocks)
		THEN EXISTS (SELECT 1 FROM session_blocks WHERE version <> ?)
		ELSE EXISTS (SELECT 1 FROM sessions WHERE end_reason > 0) END`, columnar.Version).Scan(&needed)
	if err != nil || !needed {
		return err
	}
	return s.transact(ctx, func(tx *sql.Tx) error { return rebuildBlocks(ctx, tx) })
}

func rebuildBlocks(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM session_columns; DELETE FROM session_blocks"); err != nil {
		return err
	}
	for after := int64(-1); ; {
		list, err := readSessions(ctx, tx, fmt.Sprintf("end_reason > 0 AND id > %d", after), columnar.MaxRows)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			// What was being deleted is there again.
			_, err := tx.ExecContext(ctx, "UPDATE row_counts SET rows = (SELECT ifnull(sum(rows), 0) FROM session_blocks) WHERE name = ?", countEnded)
			return err
		}
		after = int64(list[len(list)-1].ID)
		if err := addBlocks(ctx, tx, list); err != nil {
			return err
		}
	}
}

// readSessions reads rows in the order of their identifiers.
func readSessions(ctx context.Context, tx *sql.Tx, condition string, limit int) (list []stats.Session, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+strings.Join(sessionColumns, ",")+" FROM sessions WHERE "+condition+" ORDER BY id LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		session, err := scanSession(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, session)
	}
	return list, rows.Err()
}
