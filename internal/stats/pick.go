package stats

import "math"

// picker keeps the first of many values in an order, without sorting them all: a
// heap with the last of those kept on top.
type picker[T any] struct {
	compare func(a, b *T) int
	offset  int
	keep    int // offset + limit; 0 keeps all
	total   int
	items   []T
}

// newPicker pages by offset and limit; a limit of 0 or less keeps all.
func newPicker[T any](compare func(a, b *T) int, offset, limit int) *picker[T] {
	p := &picker[T]{compare: compare, offset: max(offset, 0)}
	if limit > 0 {
		p.keep = p.offset + min(limit, math.MaxInt-p.offset)
	}
	return p
}

func (p *picker[T]) add(v *T) {
	p.total++
	switch {
	case p.keep == 0 || len(p.items) < p.keep:
		p.items = append(p.items, *v)
		p.up(len(p.items) - 1)
	case p.compare(v, &p.items[0]) < 0:
		p.items[0] = *v
		p.down(len(p.items))
	}
}

// up moves item i to its place above.
func (p *picker[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if p.compare(&p.items[i], &p.items[parent]) <= 0 {
			return
		}
		p.items[i], p.items[parent] = p.items[parent], p.items[i]
		i = parent
	}
}

// down moves the top to its place among the first n.
func (p *picker[T]) down(n int) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			return
		}
		if child+1 < n && p.compare(&p.items[child+1], &p.items[child]) > 0 {
			child++
		}
		if p.compare(&p.items[child], &p.items[i]) <= 0 {
			return
		}
		p.items[i], p.items[child] = p.items[child], p.items[i]
		i = child
	}
}

// page returns the picked values in order, never nil; the picker is spent then.
func (p *picker[T]) page() []T {
	for n := len(p.items) - 1; n > 0; n-- {
		p.items[0], p.items[n] = p.items[n], p.items[0]
		p.down(n)
	}
	if p.offset >= len(p.items) {
		return []T{}
	}
	return p.items[p.offset:]
}
