package demo

import (
	"net/netip"
	"testing"

	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/geo/data"
	"netflow-monitor/internal/geo/mmdb"
)

func TestPlacesAreWhereTheMapPutsThem(t *testing.T) {
	database, err := mmdb.FromBytes(data.Country)
	if err != nil {
		t.Fatal(err)
	}
	countries := map[string]bool{}
	for _, p := range append(places, resolvers...) {
		countries[p.country] = true
		for _, text := range []string{p.v4, p.v6} {
			if text == "" {
				continue
			}
			addr := netip.MustParseAddr(text)
			if geo.ScopeOf(addr) != geo.ScopePublic {
				t.Errorf("%v is not public", addr)
			}
			if got := database.Locate(addr).CountryCode; got != p.country {
				t.Errorf("%v is in %q, not in %q", addr, got, p.country)
			}
		}
	}
	if len(countries) < 60 {
		t.Errorf("only %d countries", len(countries))
	}
}
