package meter

import "unsafe"

// list is a doubly linked list of entries through cold.prev and cold.next, the one
// idle for longest first.
type list struct{ head, tail uint32 }

func (t *table) pushBack(l *list, i uint32) {
	c := t.cold(i)
	c.prev, c.next = l.tail, none
	if l.tail == none {
		l.head = i
	} else {
		t.cold(l.tail).next = i
	}
	l.tail = i
}

func (t *table) unlink(l *list, i uint32) {
	c := t.cold(i)
	if c.prev == none {
		l.head = c.next
	} else {
		t.cold(c.prev).next = c.next
	}
	if c.next == none {
		l.tail = c.prev
	} else {
		t.cold(c.next).prev = c.prev
	}
}

func (t *table) moveBack(l *list, i uint32) {
	if l.tail == i {
		return
	}
	t.unlink(l, i)
	t.pushBack(l, i)
}

// fetchAfter has the slot of the entry after i fetched: to remove an entry is mostly to
// wait for that.
func (t *table) fetchAfter(i uint32) {
	if next := t.cold(i).next; next != none {
		slot := unsafe.Pointer(t.home(t.cold(next).hash)) //nolint:gosec // only to be fetched
		prefetch([]unsafe.Pointer{slot})
	}
}
