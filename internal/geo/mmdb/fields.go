package mmdb

import (
	"math"
	"strconv"
	"strings"

	"netflow-monitor/internal/geo"
)

// maxText bounds a name in bytes: a damaged or hostile file must not fill memory or the page.
const maxText = 128

// locationOf reads a record in MaxMind's nested layout (country.iso_code) or one
// of the flat ones (country_code, or country with the code in it).
func locationOf(fields map[string]any) geo.Location {
	location := geo.Location{
		CountryCode: countryCode(fields),
		City:        firstText(fields, "city.names.en", "city"),
		ISP: firstText(fields, "traits.isp", "traits.organization", "traits.autonomous_system_organization",
			"isp", "as_name", "as_organization", "autonomous_system_organization"),
		ASN: number(fields, "traits.autonomous_system_number", "autonomous_system_number", "as_number", "asn"),
	}
	latitude, ok1 := degrees(fields, 90, "location.latitude", "latitude", "lat")
	longitude, ok2 := degrees(fields, 180, "location.longitude", "longitude", "lng", "lon")
	if ok1 && ok2 && (latitude != 0 || longitude != 0) {
		location.Latitude, location.Longitude, location.HasPosition = latitude, longitude, true
	}
	location.Complete()
	return location
}

// countryCode skips what is not two letters: there are databases with "ZZ", and
// with the country's name where others have its code.
func countryCode(fields map[string]any) string {
	for _, path := range []string{"country.iso_code", "country_code", "country", "registered_country.iso_code"} {
		code := strings.ToUpper(firstText(fields, path))
		if len(code) == 2 && code != "ZZ" && isLetter(code[0]) && isLetter(code[1]) {
			return code
		}
	}
	return ""
}

func isLetter(b byte) bool { return b >= 'A' && b <= 'Z' }

// at follows a path of keys joined by dots.
func at(fields map[string]any, path string) any {
	for {
		key, rest, nested := strings.Cut(path, ".")
		if !nested {
			return fields[key]
		}
		inner, ok := fields[key].(map[string]any)
		if !ok {
			return nil
		}
		fields, path = inner, rest
	}
}

func firstText(fields map[string]any, paths ...string) string {
	for _, path := range paths {
		if text, ok := at(fields, path).(string); ok && text != "" {
			if len(text) > maxText {
				text = text[:maxText]
			}
			return strings.ToValidUTF8(text, "")
		}
	}
	return ""
}

// number reads an AS number; some databases write "AS15169".
func number(fields map[string]any, paths ...string) uint32 {
	for _, path := range paths {
		switch value := at(fields, path).(type) {
		case uint64:
			if value <= math.MaxUint32 {
				return uint32(value)
			}
		case string:
			if n, err := strconv.ParseUint(strings.TrimPrefix(value, "AS"), 10, 32); err == nil {
				return uint32(n)
			}
		}
	}
	return 0
}

// degrees reads a coordinate within ±limit; some databases write it as text.
func degrees(fields map[string]any, limit float64, paths ...string) (float64, bool) {
	for _, path := range paths {
		var value float64
		switch raw := at(fields, path).(type) {
		case float64:
			value = raw
		case float32:
			value = float64(raw)
		case string:
			parsed, err := strconv.ParseFloat(raw, 64)
			if err != nil {
				continue
			}
			value = parsed
		default:
			continue
		}
		if math.Abs(value) <= limit {
			return value, true
		}
	}
	return 0, false
}
