package mmdb

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/geo/data"
)

func embeddedCountries(tb testing.TB) *Database {
	tb.Helper()
	database, err := FromBytes(data.Country)
	if err != nil {
		tb.Fatal(err)
	}
	return database
}

func TestBothLayouts(t *testing.T) {
	want := geo.Location{
		CountryCode: "DE", Country: "Germany", City: "Berlin", Latitude: 52.52, Longitude: 13.41, HasPosition: true,
		ASN: 64500, ISP: "Example Net",
	}
	for name, record := range map[string]map[string]any{"nested": nested, "flat": flat} {
		database, err := Open(write(t, city(record)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, addr := range []string{"8.8.4.4", "2a00:1450:4001::1"} {
			if diff := cmp.Diff(want, database.Locate(netip.MustParseAddr(addr))); diff != "" {
				t.Errorf("%s, %s: %s", name, addr, diff)
			}
		}
		if got := database.Locate(netip.MustParseAddr("8.9.0.1")); got != (geo.Location{}) {
			t.Errorf("%s: an address outside was found: %+v", name, got)
		}
		if database.Type() != "Test-City" || database.Built().Unix() != 1_790_000_000 || database.Faults() != 0 {
			t.Errorf("%s: type %q, built %v, %d faults", name, database.Type(), database.Built(), database.Faults())
		}
	}
}

func TestOddRecords(t *testing.T) {
	tests := []struct {
		name   string
		fields map[string]any
		want   geo.Location
	}{
		{"empty", nil, geo.Location{}},
		{"no country", map[string]any{"country_code": "ZZ"}, geo.Location{}},
		{"a name for a code", map[string]any{"country": "Germany", "country_code": "qq"}, geo.Location{CountryCode: "QQ"}},
		{"wrong types", map[string]any{"country_code": uint64(7), "city": []any{"x"}, "latitude": "north", "asn": -1.0}, geo.Location{}},
		{"registered only", map[string]any{"registered_country": map[string]any{"iso_code": "QQ"}}, geo.Location{CountryCode: "QQ"}},
		{"out of range", map[string]any{"country_code": "QQ", "latitude": 91.0, "longitude": 0.0}, geo.Location{CountryCode: "QQ"}},
		{"not a number", map[string]any{"country_code": "QQ", "latitude": math.NaN(), "longitude": 0.0}, geo.Location{CountryCode: "QQ"}},
		{"null island", map[string]any{"country_code": "QQ", "latitude": 0.0, "longitude": 0.0}, geo.Location{CountryCode: "QQ"}},
		{"coordinates as text", map[string]any{"country": "QQ", "lat": "1.5", "lng": "-2"},
			geo.Location{CountryCode: "QQ", Latitude: 1.5, Longitude: -2, HasPosition: true}},
		{"coordinates of single precision", map[string]any{"country": "QQ", "latitude": float32(1.5), "longitude": float32(-2)},
			geo.Location{CountryCode: "QQ", Latitude: 1.5, Longitude: -2, HasPosition: true}},
		{"damaged name", map[string]any{"country": "QQ", "city": "a\xff" + strings.Repeat("b", 200)},
			geo.Location{CountryCode: "QQ", City: "a" + strings.Repeat("b", maxText-2)}},
		{"number too large", map[string]any{"asn": uint64(1 << 33)}, geo.Location{}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, locationOf(test.fields)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	whole := city(nested)
	tests := map[string][]byte{
		"empty":            {},
		"text":             []byte("<html>404 not found</html>"),
		"cut short":        whole[:len(whole)/2],
		"metadata only":    whole[len(whole)-220:],
		"without a record": build("Test-City", map[string]map[string]any{"203.0.113.0/24": flat}),
		"of something else": build("Test-Anonymous-IP", map[string]map[string]any{
			"8.8.0.0/16": {"is_anonymous": uint16(1)},
		}),
	}
	for name, content := range tests {
		if _, err := Open(write(t, content)); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestFileCutShortWhileOpen(t *testing.T) {
	path := write(t, city(nested))
	database, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := database.Locate(netip.MustParseAddr("8.8.8.8")); got != (geo.Location{}) {
			t.Errorf("found %+v in a file that is gone", got)
		}
	}
	if database.Faults() == 0 {
		t.Error("the fault was not counted")
	}
}

func TestEmbeddedCoverage(t *testing.T) {
	database := embeddedCountries(t)
	random := rand.New(rand.NewPCG(3, 4))
	const wanted = 20_000
	asked, located, placed := 0, 0, 0
	for asked < wanted {
		addr := netip.AddrFrom4([4]byte{byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())})
		if geo.ScopeOf(addr) != geo.ScopePublic {
			continue
		}
		asked++
		location := database.Locate(addr)
		if location.CountryCode != "" {
			located++
		}
		if location.HasPosition && location.Country != "" {
			placed++
		}
	}
	t.Logf("of %d addresses %d have a country, %d a position", asked, located, placed)
	if located < wanted*98/100 || placed < located*99/100 {
		t.Errorf("of %d addresses only %d have a country, %d a position", asked, located, placed)
	}
}

func TestEmbeddedKnowsWellKnownAddresses(t *testing.T) {
	database := embeddedCountries(t)
	for addr, want := range map[string]string{
		"8.8.8.8": "US", "212.27.48.10": "FR", "193.0.6.139": "NL", "200.160.0.8": "BR", "114.114.114.114": "CN",
		"133.11.0.1": "JP", "196.216.2.1": "ZA", "2001:67c:2e8::1": "NL", "240e::1": "CN", "2a01:e00::1": "FR",
	} {
		if got := database.Locate(netip.MustParseAddr(addr)).CountryCode; got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
}

func TestLocateConcurrently(t *testing.T) {
	database, err := Open(write(t, data.Country))
	if err != nil {
		t.Fatal(err)
	}
	want := embeddedCountries(t)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 5000 {
				addr := netip.AddrFrom4([4]byte{byte(1 + random.IntN(220)), byte(random.Uint32()), 1, 1})
				if got := database.Locate(addr); got != want.Locate(addr) {
					t.Errorf("%v: %+v", addr, got)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestRepeatedLookupAllocatesNothing(t *testing.T) {
	addrs := []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("2a00:1450:4001::1"), netip.MustParseAddr("203.0.113.1")}
	file, err := Open(write(t, city(nested)))
	if err != nil {
		t.Fatal(err)
	}
	for name, database := range map[string]*Database{"embedded": embeddedCountries(t), "city": file} {
		n := testing.AllocsPerRun(100, func() {
			for _, addr := range addrs {
				database.Locate(addr)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(city(nested))
	f.Add(city(flat))
	f.Fuzz(func(_ *testing.T, content []byte) {
		database, err := FromBytes(content)
		if err != nil {
			return
		}
		for _, addr := range []string{"8.8.8.8", "2a00:1450::1", "255.255.255.255"} {
			database.Locate(netip.MustParseAddr(addr))
		}
	})
}

func BenchmarkLocate(b *testing.B) {
	country := embeddedCountries(b)
	path := b.TempDir() + "/country.mmdb"
	if err := os.WriteFile(path, data.Country, 0o600); err != nil {
		b.Fatal(err)
	}
	mapped, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	addrs := make([]netip.Addr, 4096)
	random := rand.New(rand.NewPCG(5, 6))
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{byte(11 + random.IntN(80)), byte(random.Uint32()), byte(random.Uint32()), 1})
	}
	for name, database := range map[string]*Database{"embedded": country, "file": mapped} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				database.Locate(addrs[i%len(addrs)])
			}
		})
	}
}

func BenchmarkFirstLookup(b *testing.B) {
	database, err := FromBytes(city(nested))
	if err != nil {
		b.Fatal(err)
	}
	addr := netip.MustParseAddr("8.8.8.8")
	b.ReportAllocs()
	for b.Loop() {
		var fields map[string]any
		if err := database.reader.Lookup(addr).Decode(&fields); err != nil {
			b.Fatal(err)
		}
		locationOf(fields)
	}
}
