package columnar

import (
	"fmt"
	"slices"

	"netflow-monitor/internal/stats"
)

// Loader reads a column of a block and passes it to use, which has to be done with it on
// return.
type Loader func(block int64, f Field, use func(data []byte) error) error

// View reads one block after the other, each column when it is asked for. It keeps its
// memory, some megabytes for the largest blocks, and can be used again with Use.
type View struct {
	*Header
	load    Loader
	columns [Addresses][]uint64
	loaded  [Addresses]bool
	dir     *directory
}

// NewView makes a view of no block.
func NewView(load Loader) *View { return &View{load: load} }

// Use makes the view read from elsewhere.
func (v *View) Use(load Loader) { v.load, v.Header, v.dir = load, nil, nil }

// Open turns to a block.
func (v *View) Open(h *Header) error {
	if h.Rows < 1 || h.Rows > MaxRows {
		return fmt.Errorf("%w: %d has %d rows", ErrDamaged, h.ID, h.Rows)
	}
	v.Header, v.dir = h, nil
	v.loaded = [Addresses]bool{}
	return nil
}

// values are the field's of all rows; they are the view's until the next Open.
func (v *View) values(f Field) ([]uint64, error) {
	if v.loaded[f] {
		return v.columns[f], nil
	}
	if cap(v.columns[f]) < v.Rows {
		v.columns[f] = make([]uint64, v.Rows)
	}
	v.columns[f] = v.columns[f][:v.Rows]
	unpack := func(data []byte) error { return unpackColumn(v.columns[f], data, v.Bounds[f]) }
	var err error
	if v.Bounds[f].width() > 0 {
		err = v.load(v.ID, f, unpack)
	} else {
		err = unpack(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("block %d, column %d: %w", v.ID, f, err)
	}
	v.loaded[f] = true
	return v.columns[f], nil
}

// directory is the block's addresses.
func (v *View) directory() (*directory, error) {
	if v.dir != nil {
		return v.dir, nil
	}
	err := v.load(v.ID, Addresses, func(data []byte) (err error) {
		v.dir, err = parseDirectory(slices.Clone(data))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("block %d, addresses: %w", v.ID, err)
	}
	return v.dir, nil
}

// IDs are the identifiers of all rows; they are the view's until the next Open.
func (v *View) IDs() ([]uint64, error) { return v.values(ID) }

// allFields are what makes a whole session.
var allFields = func() []Field {
	list := make([]Field, Addresses)
	for f := range list {
		list[f] = Field(f)
	}
	return list
}()

// Sessions returns the sessions of some rows, whole; of all rows if rows is nil.
func (v *View) Sessions(rows []uint16) ([]stats.Session, error) {
	if rows == nil {
		rows = everyRow[:v.Rows]
	}
	sessions := make([]stats.Session, len(rows))
	return sessions, v.fill(sessions, rows, allFields)
}

// fill sets the fields, which are in their order, of the sessions of some rows.
func (v *View) fill(sessions []stats.Session, rows []uint16, list []Field) error {
	for _, f := range list {
		values, err := v.values(f)
		if err != nil {
			return err
		}
		if set := fields[f].set; set != nil {
			for i, row := range rows {
				set(&sessions[i], values[row])
			}
			continue
		}
		dir, err := v.directory()
		if err != nil {
			return err
		}
		for i, row := range rows {
			n := values[row]
			if n >= uint64(dir.size) {
				return fmt.Errorf("block %d: %w: address %d of %d", v.ID, ErrDamaged, n, dir.size)
			}
			fields[f].put(&sessions[i], dir.at(int(n)))
		}
	}
	return nil
}

// everyRow is the numbers of all rows.
var everyRow = func() (rows [MaxRows]uint16) {
	for i := range rows {
		rows[i] = uint16(i)
	}
	return rows
}()
