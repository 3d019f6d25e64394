package stats

// slab keeps values in chunks, so that it grows without copying and costs the
// garbage collector one object per chunk. Indices begin at 1; 0 means none.
type slab[T any] struct {
	chunks []*[chunkSize]T
	free   []uint32
	next   uint32
}

const chunkSize = 512

func (s *slab[T]) at(i uint32) *T { return &s.chunks[i/chunkSize][i%chunkSize] }

// alloc returns the index of a slot, which still holds what was there before.
func (s *slab[T]) alloc() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	s.next++
	if int(s.next/chunkSize) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]T))
	}
	return s.next
}

func (s *slab[T]) release(i uint32) { s.free = append(s.free, i) }

func (s *slab[T]) len() int { return int(s.next) - len(s.free) }

// queue orders the slots of a slab: a doubly linked ring through slot 0.
type queue struct{ links []link }

type link struct{ prev, next uint32 }

func (q *queue) front() uint32 {
	if len(q.links) == 0 {
		return 0
	}
	return q.links[0].next
}

func (q *queue) after(i uint32) uint32 { return q.links[i].next }

func (q *queue) pushBack(i uint32) {
	for int(i) >= len(q.links) {
		q.links = append(q.links, link{})
	}
	l := link{prev: q.links[0].prev, next: 0}
	q.links[i] = l
	q.links[l.prev].next = i
	q.links[0].prev = i
}

func (q *queue) remove(i uint32) {
	l := q.links[i]
	q.links[l.prev].next = l.next
	q.links[l.next].prev = l.prev
}

func (q *queue) moveToBack(i uint32) {
	if q.links[0].prev != i {
		q.remove(i)
		q.pushBack(i)
	}
}
