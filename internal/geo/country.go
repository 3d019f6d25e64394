package geo

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
