package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/columnar"
)

// patience is how long sessions are counted that are not on the page, before their
// number is estimated.
const patience = 40 * time.Millisecond

// Sessions returns ended sessions and how many match.
func (s *Store) Sessions(ctx context.Context, q stats.SessionQuery) (list []stats.Session, total store.Total, err error) {
	err = s.readBlocks(ctx, func(b *blockReader) error {
		result, err := columnar.Search(ctx, b.searchers(), b.headers, &q, patience)
		if err != nil {
			return err
		}
		total = store.Total{Rows: result.Total, Estimated: result.Estimated}
		list, err = b.fetch(ctx, result.Page)
		return err
	})
	switch {
	case errors.Is(err, columnar.ErrOrder):
		return nil, store.Total{}, fmt.Errorf("%w: %q", store.ErrOrder, q.OrderBy)
	case err != nil:
		return nil, store.Total{}, fmt.Errorf("read sessions: %w", s.explain(err))
	}
	return list, total, nil
}

// rankFields are what a session is ranked by and what it adds to its rank.
var rankFields = []columnar.Field{
	columnar.Src, columnar.Dst, columnar.SrcPort, columnar.DstPort, columnar.Protocol, columnar.ICMPPorts, columnar.Point,
	columnar.PacketsSent, columnar.PacketsReceived, columnar.BytesSent, columnar.BytesReceived,
	columnar.RetransmitsSent, columnar.RetransmitsReceived, columnar.VLAN, columnar.Carried,
	columnar.SrcCountry, columnar.DstCountry, columnar.SrcASN, columnar.DstASN,
}

// tallyPatience is for how long sessions are tallied before the rest is left to an estimate.
const tallyPatience = 60 * time.Millisecond

// TallySessions adds the ended sessions that match to tallies, or a sample of them.
func (s *Store) TallySessions(ctx context.Context, q stats.SessionQuery, tallies ...*stats.Tally) (share float64, err error) {
	err = s.readBlocks(ctx, func(b *blockReader) (err error) {
		share, err = columnar.Each(ctx, b.views[0], b.headers, &q, slices.Clone(rankFields), tallyPatience, func(list []stats.Session) {
			for i := range list {
				for _, t := range tallies {
					t.Add(&list[i])
				}
			}
		})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("tally sessions: %w", s.explain(err))
	}
	return share, nil
}

// Session returns one session, ended or not.
func (s *Store) Session(ctx context.Context, id uint64) (stats.Session, error) {
	row := s.reader.QueryRowContext(ctx, "SELECT "+strings.Join(sessionColumns, ",")+" FROM sessions WHERE id = ?", int64(id))
	session, err := scanSession(row)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return stats.Session{}, store.ErrNotFound
	case err != nil:
		return stats.Session{}, fmt.Errorf("read session %d: %w", id, s.explain(err))
	}
	return session, nil
}

// blockReader reads blocks as of one moment.
type blockReader struct {
	tx      *sql.Tx
	views   [2]*columnar.View
	headers []columnar.Header
}

// manyBlocks are worth a second core.
const manyBlocks = 16

// searchers are the views to search with.
func (b *blockReader) searchers() []*columnar.View {
	if len(b.headers) < manyBlocks {
		return b.views[:1]
	}
	return b.views[:]
}

// readBlocks opens all blocks for one question.
func (s *Store) readBlocks(ctx context.Context, use func(*blockReader) error) (err error) {
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// A context that may end costs a goroutine for each of a thousand columns. Whoever visits
	// blocks looks at it between two of them.
	patient := context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(patient, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() {
		if e := tx.Rollback(); err == nil {
			err = e
		}
		if errors.Is(err, columnar.ErrDamaged) {
			s.misindexed.Store(true)
		}
	}()
	b := &blockReader{tx: tx}
	if b.headers, err = readHeaders(ctx, tx); err != nil {
		return err
	}
	defer func() {
		for _, v := range b.views {
			if v != nil {
				s.views.Put(v)
			}
		}
	}()
	for i := range b.views {
		// Each has its own statement, because one answers one question at a time. The
		// transaction's end closes them.
		load, _, err := columnLoader(patient, tx)
		if err != nil {
			return err
		}
		v, _ := s.views.Get().(*columnar.View)
		if v == nil {
			v = columnar.NewView(nil)
		}
		v.Use(load)
		b.views[i] = v
	}
	return use(b)
}

func readHeaders(ctx context.Context, tx *sql.Tx) (headers []columnar.Header, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, rows, bounds FROM session_blocks WHERE dropped = 0 ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var h columnar.Header
		var bounds sql.RawBytes
		if err := rows.Scan(&h.ID, &h.Rows, &bounds); err != nil {
			return nil, err
		}
		if err := h.ParseBounds(bounds); err != nil {
			return nil, err
		}
		if h.Rows < 1 || h.Rows > columnar.MaxRows {
			return nil, fmt.Errorf("%w: %d has %d rows", columnar.ErrDamaged, h.ID, h.Rows)
		}
		headers = append(headers, h)
	}
	return headers, rows.Err()
}

// columnBits is how many bits of a column's row number are the field's.
const columnBits = 6

func columnLoader(ctx context.Context, tx *sql.Tx) (load columnar.Loader, done func() error, err error) {
	stmt, err := tx.PrepareContext(ctx, "SELECT data FROM session_columns WHERE id = ?")
	if err != nil {
		return nil, nil, err
	}
	load = func(block int64, f columnar.Field, use func([]byte) error) (err error) {
		rows, err := stmt.QueryContext(ctx, block<<columnBits|int64(f))
		if err != nil {
			return err
		}
		defer closeRows(rows, &err)
		if !rows.Next() {
			return cmp.Or(rows.Err(), fmt.Errorf("%w: %d has no column %d", columnar.ErrDamaged, block, f))
		}
		var data sql.RawBytes // not copied
		if err := rows.Scan(&data); err != nil {
			return err
		}
		return use(data)
	}
	return load, stmt.Close, nil
}

// denseRows is from how many rows of a block on its columns are cheaper to read than its rows.
const denseRows = 256

// fetch reads whole sessions, in the order of the places: of a block with many of them
// by columns, else the rows. Should a row be gone, the block still has it.
func (b *blockReader) fetch(ctx context.Context, places []columnar.Row) ([]stats.Session, error) {
	list := make([]stats.Session, len(places))
	byBlock := make(map[int][]int)
	for i, p := range places {
		byBlock[p.Block] = append(byBlock[p.Block], i)
	}
	var sparse []int
	for block, wanted := range byBlock {
		if len(wanted) < denseRows {
			sparse = append(sparse, wanted...)
		} else if err := b.fetchColumns(list, places, block, wanted); err != nil {
			return nil, err
		}
	}
	missing, err := b.fetchRows(ctx, list, places, sparse)
	if err != nil {
		return nil, err
	}
	for _, n := range missing {
		if err := b.fetchColumns(list, places, places[n].Block, []int{n}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// fetchColumns reads the wanted ones of the places, all in one block.
func (b *blockReader) fetchColumns(list []stats.Session, places []columnar.Row, block int, wanted []int) error {
	if err := b.views[0].Open(&b.headers[block]); err != nil {
		return err
	}
	rows := make([]uint16, len(wanted))
	for i, n := range wanted {
		rows[i] = places[n].Row
	}
	sessions, err := b.views[0].Sessions(rows)
	if err != nil {
		return err
	}
	for i, n := range wanted {
		list[n] = sessions[i]
	}
	return nil
}

// fetchRows reads the rows of the wanted places and returns those that have none.
func (b *blockReader) fetchRows(ctx context.Context, list []stats.Session, places []columnar.Row, wanted []int) (missing []int, err error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	at := make(map[uint64]int, len(wanted))
	ids := make([]uint64, len(wanted))
	for i, n := range wanted {
		ids[i] = places[n].ID
		at[places[n].ID] = n
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := b.tx.QueryContext(ctx, "SELECT "+strings.Join(sessionColumns, ",")+
		" FROM sessions WHERE id IN (SELECT value FROM json_each(?))", string(text))
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		session, err := scanSession(rows)
		if err != nil {
			return nil, err
		}
		list[at[session.ID]] = session
		delete(at, session.ID)
	}
	for _, n := range at {
		missing = append(missing, n)
	}
	return missing, rows.Err()
}
