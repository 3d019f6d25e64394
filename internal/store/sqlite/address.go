package sqlite

import (
	"fmt"
	"net/netip"
)

// The first byte of an address key, so that all of IPv4 comes before all of IPv6,
// as netip.Addr.Compare has it.
const (
	keyIPv4 = 4
	keyIPv6 = 6
)

// addrKey is an address as bytes that SQLite orders as netip.Addr.Compare does.
func addrKey(a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return append([]byte{keyIPv4}, b[:]...)
	}
	b := a.As16()
	return append([]byte{keyIPv6}, b[:]...)
}

// keyAddr is the inverse of addrKey.
func keyAddr(key []byte) (netip.Addr, error) {
	if len(key) > 0 {
		a, ok := netip.AddrFromSlice(key[1:])
		if ok && (a.Is4() && key[0] == keyIPv4 || a.Is6() && key[0] == keyIPv6) {
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("address key %x is not valid", key)
}

// prefixRange is the first and the last key of the addresses that p contains.
func prefixRange(p netip.Prefix) (first, last []byte) {
	first = addrKey(p.Masked().Addr())
	last = append([]byte(nil), first...)
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		last[1+bit/8] |= 0x80 >> (bit % 8)
	}
	return first, last
}
