package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store/columnar"
)

// worthPart is the part of a block's time, one in so many, that is worth writing it again.
const worthPart = 16

// dropSessions deletes the sessions that ended before a time, in nanoseconds since the
// Unix epoch, and returns how many. Whole blocks go cheaply; one that has younger
// sessions too is written again without the old ones, once those are worthPart of it.
func (s *Store) dropSessions(ctx context.Context, before int64) (total int64, err error) {
	defer func() {
		if errors.Is(err, columnar.ErrDamaged) {
			s.misindexed.Store(true)
		}
	}()
	for {
		id, err := s.nextDropped(ctx, before)
		if err != nil || id == 0 {
			return total, err
		}
		rows, err := s.emptyBlock(ctx, id)
		total += rows
		if err != nil {
			return total, err
		}
	}
}

// oldestSession is when the first session ended that is kept; 0 if there is none.
func (s *Store) oldestSession(ctx context.Context) (oldest int64, err error) {
	err = s.readBlocks(ctx, func(b *blockReader) error {
		for i := range b.headers {
			if first := ended(b.headers[i].Bounds[columnar.Last].Least); i == 0 || first < oldest {
				oldest = first
			}
		}
		return nil
	})
	return oldest, err
}

func ended(word uint64) int64 { return int64(word ^ 1<<63) }

// nextDropped marks a block whose sessions all go, after splitting one of which some go.
// From then on nobody sees them; 0 means there is none.
func (s *Store) nextDropped(ctx context.Context, before int64) (id int64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT ifnull(min(id), 0) FROM session_blocks WHERE dropped = 1").Scan(&id)
		if err != nil || id != 0 {
			return err // one that was interrupted
		}
		headers, err := readHeaders(ctx, tx)
		if err != nil {
			return err
		}
		for i := range headers {
			h := &headers[i]
			least, most := ended(h.Bounds[columnar.Last].Least), ended(h.Bounds[columnar.Last].Most)
			switch {
			case most < before:
				id = h.ID
			case (before-least)/1e9*worthPart > (most-least)/1e9:
				if id, err = splitBlock(ctx, tx, h, before); err != nil {
					return err
				}
			default:
				continue
			}
			return dropBlock(ctx, tx, id)
		}
		return nil
	})
	return id, err
}

// dropBlock hides a block and takes its rows out of the count.
func dropBlock(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE row_counts SET rows = rows - (SELECT rows FROM session_blocks WHERE id = ?)
		WHERE name = ?`, id, countEnded)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE session_blocks SET dropped = 1 WHERE id = ?", id)
	return err
}

// splitBlock makes two of a block: what ended before a time, whose number it returns,
// and the rest.
func splitBlock(ctx context.Context, tx *sql.Tx, h *columnar.Header, before int64) (old int64, err error) {
	list, err := readBlock(ctx, tx, h)
	if err != nil {
		return 0, err
	}
	past, rest := split(list, func(x stats.Session) bool { return x.Last < before })
	if len(past) == 0 || len(rest) == 0 { // the bounds say otherwise
		return 0, fmt.Errorf("split block %d: %w", h.ID, columnar.ErrDamaged)
	}
	if err := deleteBlock(ctx, tx, h.ID); err != nil {
		return 0, err
	}
	if err := writeBlock(ctx, tx, columnar.Encode(past)); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, "SELECT max(id) FROM session_blocks").Scan(&old); err != nil {
		return 0, err
	}
	return old, writeBlock(ctx, tx, columnar.Encode(rest))
}

// emptyBlock deletes the rows of a dropped block, in slices, and then the block.
func (s *Store) emptyBlock(ctx context.Context, id int64) (total int64, err error) {
	ids, err := s.idsOf(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil // a command beside the monitor was faster
	}
	if err != nil {
		return 0, err
	}
	for slice := range slices.Chunk(ids, sliceRows) {
		text, err := json.Marshal(slice)
		if err != nil {
			return total, err
		}
		err = s.inTx(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE id IN (SELECT value FROM json_each(?))", string(text))
			if err != nil {
				return err
			}
			rows, err := result.RowsAffected()
			total += rows
			return err
		})
		if err != nil {
			return total, err
		}
	}
	return total, s.inTx(ctx, func(tx *sql.Tx) error {
		// Unless a command beside the monitor has done so.
		_, err := tx.ExecContext(ctx, `DELETE FROM session_columns WHERE id >= ?1 AND id < ?2
			AND EXISTS (SELECT 1 FROM session_blocks WHERE id = ?3 AND dropped = 1)`, id<<columnBits, (id+1)<<columnBits, id)
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM session_blocks WHERE id = ? AND dropped = 1", id)
		}
		return err
	})
}

func (s *Store) idsOf(ctx context.Context, block int64) (ids []uint64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		h := columnar.Header{ID: block}
		var bounds []byte
		if err := tx.QueryRowContext(ctx, "SELECT rows, bounds FROM session_blocks WHERE id = ? AND dropped = 1", block).Scan(&h.Rows, &bounds); err != nil {
			return err
		}
		if err := h.ParseBounds(bounds); err != nil {
			return err
		}
		load, done, err := columnLoader(ctx, tx)
		if err != nil {
			return err
		}
		defer func() { _ = done() }() // the transaction's end does the same
		v := columnar.NewView(load)
		if err := v.Open(&h); err != nil {
			return err
		}
		ids, err = v.IDs()
		return err
	})
	return slices.Clone(ids), err
}

// inTx runs one transaction of the writer, as a slice of a longer work.
func (s *Store) inTx(ctx context.Context, do func(*sql.Tx) error) (err error) {
	begin := time.Now()
	defer func() { s.yield(ctx, time.Since(begin)) }()
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.transact(ctx, do)
}

// transact runs one transaction; the caller owns s.writing.
func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) (err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer rollback(tx, &err)
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
