package mmdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// build makes a small MaxMind DB file (format 2.0, records of 32 bits, IPv4 below ::/96).
func build(kind string, networks map[string]map[string]any) []byte {
	const empty = -1
	tree := [][2]int{{empty, empty}}
	var content []byte
	prefixes := make([]string, 0, len(networks))
	for prefix := range networks {
		prefixes = append(prefixes, prefix)
	}
	slices.Sort(prefixes)
	for _, text := range prefixes {
		prefix := netip.MustParsePrefix(text)
		bits, raw := prefix.Bits(), prefix.Addr().As16()
		if prefix.Addr().Is4() {
			four := prefix.Addr().As4()
			raw = [16]byte{12: four[0], four[1], four[2], four[3]}
			bits += 96
		}
		node := 0
		for i := range bits {
			side := int(raw[i/8] >> (7 - i%8) & 1)
			if i == bits-1 {
				tree[node][side] = -2 - len(content)
				break
			}
			if tree[node][side] == empty {
				tree = append(tree, [2]int{empty, empty})
				tree[node][side] = len(tree) - 1
			}
			node = tree[node][side]
		}
		content = encode(content, networks[text])
	}

	var file []byte
	for _, node := range tree {
		for _, side := range node {
			switch {
			case side == empty:
				side = len(tree)
			case side < empty:
				side = len(tree) + 16 - 2 - side
			}
			file = binary.BigEndian.AppendUint32(file, uint32(side))
		}
	}
	file = append(file, make([]byte, 16)...)
	file = append(file, content...)
	file = append(file, "\xab\xcd\xefMaxMind.com"...)
	return encode(file, map[string]any{
		"binary_format_major_version": uint16(2),
		"binary_format_minor_version": uint16(0),
		"build_epoch":                 uint64(1_790_000_000),
		"database_type":               kind,
		"description":                 map[string]any{"en": "made for a test"},
		"ip_version":                  uint16(6),
		"languages":                   []any{"en"},
		"node_count":                  uint32(len(tree)),
		"record_size":                 uint16(32),
	})
}

func encode(out []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		out = control(out, 7, len(v))
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			out = encode(encode(out, key), v[key])
		}
		return out
	case []any:
		out = control(out, 11, len(v))
		for _, item := range v {
			out = encode(out, item)
		}
		return out
	case string:
		return append(control(out, 2, len(v)), v...)
	case float64:
		return binary.BigEndian.AppendUint64(control(out, 3, 8), math.Float64bits(v))
	case float32:
		return binary.BigEndian.AppendUint32(control(out, 15, 4), math.Float32bits(v))
	case uint16:
		return binary.BigEndian.AppendUint16(control(out, 5, 2), v)
	case uint32:
		return binary.BigEndian.AppendUint32(control(out, 6, 4), v)
	case uint64:
		return binary.BigEndian.AppendUint64(control(out, 9, 8), v)
	}
	panic(fmt.Sprintf("no encoding for %T", value))
}

func control(out []byte, kind, size int) []byte {
	var extended []byte
	if kind > 7 {
		extended, kind = []byte{byte(kind - 7)}, 0
	}
	if size < 29 {
		return append(append(out, byte(kind<<5|size)), extended...)
	}
	return append(append(append(out, byte(kind<<5|29)), extended...), byte(size-29))
}

var nested = map[string]any{
	"country":  map[string]any{"iso_code": "DE", "names": map[string]any{"en": "Germany", "fr": "Allemagne"}},
	"city":     map[string]any{"geoname_id": uint32(2950159), "names": map[string]any{"en": "Berlin", "ru": "Берлин"}},
	"location": map[string]any{"latitude": 52.52, "longitude": 13.41, "accuracy_radius": uint16(20)},
	"traits":   map[string]any{"isp": "Example Net", "autonomous_system_number": uint32(64500)},
}

var flat = map[string]any{
	"country_code": "DE", "city": "Berlin", "latitude": 52.52, "longitude": 13.41,
	"isp": "Example Net", "asn": "AS64500", "state1": "Berlin", "timezone": "Europe/Berlin",
}

// city is a database of the given layout that knows 8.8.0.0/16 and 2a00:1450::/32.
func city(record map[string]any) []byte {
	return build("Test-City", map[string]map[string]any{"8.8.0.0/16": record, "2a00:1450::/32": record})
}

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "city.mmdb")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
