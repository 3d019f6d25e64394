package meter

import "unsafe"

// prefetch asks the processor to fetch the cache lines that hold addresses without
// waiting for them. That needs an instruction which Go has no other way to get at;
// with loads in its place a look-up costs 10 to 20 ns more.
//
//go:noescape
func prefetch(addresses []unsafe.Pointer)
