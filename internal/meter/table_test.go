package meter

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// The table against a map, with a hash so poor that slots run into one another.
func TestTableAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var table table
	if err := table.open(3000, seedWords(1)); err != nil {
		t.Fatal(err)
	}
	defer table.close()
	want := map[uint32]uint32{}
	keyOf := func(n uint32) *key { return &key{src: endpoint{lo: uint64(n)}, dst: endpoint{lo: 1 << 40}} }
	hashOf := func(n uint32) uint32 { return n % 64 * 37 }
	for range 30_000 {
		n := r.Uint32N(1500)
		i, e, _ := table.find(keyOf(n), hashOf(n))
		known, ok := want[n]
		if ok != (i != none) || ok && (known != i || e.src.lo != uint64(n)) {
			t.Fatalf("key %d: entry %d, want %d (known: %t)", n, i, known, ok)
		}
		if ok {
			table.remove(i)
			delete(want, n)
			continue
		}
		i = table.insert(hashOf(n))
		table.hot(i).setKey(*keyOf(n))
		table.cold(i).hash = hashOf(n)
		want[n] = i
	}
	if int(table.used) != len(want) || table.made > 1500 {
		t.Errorf("%d in use and %d made for %d keys", table.used, table.made, len(want))
	}
}

func TestHashIsSymmetricAndSpreads(t *testing.T) {
	seed := seedWords(0)
	const n = 1 << 16
	used := map[uint32]int{}
	for i := range uint32(n) {
		k := key{src: endpoint{lo: 0x0100000affff0000 + uint64(i)<<48}, dst: endpoint{lo: 0x0200000affff0000}, meta: 0x0604, ports: i<<16 | 443}
		reversed := k.reverse()
		if k.hash(&seed) != reversed.hash(&seed) {
			t.Fatalf("key %d: the directions differ", i)
		}
		used[k.hash(&seed)&(2*n-1)]++
	}
	// Throwing n balls into 2n bins leaves about 0.787 n distinct ones.
	if len(used) < n*77/100 {
		t.Errorf("%d keys take only %d slots", n, len(used))
	}
}

// The layout is what the speed rests on.
func TestEntrySizes(t *testing.T) {
	if size := unsafe.Sizeof(hot{}); size != 128 {
		t.Errorf("the hot part has %d bytes, not two cache lines", size)
	}
	if offset := unsafe.Offsetof(hot{}.count); offset != 64 {
		t.Errorf("the counters begin at byte %d", offset)
	}
	if size := unsafe.Sizeof(cold{}); size != 64 {
		t.Errorf("the cold part has %d bytes, not a cache line", size)
	}
	if size := unsafe.Sizeof(course{}); size != 9*64 {
		t.Errorf("a course has %d bytes, not nine cache lines", size)
	}
	if offset := unsafe.Offsetof(course{}.gaps); offset > 64 {
		t.Errorf("the gaps begin at byte %d", offset)
	}
}
