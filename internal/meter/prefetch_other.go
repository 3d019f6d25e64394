//go:build !amd64

package meter

import "unsafe"

// prefetch loads from addresses, so that their cache lines come, all at the same time.
// What the compiler takes for a check against nil is that load.
func prefetch(addresses []unsafe.Pointer) {
	for _, address := range addresses {
		_ = *(*byte)(address)
	}
}
