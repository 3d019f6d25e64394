package columnar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// order is a column of stats.SessionColumns as words that order alike within a block.
type order struct {
	words func(*View) (func(row uint16) uint64, error)
	// key is a row's key; nil: its word, which then means the same in all blocks.
	key func(*View) (func(row uint16) stats.SortKey, error)
	// place is where a key lies among the words of the view's block; nil: its last word is it.
	place func(*View, stats.SortKey) (position, error)
	// edges are a key that no key in a block is less than, and one that none is more than.
	edges func(*Header) (least, most stats.SortKey)
}

// numbers are edges where keys are words.
func numbers(bounds func(*Header) Bounds) func(*Header) (least, most stats.SortKey) {
	return func(h *Header) (least, most stats.SortKey) {
		b := bounds(h)
		return stats.SortKey{2: b.Least}, stats.SortKey{2: b.Most}
	}
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

// at finds a key's position.
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

// newOrder finds a column that is stored by its name.
func newOrder(name string) (order, bool) {
	if f, ok := orderFields[name]; ok {
		return byField(f), true
	}
	if base, ok := strings.CutPrefix(name, "total_"); ok {
		sent, ok1 := orderFields[base+"_sent"]
		received, ok2 := orderFields[base+"_received"]
		if ok1 && ok2 {
			return bySum(sent, received), true
		}
	}
	switch name {
	case "src_ip":
		return byAddress(Src), true
	case "dst_ip":
		return byAddress(Dst), true
	case "state":
		return byName(State, len(flow.StateNames()), func(v int) stats.Session { return stats.Session{State: flow.State(v)} }, name), true
	case "direction":
		return byName(Direction, int(stats.DirectionInternal)+1,
			func(v int) stats.Session { return stats.Session{Direction: stats.Direction(v)} }, name), true
	case "start_time":
		return byStart(), true
	case "rtt_ms":
		return byRTT(), true
	case "ip_bytes_sent":
		return byIPBytes(sentFields), true
	case "ip_bytes_received":
		return byIPBytes(receivedFields), true
	case "total_ip_bytes":
		return byIPBytes(sentFields, receivedFields), true
	}
	return order{}, false
}

func byField(f Field) order {
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			values, err := v.values(f)
			return func(row uint16) uint64 { return values[row] }, err
		},
		edges: numbers(func(h *Header) Bounds { return h.Bounds[f] }),
	}
}

func bySum(a, b Field) order {
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			left, err := v.values(a)
			if err != nil {
				return nil, err
			}
			right, err := v.values(b)
			return func(row uint16) uint64 { return left[row] + right[row] }, err
		},
		edges: numbers(func(h *Header) Bounds {
			return Bounds{h.Bounds[a].Least + h.Bounds[b].Least, h.Bounds[a].Most + h.Bounds[b].Most}
		}),
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
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			values, err := v.values(f)
			return func(row uint16) uint64 { return ranks[uint8(values[row])] }, err
		},
		key: func(v *View) (func(uint16) stats.SortKey, error) {
			values, err := v.values(f)
			return func(row uint16) stats.SortKey { return sorted[ranks[uint8(values[row])]] }, err
		},
		place: func(_ *View, key stats.SortKey) (position, error) {
			i, exact := slices.BinarySearchFunc(sorted, key, stats.SortKey.Compare)
			return position{uint64(i), exact}, nil
		},
		edges: func(h *Header) (least, most stats.SortKey) {
			last := uint64(n - 1)
			present := keys[min(h.Bounds[f].Least, last) : min(h.Bounds[f].Most, last)+1]
			return slices.MinFunc(present, stats.SortKey.Compare), slices.MaxFunc(present, stats.SortKey.Compare)
		},
	}
}

// byAddress orders by the numbers in the block's directory.
func byAddress(f Field) order {
	return order{
		edges: func(h *Header) (least, most stats.SortKey) {
			ends := h.src
			if f == Dst {
				ends = h.dst
			}
			return ends[0].sortKey(), ends[1].sortKey()
		},
		words: byField(f).words,
		key: func(v *View) (func(uint16) stats.SortKey, error) {
			values, err := v.values(f)
			if err != nil {
				return nil, err
			}
			dir, err := v.directory()
			if err != nil {
				return nil, err
			}
			if most := slices.Max(values); most >= uint64(dir.size) {
				return nil, fmt.Errorf("block %d: %w: address %d of %d", v.ID, ErrDamaged, most, dir.size)
			}
			return func(row uint16) stats.SortKey { return dir.at(int(values[row])).sortKey() }, nil
		},
		place: func(v *View, key stats.SortKey) (position, error) {
			dir, err := v.directory()
			if err != nil {
				return position{}, err
			}
			n := dir.find(func(a address) bool { return a.sortKey().Compare(key) < 0 })
			return position{uint64(n), n < dir.size && dir.at(n).sortKey() == key}, nil
		},
	}
}

// byStart orders by the end less the duration.
func byStart() order {
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			starts, err := v.starts()
			return func(row uint16) uint64 { return uint64(starts(row)) ^ signBit }, err
		},
		edges: numbers(func(h *Header) Bounds {
			first, latest := h.startBounds()
			return Bounds{uint64(first) ^ signBit, uint64(latest) ^ signBit}
		}),
	}
}

// byRTT orders by both parts of the round trip time; without one of them it is 0.
func byRTT() order {
	sum := func(client, server uint64) uint64 {
		c, s := client^signBit, server^signBit
		if c == 0 || s == 0 {
			return signBit
		}
		return (c + s) ^ signBit
	}
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			client, err := v.values(RTTClient)
			if err != nil {
				return nil, err
			}
			server, err := v.values(RTTServer)
			return func(row uint16) uint64 { return sum(client[row], server[row]) }, err
		},
		edges: numbers(func(h *Header) Bounds {
			return Bounds{signBit, sum(h.Bounds[RTTClient].Most|1, h.Bounds[RTTServer].Most|1)}
		}),
	}
}

// ipBytesFields are the bytes of a direction, its packets, and the rest.
type ipBytesFields [3]Field

var (
	sentFields     = ipBytesFields{BytesSent, PacketsSent, OverheadSent}
	receivedFields = ipBytesFields{BytesReceived, PacketsReceived, OverheadReceived}
)

// byIPBytes orders by the IP bytes of the directions together.
func byIPBytes(directions ...ipBytesFields) order {
	return order{
		words: func(v *View) (func(uint16) uint64, error) {
			var columns [][]uint64
			for _, direction := range directions {
				for _, f := range direction {
					values, err := v.values(f)
					if err != nil {
						return nil, err
					}
					columns = append(columns, values)
				}
			}
			return func(row uint16) (sum uint64) {
				for c := columns; len(c) > 0; c = c[3:] {
					sum += c[0][row] - frameOverhead*c[1][row] - (c[2][row] ^ signBit)
				}
				return sum
			}, nil
		},
		edges: numbers(func(h *Header) (sum Bounds) {
			for _, direction := range directions {
				b := h.ipSent
				if direction == receivedFields {
					b = h.ipReceived
				}
				sum.Least, sum.Most = sum.Least+b.Least, sum.Most+b.Most
			}
			return sum
		}),
	}
}

// candidate is a row that may be on the page.
type candidate struct {
	key   stats.SortKey
	id    uint64
	block int // index in the search's headers
	row   uint16
}

func (c candidate) compare(o candidate) int {
	for i := range c.key {
		if c.key[i] != o.key[i] {
			return cmp.Compare(c.key[i], o.key[i])
		}
	}
	return cmp.Compare(c.id, o.id)
}
