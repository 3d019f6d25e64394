package geo_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"netflow-monitor/internal/geo"
)

// registry is the IANA special-purpose address registries as one list; the longest prefix decides.
var registry = []struct {
	prefix string
	scope  geo.Scope
}{
	{"0.0.0.0/0", geo.ScopePublic},
	{"0.0.0.0/8", geo.ScopeReserved},
	{"10.0.0.0/8", geo.ScopePrivate},
	{"100.64.0.0/10", geo.ScopeCGNAT},
	{"127.0.0.0/8", geo.ScopeLoopback},
	{"169.254.0.0/16", geo.ScopeLinkLocal},
	{"172.16.0.0/12", geo.ScopePrivate},
	{"192.0.0.0/24", geo.ScopeReserved},
	{"192.0.0.9/32", geo.ScopePublic},
	{"192.0.0.10/32", geo.ScopePublic},
	{"192.0.2.0/24", geo.ScopeDocumentation},
	{"192.31.196.0/24", geo.ScopePublic},
	{"192.52.193.0/24", geo.ScopePublic},
	{"192.88.99.0/24", geo.ScopeReserved},
	{"192.168.0.0/16", geo.ScopePrivate},
	{"192.175.48.0/24", geo.ScopePublic},
	{"198.18.0.0/15", geo.ScopeReserved},
	{"198.51.100.0/24", geo.ScopeDocumentation},
	{"203.0.113.0/24", geo.ScopeDocumentation},
	{"224.0.0.0/4", geo.ScopeMulticast},
	{"240.0.0.0/4", geo.ScopeReserved},
	{"255.255.255.255/32", geo.ScopeBroadcast},

	{"::/0", geo.ScopeReserved},
	{"::1/128", geo.ScopeLoopback},
	{"64:ff9b::/96", geo.ScopePublic},
	{"64:ff9b:1::/48", geo.ScopeReserved},
	{"100::/64", geo.ScopeReserved},
	{"2000::/3", geo.ScopePublic},
	{"2001::/23", geo.ScopeReserved},
	{"2001::/32", geo.ScopePublic},
	{"2001:1::1/128", geo.ScopePublic},
	{"2001:1::2/128", geo.ScopePublic},
	{"2001:1::3/128", geo.ScopePublic},
	{"2001:2::/48", geo.ScopeReserved},
	{"2001:3::/32", geo.ScopePublic},
	{"2001:4:112::/48", geo.ScopePublic},
	{"2001:10::/28", geo.ScopeReserved},
	{"2001:20::/28", geo.ScopePublic},
	{"2001:30::/28", geo.ScopePublic},
	{"2001:db8::/32", geo.ScopeDocumentation},
	{"3fff::/20", geo.ScopeDocumentation},
	{"5f00::/16", geo.ScopeReserved},
	{"fc00::/7", geo.ScopePrivate},
	{"fe80::/10", geo.ScopeLinkLocal},
	{"ff00::/8", geo.ScopeMulticast},
}

func scopeByRegistry(addr netip.Addr) geo.Scope {
	addr = addr.Unmap()
	best, scope := -1, geo.ScopeUnknown
	for _, entry := range registry {
		prefix := netip.MustParsePrefix(entry.prefix)
		if prefix.Contains(addr) && prefix.Bits() > best {
			best, scope = prefix.Bits(), entry.scope
		}
	}
	return scope
}

func last(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

func TestScopeAtTheEdgesOfEveryRange(t *testing.T) {
	for _, entry := range registry {
		prefix := netip.MustParsePrefix(entry.prefix)
		first, last := prefix.Addr(), last(prefix)
		for _, addr := range []netip.Addr{first.Prev(), first, first.Next(), last.Prev(), last, last.Next()} {
			if !addr.IsValid() {
				continue
			}
			if got, want := geo.ScopeOf(addr), scopeByRegistry(addr); got != want {
				t.Errorf("%v at the edge of %v is %v, want %v", addr, prefix, got, want)
			}
		}
	}
}

func TestScopeOfRandomAddresses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		if random.IntN(2) == 0 {
			raw[0], raw[1] = 0x20, 0x01
			raw[2] &= 0x0f
		}
		for _, addr := range []netip.Addr{netip.AddrFrom4([4]byte(raw[4:8])), netip.AddrFrom16(raw)} {
			if got, want := geo.ScopeOf(addr), scopeByRegistry(addr); got != want {
				t.Fatalf("%v is %v, want %v", addr, got, want)
			}
		}
	}
}

func TestScopeOfOddAddresses(t *testing.T) {
	tests := []struct {
		addr netip.Addr
		want geo.Scope
	}{
		{netip.Addr{}, geo.ScopeUnknown},
		{netip.MustParseAddr("::ffff:192.168.1.1"), geo.ScopePrivate},
		{netip.MustParseAddr("::ffff:8.8.8.8"), geo.ScopePublic},
		{netip.MustParseAddr("fe80::1%eth0"), geo.ScopeLinkLocal},
	}
	for _, test := range tests {
		if got := geo.ScopeOf(test.addr); got != test.want {
			t.Errorf("%v is %v, want %v", test.addr, got, test.want)
		}
	}
}

func TestScopeAllocatesNothing(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	if n := testing.AllocsPerRun(100, func() { geo.ScopeOf(four); geo.ScopeOf(six) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScope(b *testing.B) {
	for _, text := range []string{"8.8.8.8", "192.168.1.1", "2a00:1450:4001::1", "::1"} {
		addr := netip.MustParseAddr(text)
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				geo.ScopeOf(addr)
			}
		})
	}
}
