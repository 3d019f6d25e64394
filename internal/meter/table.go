package meter

const (
	slabBits = 12
	slabSize = 1 << slabBits
	minSlots = 1 << 10
	none     = ^uint32(0) // no entry
)

// slab holds entries in two arrays, so that the hot ones lie in aligned pairs of
// cache lines.
type slab struct {
	hot  [slabSize]hot
	cold [slabSize]cold
}

// table is an open-addressing hash table of 8-byte slots, each 32 bits of hash and
// an entry's index plus one, over slabs of entries that never move. Growing copies
// slots and touches no entry.
type table struct {
	slots []uint64
	mask  uint32
	slabs []*slab
	seed  [4]uint64
	max   uint32 // entries at most
	made  uint32 // entries ever taken from the slabs
	used  uint32 // entries in use
	free  uint32 // head of the list of returned entries, linked by cold.next
}

func newTable(maxEntries int, seed [4]uint64) table {
	return table{
		slots: make([]uint64, minSlots), mask: minSlots - 1,
		seed: seed, max: uint32(maxEntries), free: none,
	}
}

func (t *table) hot(i uint32) *hot   { return &t.slabs[i>>slabBits].hot[i&(slabSize-1)] }
func (t *table) cold(i uint32) *cold { return &t.slabs[i>>slabBits].cold[i&(slabSize-1)] }

// find returns the entry of k's biflow and the packet's direction in it: 0 is the
// entry's own, 1 the opposite one. Directions change unpredictably, so both orders are
// compared without a branch between them.
func (t *table) find(k *key, hash uint32) (index uint32, h *hot, direction uint) {
	reversed := k.ports<<16 | k.ports>>16
	for pos := hash & t.mask; ; pos = (pos + 1) & t.mask {
		slot := t.slots[pos]
		if slot == 0 {
			return none, nil, 0
		}
		if uint32(slot>>32) != hash {
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
	if t.used >= uint32(len(t.slots))/2 {
		t.grow()
	}
	i := t.take()
	pos := hash & t.mask
	for t.slots[pos] != 0 {
		pos = (pos + 1) & t.mask
	}
	t.slots[pos] = uint64(hash)<<32 | uint64(i+1)
	t.used++
	return i
}

func (t *table) take() uint32 {
	if i := t.free; i != none {
		t.free = t.cold(i).next
		return i
	}
	i := t.made
	if i>>slabBits == uint32(len(t.slabs)) {
		t.slabs = append(t.slabs, new(slab))
	}
	t.made++
	return i
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	t.mask = uint32(len(t.slots) - 1)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		pos := uint32(slot>>32) & t.mask
		for t.slots[pos] != 0 {
			pos = (pos + 1) & t.mask
		}
		t.slots[pos] = slot
	}
}

// remove gives entry i back. Slots behind it move up, so that no grave marker slows
// later look-ups.
func (t *table) remove(i uint32) {
	c := t.cold(i)
	pos := c.hash & t.mask
	for uint32(t.slots[pos]) != i+1 {
		pos = (pos + 1) & t.mask
	}
	hole := pos
	for next := (pos + 1) & t.mask; t.slots[next] != 0; next = (next + 1) & t.mask {
		home := uint32(t.slots[next]>>32) & t.mask
		if (next-home)&t.mask >= (next-hole)&t.mask {
			t.slots[hole] = t.slots[next]
			hole = next
		}
	}
	t.slots[hole] = 0
	c.next = t.free
	t.free = i
	t.used--
}
