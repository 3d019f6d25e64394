package columnar

import (
	"net/netip"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// verdict is what a block's bounds say of a condition.
type verdict uint8

const (
	someRows verdict = iota // the rows have to be looked at
	noRow
	allRows
)

// condition is one part of a filter.
type condition struct {
	judge func(*Header) verdict
	// test prepares for a block and returns what tells whether a row matches.
	test func(*View) (func(row uint16) bool, error)
}

// filter is a session query's conditions; all must hold.
type filter []condition

// newFilter understands all of the query but its order and page. Sessions in blocks
// have ended.
func newFilter(q *stats.SessionQuery) (f filter) {
	add := func(c condition) { f = append(f, c) }
	if q.Active != nil && *q.Active {
		add(never())
	}
	if q.From != 0 {
		add(between(Last, uint64(q.From)^signBit, ^uint64(0)))
	}
	if q.To != 0 {
		add(startsBefore(q.To))
	}
	if q.Protocol != nil {
		add(equal(Protocol, uint64(*q.Protocol)))
	}
	if q.State != nil {
		add(equal(State, uint64(*q.State)))
	}
	if q.Direction != nil {
		add(equal(Direction, uint64(*q.Direction)))
	}
	if q.MinDuration != 0 || q.MaxDuration != 0 {
		least, most := uint64(0), ^uint64(0)
		if q.MinDuration != 0 {
			least = uint64(q.MinDuration) ^ signBit
		}
		if q.MaxDuration != 0 {
			most = uint64(q.MaxDuration) ^ signBit
		}
		add(between(Duration, least, most))
	}
	if q.MinBytes != 0 || q.MaxBytes != 0 {
		add(bytesBetween(q.MinBytes, q.MaxBytes))
	}
	if q.Port != 0 {
		add(either(SrcPort, DstPort, uint64(q.Port)))
	}
	if q.Src.IsValid() {
		add(inNetwork(q.Src, Src))
	}
	if q.Dst.IsValid() {
		add(inNetwork(q.Dst, Dst))
	}
	if q.IP.IsValid() {
		add(inNetwork(q.IP, Src, Dst))
	}
	if q.Country != "" {
		add(inCountry(q.Country))
	}
	if q.ASN != 0 {
		add(either(SrcASN, DstASN, uint64(q.ASN)))
	}
	if q.Point != 0 {
		add(seenAt(q.Point))
	}
	if q.Tunnel != 0 {
		add(inTunnel(q.Tunnel))
	}
	if q.Terms != nil {
		add(anyOf(q.Terms))
	}
	return f
}

// narrow leaves out what a block's bounds decide; possible is false if no row matches.
func (f filter) narrow(h *Header) (open filter, possible bool) {
	for _, c := range f {
		switch c.judge(h) {
		case noRow:
			return nil, false
		case someRows:
			open = append(open, c)
		case allRows:
		}
	}
	return open, true
}

// rows are those of the view's block that match, in their order. The slice is buffer's,
// or a shared one: it is for reading.
func (f filter) rows(v *View, buffer []uint16) ([]uint16, error) {
	rows := everyRow[:v.Rows]
	for _, c := range f {
		matches, err := c.test(v)
		if err != nil {
			return nil, err
		}
		kept := buffer[:0]
		for _, row := range rows {
			if matches(row) {
				kept = append(kept, row)
			}
		}
		if rows = kept; len(rows) == 0 {
			break
		}
	}
	return rows, nil
}

func never() condition {
	return condition{judge: func(*Header) verdict { return noRow }}
}

// judgeRange is the verdict on all values being within [least, most].
func judgeRange(b Bounds, least, most uint64) verdict {
	switch {
	case b.Most < least || b.Least > most:
		return noRow
	case b.Least >= least && b.Most <= most:
		return allRows
	}
	return someRows
}

func between(f Field, least, most uint64) condition {
	return condition{
		judge: func(h *Header) verdict { return judgeRange(h.Bounds[f], least, most) },
		test: func(v *View) (func(uint16) bool, error) {
			values, err := v.values(f)
			return func(row uint16) bool { return values[row] >= least && values[row] <= most }, err
		},
	}
}

func equal(f Field, value uint64) condition { return between(f, value, value) }

// either is for a value at one of both ends.
func either(a, b Field, value uint64) condition {
	return condition{
		judge: func(h *Header) verdict {
			left, right := judgeRange(h.Bounds[a], value, value), judgeRange(h.Bounds[b], value, value)
			switch {
			case left == noRow && right == noRow:
				return noRow
			case left == allRows || right == allRows:
				return allRows
			}
			return someRows
		},
		test: func(v *View) (func(uint16) bool, error) {
			left, err := v.values(a)
			if err != nil {
				return nil, err
			}
			right, err := v.values(b)
			return func(row uint16) bool { return left[row] == value || right[row] == value }, err
		},
	}
}

func inCountry(code string) condition {
	if len(code) != 2 {
		return never()
	}
	return either(SrcCountry, DstCountry, countryWord([2]byte{code[0], code[1]}))
}

// startsBefore compares the start, which is the end less the duration.
func startsBefore(t int64) condition {
	return condition{
		judge: func(h *Header) verdict {
			switch first, latest := h.startBounds(); {
			case latest < t:
				return allRows
			case first >= t:
				return noRow
			}
			return someRows
		},
		test: func(v *View) (func(uint16) bool, error) {
			starts, err := v.starts()
			return func(row uint16) bool { return starts(row) < t }, err
		},
	}
}

// startBounds are when the first session can have started at the earliest, the last one at
// the latest.
func (h *Header) startBounds() (first, latest int64) {
	last, duration := h.Bounds[Last], h.Bounds[Duration]
	return int64(last.Least^signBit) - int64(duration.Most^signBit), int64(last.Most^signBit) - int64(duration.Least^signBit)
}

// starts tells when a row's session started.
func (v *View) starts() (func(row uint16) int64, error) {
	last, err := v.values(Last)
	if err != nil {
		return nil, err
	}
	duration, err := v.values(Duration)
	return func(row uint16) int64 { return int64(last[row]^signBit) - int64(duration[row]^signBit) }, err
}

// bytesBetween bounds the bytes of both directions together; a most of 0 is none.
func bytesBetween(least, most uint64) condition {
	if most == 0 {
		most = ^uint64(0)
	}
	return condition{
		judge: func(h *Header) verdict {
			sent, received := h.Bounds[BytesSent], h.Bounds[BytesReceived]
			return judgeRange(Bounds{sent.Least + received.Least, sent.Most + received.Most}, least, most)
		},
		test: func(v *View) (func(uint16) bool, error) {
			sent, err := v.values(BytesSent)
			if err != nil {
				return nil, err
			}
			received, err := v.values(BytesReceived)
			return func(row uint16) bool {
				sum := sent[row] + received[row]
				return sum >= least && sum <= most
			}, err
		},
	}
}

// look is the verdict where the bounds say nothing.
func look(*Header) verdict { return someRows }

// inNetwork matches if one of the ends is in the network.
func inNetwork(p netip.Prefix, ends ...Field) condition {
	return condition{
		judge: look,
		test: func(v *View) (func(uint16) bool, error) {
			dir, err := v.directory()
			if err != nil {
				return nil, err
			}
			first, end := dir.network(p)
			if first == end {
				return func(uint16) bool { return false }, nil
			}
			size := end - first
			columns := make([][]uint64, len(ends))
			for i, f := range ends {
				if columns[i], err = v.values(f); err != nil {
					return nil, err
				}
			}
			if len(columns) == 1 {
				return func(row uint16) bool { return columns[0][row]-first < size }, nil
			}
			return func(row uint16) bool { return columns[0][row]-first < size || columns[1][row]-first < size }, nil
		},
	}
}

// seenAt matches sessions that the point counts or also saw.
func seenAt(p flow.Point) condition {
	return condition{
		judge: func(h *Header) verdict {
			if h.Bounds[AlsoFirst].Most > 0 {
				return someRows
			}
			return judgeRange(h.Bounds[Point], uint64(p), uint64(p))
		},
		test: func(v *View) (func(uint16) bool, error) {
			var columns [3][]uint64
			for i, f := range [...]Field{Point, AlsoFirst, AlsoRest} {
				var err error
				if columns[i], err = v.values(f); err != nil {
					return nil, err
				}
			}
			return func(row uint16) bool {
				if columns[0][row] == uint64(p) {
					return true
				}
				for _, also := range columns[1:] {
					for word := also[row]; word != 0; word >>= 16 {
						if flow.Point(word) == p {
							return true
						}
					}
				}
				return false
			}, nil
		},
	}
}

// inTunnel matches sessions that came in one of the encapsulations.
func inTunnel(set flow.TunnelSet) condition {
	return condition{
		judge: func(h *Header) verdict {
			if h.Bounds[TunnelKinds].Most > 0 {
				return someRows
			}
			if set.Has(flow.TunnelNone) {
				return allRows
			}
			return noRow
		},
		test: func(v *View) (func(uint16) bool, error) {
			kinds, err := v.values(TunnelKinds)
			return func(row uint16) bool {
				word := kinds[row]
				if word == 0 {
					return set.Has(flow.TunnelNone)
				}
				for ; word != 0; word >>= 8 {
					if set.Has(flow.TunnelKind(word)) {
						return true
					}
				}
				return false
			}, err
		},
	}
}
