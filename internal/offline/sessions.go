package offline

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"netflow-monitor/internal/flow"
)

const chunkSize = 1 << 13

// Sessions collects records and sorts them. Records stay where they were put; what
// is sorted are references of 16 bytes.
type Sessions struct {
	chunks [][]flow.Record
	order  []reference
}

type reference struct {
	start int64
	index uint32
}

// Consume implements flow.Sink.
func (s *Sessions) Consume(batch flow.Batch) error {
	records := batch.Records
	for len(records) > 0 {
		last := len(s.chunks) - 1
		if last < 0 || len(s.chunks[last]) == chunkSize {
			s.chunks = append(s.chunks, make([]flow.Record, 0, chunkSize))
			last++
		}
		n := min(len(records), chunkSize-len(s.chunks[last]))
		s.chunks[last] = append(s.chunks[last], records[:n]...)
		records = records[n:]
	}
	return nil
}

// Len is the number of sessions.
func (s *Sessions) Len() int {
	if len(s.chunks) == 0 {
		return 0
	}
	last := len(s.chunks) - 1
	return last*chunkSize + len(s.chunks[last])
}

// All yields the sessions in their order.
func (s *Sessions) All() iter.Seq[*flow.Record] {
	return func(yield func(*flow.Record) bool) {
		for _, ref := range s.order {
			if !yield(s.at(ref.index)) {
				return
			}
		}
	}
}

// unsorted yields the sessions in the order in which they lie in memory.
func (s *Sessions) unsorted() iter.Seq[*flow.Record] {
	return func(yield func(*flow.Record) bool) {
		for _, chunk := range s.chunks {
			for i := range chunk {
				if !yield(&chunk[i]) {
					return
				}
			}
		}
	}
}

func (s *Sessions) at(i uint32) *flow.Record { return &s.chunks[i/chunkSize][i%chunkSize] }

func (s *Sessions) sort() {
	s.order = make([]reference, 0, s.Len())
	for i := range uint32(s.Len()) {
		s.order = append(s.order, reference{s.at(i).Start, i})
	}
	slices.SortFunc(s.order, func(a, b reference) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return compareKeys(s.at(a.index), s.at(b.index))
	})
}

func compareKeys(a, b *flow.Record) int {
	return cmp.Or(
		bytes.Compare(a.Key.Src[:], b.Key.Src[:]),
		bytes.Compare(a.Key.Dst[:], b.Key.Dst[:]),
		cmp.Compare(a.Key.SrcPort, b.Key.SrcPort),
		cmp.Compare(a.Key.DstPort, b.Key.DstPort),
		cmp.Compare(a.Key.Protocol, b.Key.Protocol),
		cmp.Compare(a.Key.VLAN, b.Key.VLAN),
		cmp.Compare(a.Key.InnerVLAN, b.Key.InnerVLAN),
		cmp.Compare(a.Key.Version, b.Key.Version),
		cmp.Compare(a.ID, b.ID),
	)
}
