package stats

import "slices"

// picker keeps the first of many values in an order, without sorting them all.
type picker[T any] struct {
	compare func(a, b *T) int
	offset  int
	keep    int // offset + limit; 0 keeps all
	total   int
	items   []T
	full    bool // items[keep-1] is the last that counts
}

// newPicker pages by offset and limit; a limit of 0 or less keeps all.
func newPicker[T any](compare func(a, b *T) int, offset, limit int) *picker[T] {
	p := &picker[T]{compare: compare, offset: max(offset, 0)}
	if limit > 0 {
		p.keep = p.offset + limit
	}
	return p
}

func (p *picker[T]) add(v *T) {
	p.total++
	if p.full && p.compare(v, &p.items[p.keep-1]) >= 0 {
		return
	}
	p.items = append(p.items, *v)
	// Twice as many as needed are gathered before they are cut, so a sort is rare.
	if p.keep > 0 && len(p.items) >= 2*p.keep+16 {
		p.cut()
	}
}

func (p *picker[T]) cut() {
	slices.SortFunc(p.items, func(a, b T) int { return p.compare(&a, &b) })
	if p.keep > 0 && len(p.items) >= p.keep {
		p.items = p.items[:p.keep]
		p.full = true
	}
}

// page returns the picked values in order; never nil.
func (p *picker[T]) page() []T {
	p.cut()
	if p.offset >= len(p.items) {
		return []T{}
	}
	return p.items[p.offset:]
}
