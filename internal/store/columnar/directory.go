package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sort"

	"netflow-monitor/internal/stats"
)

// address is an end of a session or of a tunnel. IPv4 comes before IPv6, and an
// IPv4-mapped address in an IPv6 header is not the IPv4 address.
type address struct {
	isIPv4 bool
	bytes  [16]byte
}

func (a address) compare(b address) int {
	switch {
	case a.isIPv4 == b.isIPv4:
		return bytes.Compare(a.bytes[:], b.bytes[:])
	case a.isIPv4:
		return -1
	default:
		return 1
	}
}

// sortKey orders as stats does.
func (a address) sortKey() stats.SortKey {
	version := uint64(6)
	if a.isIPv4 {
		version = 4
	}
	return stats.SortKey{version, binary.BigEndian.Uint64(a.bytes[:8]), binary.BigEndian.Uint64(a.bytes[8:])}
}

// roster is the addresses of a block in the making, numbered in their order.
type roster struct {
	list    []address
	numbers map[address]uint64
}

func newRoster(sessions []stats.Session) *roster {
	r := &roster{numbers: make(map[address]uint64, len(sessions))}
	for i := range sessions {
		for _, f := range [...]Field{Src, Dst, TunnelSrc, TunnelDst} {
			r.numbers[fields[f].end(&sessions[i])] = 0
		}
	}
	r.list = make([]address, 0, len(r.numbers))
	for a := range r.numbers {
		r.list = append(r.list, a)
	}
	slices.SortFunc(r.list, address.compare)
	for i, a := range r.list {
		r.numbers[a] = uint64(i)
	}
	return r
}

// encode writes how many addresses there are of each version, then four bytes for each
// IPv4 address, 16 for each other one.
func (r *roster) encode() []byte {
	ipv4, _ := slices.BinarySearchFunc(r.list, address{}, address.compare)
	data := binary.AppendUvarint(nil, uint64(ipv4))
	data = binary.AppendUvarint(data, uint64(len(r.list)-ipv4))
	for _, a := range r.list {
		if a.isIPv4 {
			data = append(data, a.bytes[12:]...)
		} else {
			data = append(data, a.bytes[:]...)
		}
	}
	return data
}

// directory is all addresses of a block in their order, each once: so a number stands
// for an address, the numbers order as the addresses do, and a network is a range of them.
type directory struct {
	ipv4 int // so many come first
	size int
	body []byte
}

// at is the address with a number.
func (d *directory) at(n int) (a address) {
	if n < d.ipv4 {
		a.isIPv4, a.bytes[10], a.bytes[11] = true, 0xff, 0xff
		copy(a.bytes[12:], d.body[4*n:])
		return a
	}
	copy(a.bytes[:], d.body[4*d.ipv4+16*(n-d.ipv4):])
	return a
}

// find is the number of the first address for which not is false; not must be true of all
// before it.
func (d *directory) find(not func(address) bool) int {
	return sort.Search(d.size, func(n int) bool { return !not(d.at(n)) })
}

// maxAddresses is how many a block of MaxRows can have.
const maxAddresses = 4 * MaxRows

// parseDirectory decodes what encode made.
func parseDirectory(data []byte) (*directory, error) {
	var counts [2]int
	for i := range counts {
		v, n := binary.Uvarint(data)
		if n <= 0 || v > maxAddresses {
			return nil, fmt.Errorf("%w: its addresses can't be counted", ErrDamaged)
		}
		counts[i], data = int(v), data[n:]
	}
	if want := 4*counts[0] + 16*counts[1]; len(data) != want {
		return nil, fmt.Errorf("%w: its addresses have %d bytes instead of %d", ErrDamaged, len(data), want)
	}
	return &directory{ipv4: counts[0], size: counts[0] + counts[1], body: data}, nil
}

// network is the range of numbers [first, end) of the addresses in a network.
func (d *directory) network(p netip.Prefix) (first, end uint64) {
	low := address{p.Addr().Is4(), p.Masked().Addr().As16()}
	high := low
	offset := 0
	if low.isIPv4 {
		offset = 96
	}
	for bit := offset + p.Bits(); bit < 128; bit++ {
		high.bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	first = uint64(d.find(func(a address) bool { return a.compare(low) < 0 }))
	return first, uint64(d.find(func(a address) bool { return a.compare(high) <= 0 }))
}
