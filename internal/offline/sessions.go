package offline

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"netflow-monitor/internal/flow"
)

// chunkSize is how much memory is asked for at once. What of it is not used yet costs
// nothing.
const chunkSize = 1 << 20

// Sessions collects records and sorts them. Records stay packed where they were put;
// what is sorted are references of 16 bytes.
type Sessions struct {
	chunks [][]byte
	order  []reference
	length int
	total  flow.Counters
}

// reference is a session's start and its place: the chunk's number times chunkSize
// plus the offset in it.
type reference struct {
	start int64
	place uint64
}

// Consume implements flow.Sink.
func (s *Sessions) Consume(batch flow.Batch) error {
	for i := range batch.Records {
		r := &batch.Records[i]
		last := len(s.chunks) - 1
		if last < 0 || cap(s.chunks[last])-len(s.chunks[last]) < maxPacked {
			s.chunks = append(s.chunks, make([]byte, 0, chunkSize))
			last++
		}
		s.chunks[last] = pack(s.chunks[last], r)
		s.total.Add(r.Sent)
		s.total.Add(r.Received)
	}
	s.length += len(batch.Records)
	return nil
}

// Len is the number of sessions.
func (s *Sessions) Len() int { return s.length }

// All yields the sessions in their order. A record is valid until the next one.
func (s *Sessions) All() iter.Seq[*flow.Record] {
	return func(yield func(*flow.Record) bool) {
		var r flow.Record
		for _, ref := range s.order {
			s.read(ref.place, &r)
			if !yield(&r) {
				return
			}
		}
	}
}

// unsorted yields the sessions in the order in which they lie in memory. A record is
// valid until the next one.
func (s *Sessions) unsorted() iter.Seq[*flow.Record] {
	return func(yield func(*flow.Record) bool) {
		var r flow.Record
		for _, chunk := range s.chunks {
			for len(chunk) > 0 {
				chunk = chunk[unpack(chunk, &r):]
				if !yield(&r) {
					return
				}
			}
		}
	}
}

func (s *Sessions) read(place uint64, r *flow.Record) {
	unpack(s.chunks[place/chunkSize][place%chunkSize:], r)
}

func (s *Sessions) sort() {
	s.order = make([]reference, 0, s.length)
	for i, chunk := range s.chunks {
		for at := 0; at < len(chunk); {
			start, size := packedStart(chunk[at:])
			s.order = append(s.order, reference{start, uint64(i)*chunkSize + uint64(at)})
			at += size
		}
	}
	var left, right flow.Record
	slices.SortFunc(s.order, func(a, b reference) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		s.read(a.place, &left)
		s.read(b.place, &right)
		return compareKeys(&left, &right)
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
