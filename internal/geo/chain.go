package geo

import "net/netip"

// Chain asks locators in turn until one knows the country of an address. Only
// public addresses are asked for.
type Chain []Locator

// Locate implements Locator.
func (c Chain) Locate(addr netip.Addr) Location {
	addr = addr.Unmap()
	scope := ScopeOf(addr)
	if scope == ScopePublic {
		for _, locator := range c {
			if location := locator.Locate(addr); location.CountryCode != "" {
				location.Scope = scope
				return location
			}
		}
	}
	return Location{Scope: scope}
}
