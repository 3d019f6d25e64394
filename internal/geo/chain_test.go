package geo_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/geo"
)

// table knows the addresses in it and remembers what it was asked for.
type table struct {
	known map[string]geo.Location
	asked []string
}

func (t *table) Locate(addr netip.Addr) geo.Location {
	t.asked = append(t.asked, addr.String())
	return t.known[addr.String()]
}

func TestChainAsksInTurn(t *testing.T) {
	city := &table{known: map[string]geo.Location{"8.8.8.8": {CountryCode: "US", City: "Ashburn"}}}
	country := &table{known: map[string]geo.Location{"8.8.8.8": {CountryCode: "CA"}, "1.1.1.1": {CountryCode: "AU"}}}
	chain := geo.Chain{city, country}

	for addr, want := range map[string]geo.Location{
		"8.8.8.8":        {Scope: geo.ScopePublic, CountryCode: "US", City: "Ashburn"},
		"::ffff:8.8.8.8": {Scope: geo.ScopePublic, CountryCode: "US", City: "Ashburn"},
		"1.1.1.1":        {Scope: geo.ScopePublic, CountryCode: "AU"},
		"9.9.9.9":        {Scope: geo.ScopePublic},
	} {
		if diff := cmp.Diff(want, chain.Locate(netip.MustParseAddr(addr))); diff != "" {
			t.Errorf("%s: %s", addr, diff)
		}
	}
}

func TestChainNeverAsksForSpecialRanges(t *testing.T) {
	locator := &table{}
	chain := geo.Chain{locator}
	for _, addr := range []string{"192.168.1.1", "::ffff:10.0.0.1", "127.0.0.1", "fe80::1%eth0", "224.0.0.251", "100.64.1.1", "2001:db8::1", "255.255.255.255", "0.0.0.0", "::"} {
		got := chain.Locate(netip.MustParseAddr(addr))
		if want := (geo.Location{Scope: geo.ScopeOf(netip.MustParseAddr(addr))}); got != want {
			t.Errorf("%s: %+v, want %+v", addr, got, want)
		}
	}
	chain.Locate(netip.Addr{})
	if len(locator.asked) != 0 {
		t.Errorf("asked for %s", strings.Join(locator.asked, ", "))
	}
}

func TestComplete(t *testing.T) {
	france := geo.Location{CountryCode: "FR"}
	france.Complete()
	if france.Country != "France" || !france.HasPosition || france.Latitude < 44 || france.Latitude > 49 || france.Longitude < 0 || france.Longitude > 5 {
		t.Errorf("France is not in the middle of its mainland: %+v", france)
	}
	states := geo.Location{CountryCode: "US"}
	states.Complete()
	if states.Latitude < 36 || states.Latitude > 43 || states.Longitude < -105 || states.Longitude > -90 {
		t.Errorf("the United States are not in the middle of the contiguous ones: %+v", states)
	}
	paris := geo.Location{CountryCode: "FR", City: "Paris", Latitude: 48.86, Longitude: 2.35, HasPosition: true}
	paris.Complete()
	if paris.Latitude != 48.86 || paris.Country != "France" {
		t.Errorf("a position of its own was lost: %+v", paris)
	}
	nowhere := geo.Location{CountryCode: "QQ"}
	nowhere.Complete()
	if nowhere != (geo.Location{CountryCode: "QQ"}) {
		t.Errorf("an unknown code was completed: %+v", nowhere)
	}
	for code, want := range map[string]string{"HK": "Hong Kong", "CI": "Côte d’Ivoire", "XK": "Kosovo", "fr": "", "": ""} {
		l := geo.Location{CountryCode: code}
		if l.Complete(); l.Country != want {
			t.Errorf("name of %q is %q, want %q", code, l.Country, want)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := geo.Default().Validate(); err != nil {
		t.Error(err)
	}
	bad := geo.Default()
	bad.UpdateInterval = time.Millisecond
	if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "geolocation.update_interval") {
		t.Errorf("error does not name the key: %v", err)
	}
}
