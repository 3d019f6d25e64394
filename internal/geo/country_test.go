package geo

import (
	"slices"
	"testing"
)

func TestFindCountries(t *testing.T) {
	for text, want := range map[string][]string{
		"DE": {"DE"}, "de": {"DE"}, "Germany": {"DE"}, "GERM": {"DE"}, "guinea": {"GN", "GQ", "GW", "PG"}, "xx": nil, "e": nil, "": nil, "atlantis": nil,
	} {
		if got := FindCountries(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
