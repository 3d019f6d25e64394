// Package geo says where in the world an address is, from memory and without a network.
package geo

import "net/netip"

// Location is what is known of an address. The zero value means unknown.
type Location struct {
	// Scope is what kind of address it is; ScopePublic for all that can be looked up.
	Scope Scope
	// CountryCode is ISO 3166-1 alpha-2 in upper case, Country its English short name.
	CountryCode, Country string
	City                 string
	// Latitude and Longitude in degrees (WGS 84) are valid if HasPosition; that of
	// a country stands for where its people are, not its geometric middle.
	Latitude, Longitude float64
	HasPosition         bool
	// ASN is the autonomous system's number, 0 if unknown; ISP is its organisation.
	ASN uint32
	ISP string
}

// Locator finds the location of an address. It answers from memory, never blocks
// and may be called from any goroutine.
type Locator interface {
	Locate(netip.Addr) Location
}

// Scope is the kind of an address (IANA special-purpose address registries).
type Scope uint8

// The scopes of an address.
const (
	ScopeUnknown Scope = iota
	ScopePublic
	ScopePrivate       // RFC 1918, RFC 4193
	ScopeLoopback      // 127.0.0.0/8, ::1
	ScopeLinkLocal     // RFC 3927, fe80::/10
	ScopeMulticast     // 224.0.0.0/4, ff00::/8
	ScopeBroadcast     // 255.255.255.255
	ScopeCGNAT         // RFC 6598, 100.64.0.0/10
	ScopeDocumentation // RFC 5737, RFC 3849, RFC 9637
	ScopeReserved      // the rest of the registries: benchmarking, future use, this network, …
	scopeCount
)

var scopeNames = [scopeCount]string{
	"unknown", "public", "private", "loopback", "link_local", "multicast", "broadcast", "cgnat", "documentation", "reserved",
}

// String is the scope's name in the API.
func (s Scope) String() string {
	if s < scopeCount {
		return scopeNames[s]
	}
	return "unknown"
}
