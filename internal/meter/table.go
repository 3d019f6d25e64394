package meter

import (
	"errors"
	"math/bits"

	"netflow-monitor/internal/flow"
)

const (
	minSlots = 1 << 10
	none     = ^uint32(0) // no entry
)

// table is an open-addressing hash table of 8-byte slots, each 32 bits of hash and
// an entry's index plus one, over entries that never move. Growing copies slots and
// touches no entry. What only some flows need lies in regions of its own beside the
// entries, under the same index, and costs memory only where it was touched.
type table struct {
	slots   region[uint64]
	mask    uint32
	entries region[hot]
	rest    region[cold]
	courses region[course]      // of TCP flows that went not quite well
	tunnels region[flow.Tunnel] // of flows that came in tunnels
	seed    [4]uint64
	max     uint32 // entries at most
	made    uint32 // entries ever taken from the region
	used    uint32 // entries in use
	free    uint32 // head of the list of returned entries, linked by cold.next
}

// open reserves memory for the largest table; a small one never touches most of it.
func (t *table) open(maxEntries int, seed [4]uint64) error {
	var errSlots, errHot, errCold, errCourse, errTunnel error
	slots := max(minSlots, 2<<bits.Len(uint(maxEntries-1)))
	t.slots, errSlots = newRegion[uint64](slots)
	t.entries, errHot = newRegion[hot](maxEntries)
	t.rest, errCold = newRegion[cold](maxEntries)
	t.courses, errCourse = newRegion[course](maxEntries)
	t.tunnels, errTunnel = newRegion[flow.Tunnel](maxEntries)
	t.mask, t.seed, t.max, t.free = minSlots-1, seed, uint32(maxEntries), none
	if err := errors.Join(errSlots, errHot, errCold, errCourse, errTunnel); err != nil {
		t.close()
		return err
	}
	return nil
}

func (t *table) close() {
	t.slots.release()
	t.entries.release()
	t.rest.release()
	t.courses.release()
	t.tunnels.release()
}

func (t *table) hot(i uint32) *hot   { return &t.entries.items[i] }
func (t *table) cold(i uint32) *cold { return &t.rest.items[i] }

// home is the slot where the look-up of a hash begins.
func (t *table) home(hash uint32) *uint64 { return &t.slots.items[hash&t.mask] }

// find returns the entry of k's biflow and the packet's direction in it: 0 is the
// entry's own, 1 the opposite one. Directions change unpredictably, so both orders are
// compared without a branch between them.
func (t *table) find(k *key, hash uint32) (index uint32, h *hot, direction uint) {
	reversed := k.ports<<16 | k.ports>>16
	slots, mask := t.slots.items, t.mask
	for pos := hash & mask; ; pos = (pos + 1) & mask {
		slot := slots[pos]
		if slot == 0 {
			return none, nil, 0
		}
		if slot>>32 != uint64(hash) {
			continue
		}
		i := uint32(slot) - 1
		e := t.hot(i)
		same := (e.src.hi ^ k.src.hi) | (e.src.lo ^ k.src.lo) | (e.dst.hi ^ k.dst.hi) | (e.dst.lo ^ k.dst.lo) | uint64(e.ports^k.ports)
		opposite := (e.src.hi ^ k.dst.hi) | (e.src.lo ^ k.dst.lo) | (e.dst.hi ^ k.src.hi) | (e.dst.lo ^ k.src.lo) | uint64(e.ports^reversed)
		opposite |= k.meta >> oneWayBit
		differs := nonZero(same)
		if differs&nonZero(opposite)|nonZero(e.meta^k.meta) == 0 {
			return i, e, uint(differs)
		}
	}
}

// nonZero is 1 if x is not 0.
func nonZero(x uint64) uint64 { return (x | -x) >> 63 }

func (t *table) full() bool { return t.used == t.max }

// insert takes an entry for a key that find did not find. The table must not be full.
func (t *table) insert(hash uint32) uint32 {
	if t.used > t.mask/2 {
		t.grow()
	}
	i := t.take()
	t.place(uint64(hash)<<32 | uint64(i+1))
	t.used++
	return i
}

func (t *table) place(slot uint64) {
	pos := uint32(slot>>32) & t.mask
	for t.slots.items[pos] != 0 {
		pos = (pos + 1) & t.mask
	}
	t.slots.items[pos] = slot
}

func (t *table) take() uint32 {
	if i := t.free; i != none {
		t.free = t.cold(i).next
		return i
	}
	t.made++
	return t.made - 1
}

// grow doubles the slots in use. Placing them in the order they were in goes through
// both halves in order.
func (t *table) grow() {
	size := t.mask + 1
	old := append([]uint64(nil), t.slots.items[:size]...)
	clear(t.slots.items[:size])
	t.mask = 2*size - 1
	for _, slot := range old {
		if slot != 0 {
			t.place(slot)
		}
	}
}

// remove gives entry i back. Slots behind it move up, so that no grave marker slows
// later look-ups.
func (t *table) remove(i uint32) {
	c := t.cold(i)
	slots, mask := t.slots.items, t.mask
	pos := c.hash & mask
	for slots[pos] != uint64(c.hash)<<32|uint64(i+1) {
		pos = (pos + 1) & mask
	}
	hole := pos
	for next := (pos + 1) & mask; slots[next] != 0; next = (next + 1) & mask {
		home := uint32(slots[next]>>32) & mask
		if (next-home)&mask >= (next-hole)&mask {
			slots[hole] = slots[next]
			hole = next
		}
	}
	slots[hole] = 0
	c.next = t.free
	t.free = i
	t.used--
}
