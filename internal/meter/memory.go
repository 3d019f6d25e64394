package meter

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// region is pointer-free memory outside the garbage-collected heap. It is reserved
// at once and costs what was touched of it. Huge pages halve the cost of a look-up:
// without them each touches three pages that no translation buffer holds.
type region[T any] struct {
	items []T
	bytes []byte
}

// newRegion reserves n zero items. T must not hold pointers.
func newRegion[T any](n int) (region[T], error) {
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return region[T]{}, fmt.Errorf("reserve %d MB for the flow table: %w; free memory or allow fewer sessions (monitor.max_sessions)", size>>20, err)
	}
	// A kernel without huge pages is slower, not wrong.
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	items := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n) //nolint:gosec // b has n items' bytes, aligned to a page
	return region[T]{items, b}, nil
}

func (r *region[T]) release() {
	if r.bytes != nil {
		_ = unix.Munmap(r.bytes) // fails only for memory that was never reserved
	}
	*r = region[T]{}
}
