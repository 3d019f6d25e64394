package columnar

import (
	"cmp"
	"slices"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// order is a column of stats.SessionColumns as words that order alike within a block.
type order struct {
	column stats.Column[stats.Session]
	// fields are what the column's value is made of.
	fields []Field
	// words returns the word of a row. Nil: all rows are equal.
	words func(*View) (func(row uint16) uint64, error)
	// place is where a key lies among the words of the view's block; nil: its last word is it.
	place func(*View, stats.SortKey) (position, error)
	// bounds are the least and the largest word in a block; nil if words of different
	// blocks can't be compared, or nothing is known.
	bounds func(*Header) Bounds
}

// position is a place among words: those that are smaller come before it, those that
// are larger behind it, and the same one is it if exact, else behind it.
type position struct {
	word  uint64
	exact bool
}

// behind reports whether a word comes strictly behind the position in a direction.
func (p position) behind(word uint64, descending bool) bool {
	if descending {
		return word < p.word
	}
	return word > p.word || word == p.word && !p.exact
}

// at finds a key's position; the view may be nil for an order that has bounds.
func (o *order) at(v *View, key stats.SortKey) (position, error) {
	if o.place == nil {
		return position{key[2], true}, nil
	}
	return o.place(v, key)
}

// orderFields are the columns that are a field of their own.
var orderFields = map[string]Field{
	"session_id": ID, "last_seen": Last, "duration": Duration, "src_port": SrcPort, "dst_port": DstPort, "protocol": Protocol,
	"bytes_sent": BytesSent, "bytes_received": BytesReceived,
	"packets_sent": PacketsSent, "packets_received": PacketsReceived,
	"payload_bytes_sent": PayloadSent, "payload_bytes_received": PayloadReceived,
	"retransmits_sent": RetransmitsSent, "retransmits_received": RetransmitsReceived,
}

// newOrder finds a column by its name, the first one if that is empty.
func newOrder(name string) (order, bool) {
	column := stats.SessionColumns[0]
	if name != "" {
		var ok bool
		if column, ok = stats.FindColumn(stats.SessionColumns, name); !ok {
			return order{}, false
		}
	}
	o := orderOf(column.Name)
	o.column = column
	if !column.Stored {
		o.words = nil
	}
	return o, true
}

func orderOf(name string) order {
	if f, ok := orderFields[name]; ok {
		return byField(f)
	}
	switch name {
	case "src_ip":
		return byAddress(Src)
	case "dst_ip":
		return byAddress(Dst)
	case "state":
		return byName(State, len(flow.StateNames()), func(v int) stats.Session { return stats.Session{State: flow.State(v)} }, name)
	case "direction":
		return byName(Direction, int(stats.DirectionInternal)+1,
			func(v int) stats.Session { return stats.Session{Direction: stats.Direction(v)} }, name)
	}
	if base, ok := strings.CutPrefix(name, "total_"); ok {
		sent, ok1 := orderFields[base+"_sent"]
		received, ok2 := orderFields[base+"_received"]
		if ok1 && ok2 {
			return bySum(sent, received)
		}
	}
	return bySession(name)
}

func byField(f Field) order {
	return order{
		fields: []Field{f},
		words: func(v *View) (func(uint16) uint64, error) {
			values, err := v.values(f)
			return func(row uint16) uint64 { return values[row] }, err
		},
		bounds: func(h *Header) Bounds { return h.Bounds[f] },
	}
}

func bySum(a, b Field) order {
	return order{
		fields: []Field{a, b},
		words: func(v *View) (func(uint16) uint64, error) {
			left, err := v.values(a)
			if err != nil {
				return nil, err
			}
			right, err := v.values(b)
			return func(row uint16) uint64 { return left[row] + right[row] }, err
		},
		bounds: func(h *Header) Bounds {
			return Bounds{h.Bounds[a].Least + h.Bounds[b].Least, h.Bounds[a].Most + h.Bounds[b].Most}
		},
	}
}

// byName orders by the names that n values stand for: a word is the rank of a name.
func byName(f Field, n int, with func(value int) stats.Session, name string) order {
	column, _ := stats.FindColumn(stats.SessionColumns, name)
	keys := make([]stats.SortKey, n)
	for value := range keys {
		s := with(value)
		keys[value] = column.Key(&s)
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, stats.SortKey.Compare)
	ranks := make([]uint64, 256)
	for value, key := range keys {
		ranks[value] = uint64(slices.Index(sorted, key))
	}
	o := byField(f)
	o.words = func(v *View) (func(uint16) uint64, error) {
		values, err := v.values(f)
		return func(row uint16) uint64 { return ranks[uint8(values[row])] }, err
	}
	o.place = func(_ *View, key stats.SortKey) (position, error) {
		i, exact := slices.BinarySearchFunc(sorted, key, stats.SortKey.Compare)
		return position{uint64(i), exact}, nil
	}
	o.bounds = func(*Header) Bounds { return Bounds{0, uint64(n)} }
	return o
}

// byAddress orders by the numbers in the block's directory.
func byAddress(f Field) order {
	o := byField(f)
	o.place = func(v *View, key stats.SortKey) (position, error) {
		dir, err := v.directory()
		if err != nil {
			return position{}, err
		}
		i, exact := slices.BinarySearchFunc(dir.list, key, func(a address, key stats.SortKey) int { return a.sortKey().Compare(key) })
		return position{uint64(i), exact}, nil
	}
	o.bounds = nil
	return o
}

// fieldsOf are what the remaining columns are made of.
var fieldsOf = map[string][]Field{
	"start_time":        {Last, Duration},
	"rtt_ms":            {RTTClient, RTTServer},
	"ip_bytes_sent":     {PacketsSent, BytesSent, OverheadSent},
	"ip_bytes_received": {PacketsReceived, BytesReceived, OverheadReceived},
	"total_ip_bytes":    {PacketsSent, PacketsReceived, BytesSent, BytesReceived, OverheadSent, OverheadReceived},
}

// bySession makes each session, as far as it is needed, and asks stats for the key.
func bySession(name string) order {
	o := order{fields: fieldsOf[name]}
	column, known := stats.FindColumn(stats.SessionColumns, name)
	if o.fields == nil || !known {
		o.fields = allFields
	}
	o.words = func(v *View) (func(uint16) uint64, error) {
		sessions := make([]stats.Session, v.Rows)
		if err := v.fill(sessions, everyRow[:v.Rows], o.fields); err != nil {
			return nil, err
		}
		return func(row uint16) uint64 { return column.Key(&sessions[row])[2] }, nil
	}
	o.bounds = func(*Header) Bounds { return Bounds{0, ^uint64(0)} }
	return o
}

// candidate is a row that may be on the page.
type candidate struct {
	key   stats.SortKey
	id    uint64
	block int // index in the search's headers
	row   uint16
}

func (c *candidate) cursor() *stats.Cursor { return &stats.Cursor{Key: c.key, ID: c.id} }

func (c *candidate) compare(o *candidate) int {
	return cmp.Or(c.key.Compare(o.key), cmp.Compare(c.id, o.id))
}
