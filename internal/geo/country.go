package geo

import (
	"slices"
	"strings"
)

type country struct {
	name                string
	latitude, longitude float64
}

// Complete adds what follows from the country code alone: the country's name,
// and a position that stands for it if the location has none of its own.
func (l *Location) Complete() {
	known, ok := countries[l.CountryCode]
	if !ok {
		return
	}
	l.Country = known.name
	if !l.HasPosition {
		l.Latitude, l.Longitude, l.HasPosition = known.latitude, known.longitude, true
	}
}

// FindCountries returns the codes, in order, of the country with this code, or of those
// whose English name contains the text, which must have three letters then; in any case.
func FindCountries(text string) []string {
	if code := strings.ToUpper(text); len(code) == 2 {
		if _, ok := countries[code]; ok {
			return []string{code}
		}
	}
	if len(text) < 3 {
		return nil
	}
	var codes []string
	text = strings.ToLower(text)
	for code, c := range countries {
		if strings.Contains(strings.ToLower(c.name), text) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}
