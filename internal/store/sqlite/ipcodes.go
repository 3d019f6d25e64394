package sqlite

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/stats"
)

type ipKey [17]byte

type ipTable struct {
	keys  []ipKey
	local []bool
	codes [][]uint32 // by ipOrders
	// memory holds all of them, unless more rows came than there was room for.
	memory []byte
}

// ipOrders are the columns of the index.
var ipOrders = func() (columns []stats.Column[stats.IP]) {
	for _, c := range stats.IPColumns {
		if c.Stored && c.Name != "ip" {
			columns = append(columns, c)
		}
	}
	return columns
}()

// exactBits is up to how many bits a value is its own code; longer ones keep so many.
const exactBits = 26

// ipCode orders as values do. Times are in quarters of a second from 2020 on, until 2056.
func ipCode(column string, key uint64) uint32 {
	if strings.HasSuffix(column, "_seen") {
		const since2020, sign = 1_577_836_800_000_000_000, 1 << 63
		t := (max(int64(key^sign), since2020) - since2020) >> 28
		return uint32(min(t, 1<<32-1))
	}
	if bits.Len64(key) <= exactBits {
		return uint32(key)
	}
	shift := bits.Len64(key) - exactBits
	return uint32(shift)<<exactBits | uint32(key>>shift)&(1<<exactBits-1)
}

func ipCodeOf(column int, p *stats.IP) uint32 {
	c := &ipOrders[column]
	return ipCode(c.Name, c.Key(p)[2])
}

// newIPTable has room for n rows, outside the garbage-collected heap: inside, as much again
// would wait to be collected.
func newIPTable(n int) (t ipTable, err error) {
	t.codes = make([][]uint32, len(ipOrders))
	if n == 0 {
		return t, nil
	}
	const row = int(unsafe.Sizeof(ipKey{}) + unsafe.Sizeof(false))
	codes := 4 * n * len(ipOrders)
	t.memory, err = unix.Mmap(-1, 0, codes+n*row, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return t, fmt.Errorf("reserve %d MB to order IPs: %w", (codes+n*row)>>20, err)
	}
	// The codes come first, so that they are aligned.
	at := unsafe.Pointer(unsafe.SliceData(t.memory)) //nolint:gosec // of codes+n*row bytes
	for i := range t.codes {
		t.codes[i] = unsafe.Slice((*uint32)(unsafe.Add(at, 4*n*i)), n)[:0] //nolint:gosec // as above
	}
	t.keys = unsafe.Slice((*ipKey)(unsafe.Add(at, codes)), n)[:0]                               //nolint:gosec // as above
	t.local = unsafe.Slice((*bool)(unsafe.Add(at, codes+n*int(unsafe.Sizeof(ipKey{})))), n)[:0] //nolint:gosec // as above
	return t, nil
}

func (t *ipTable) release() {
	if t.memory != nil {
		_ = unix.Munmap(t.memory) // fails only for memory that was never reserved
	}
	*t = ipTable{}
}

func (t *ipTable) add(p *stats.IP) {
	t.keys, t.local = append(t.keys, ipKey{}), append(t.local, false)
	for i := range t.codes {
		t.codes[i] = append(t.codes[i], 0)
	}
	t.set(len(t.keys)-1, p)
}

func (t *ipTable) set(row int, p *stats.IP) {
	copy(t.keys[row][:], addrKey(p.Addr))
	t.local[row] = p.Local
	for i := range ipOrders {
		t.codes[i][row] = ipCodeOf(i, p)
	}
}

// bytes is the key as it is stored: an IPv4 address has four bytes.
func (k *ipKey) bytes() []byte {
	if k[0] == keyIPv4 {
		return k[:5]
	}
	return k[:]
}

func (k ipKey) compare(o ipKey) int { return bytes.Compare(k[:], o[:]) }
