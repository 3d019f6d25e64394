package geo

import "net/netip"

// ScopeOf is the kind of an address by the IANA special-purpose address
// registries (RFC 6890), read as IPv4 if it is an IPv4-mapped one. What the
// registries call globally reachable is public. The invalid address is unknown.
func ScopeOf(addr netip.Addr) Scope {
	switch {
	case addr.Is4():
		return scopeOf4(addr.As4())
	case addr.Is4In6():
		return scopeOf4(addr.Unmap().As4())
	case addr.Is6():
		return scopeOf6(addr.As16())
	}
	return ScopeUnknown
}

func scopeOf4(a [4]byte) Scope {
	switch b := a[0]; {
	case b == 0:
		return ScopeReserved
	case b == 10:
		return ScopePrivate
	case b == 100 && a[1]&0xc0 == 64:
		return ScopeCGNAT
	case b == 127:
		return ScopeLoopback
	case b == 169 && a[1] == 254:
		return ScopeLinkLocal
	case b == 172 && a[1]&0xf0 == 16:
		return ScopePrivate
	case b == 192:
		return scopeOf192(a)
	case b == 198:
		return scopeOf198(a)
	case b == 203 && a[1] == 0 && a[2] == 113:
		return ScopeDocumentation
	case b == 255 && a[1] == 255 && a[2] == 255 && a[3] == 255:
		return ScopeBroadcast
	case b >= 240:
		return ScopeReserved
	case b >= 224:
		return ScopeMulticast
	}
	return ScopePublic
}

func scopeOf192(a [4]byte) Scope {
	switch {
	case a[1] == 168:
		return ScopePrivate
	case a[1] == 0 && a[2] == 2:
		return ScopeDocumentation
	case a[1] == 0 && a[2] == 0 && a[3] != 9 && a[3] != 10:
		return ScopeReserved // RFC 6890; but 9 and 10 are anycast services (RFC 7723, 8155).
	case a[1] == 88 && a[2] == 99:
		return ScopeReserved // RFC 7526
	}
	return ScopePublic
}

func scopeOf198(a [4]byte) Scope {
	switch {
	case a[1]&0xfe == 18:
		return ScopeReserved // RFC 2544
	case a[1] == 51 && a[2] == 100:
		return ScopeDocumentation
	}
	return ScopePublic
}

func scopeOf6(a [16]byte) Scope {
	switch first := uint16(a[0])<<8 | uint16(a[1]); {
	case first == 0x2001:
		return scopeOf2001(a)
	case first == 0x3fff && a[2]&0xf0 == 0:
		return ScopeDocumentation
	case first&0xe000 == 0x2000:
		return ScopePublic
	case first&0xff00 == 0xff00:
		return ScopeMulticast
	case first&0xffc0 == 0xfe80:
		return ScopeLinkLocal
	case first&0xfe00 == 0xfc00:
		return ScopePrivate
	case a == [16]byte{15: 1}:
		return ScopeLoopback
	case [12]byte(a[:12]) == [12]byte{1: 0x64, 2: 0xff, 3: 0x9b}:
		return ScopePublic // RFC 6052: an IPv4 address behind a translator.
	}
	return ScopeReserved
}

// scopeOf2001 tells apart 2001::/16, where 2001::/23 is for protocols (RFC 2928).
func scopeOf2001(a [16]byte) Scope {
	second := uint16(a[2])<<8 | uint16(a[3])
	switch {
	case second == 0x0db8:
		return ScopeDocumentation
	case second >= 0x0200:
		return ScopePublic
	case second == 0: // Teredo, RFC 4380
		return ScopePublic
	case second == 1: // anycast services, RFC 7723, 8155 and 9665
		if [11]byte(a[4:15]) == [11]byte{} && a[15] >= 1 && a[15] <= 3 {
			return ScopePublic
		}
	case second == 3: // AMT, RFC 7450
		return ScopePublic
	case second == 4 && a[4] == 0x01 && a[5] == 0x12: // AS112, RFC 7535
		return ScopePublic
	case second&0xfff0 == 0x20, second&0xfff0 == 0x30: // ORCHIDv2, RFC 7343; drones, RFC 9374
		return ScopePublic
	}
	return ScopeReserved
}
