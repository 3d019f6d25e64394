package config

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads plain seconds ("90"), Go's notation ("1h30m"), days before it
// ("7d", "1d12h") and years of 365 days ("2y").
func parseDuration(text string) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return scale[time.Duration](float64(seconds), float64(time.Second))
	}
	if years, ok := strings.CutSuffix(text, "y"); ok {
		n, err := strconv.ParseUint(years, 10, 7)
		return time.Duration(n) * 365 * 24 * time.Hour, err == nil
	}
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		d, err := time.ParseDuration(text)
		return d, err == nil
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, false
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return d, true
	}
	more, err := time.ParseDuration(rest)
	return d + more, err == nil && more >= 0
}

func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var units = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
}

// parseSize reads plain bytes ("10485760") and numbers with a unit ("10MB",
// "1.5 GiB"); the unit's case does not matter.
func parseSize(text string) (int64, bool) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	unit := strings.TrimSpace(text[end:])
	n, err := strconv.ParseFloat(text[:end], 64)
	if err != nil || math.IsNaN(n) {
		return 0, false
	}
	if unit == "" {
		bytes, err := strconv.ParseInt(text, 10, 64)
		return bytes, err == nil
	}
	for _, u := range units {
		if strings.EqualFold(u.name, unit) {
			return scale[int64](n, float64(u.bytes))
		}
	}
	return 0, false
}

func scale[T ~int64](n, unit float64) (T, bool) {
	product := n * unit
	if product < 0 || product >= math.MaxInt64 {
		return 0, false
	}
	return T(product), true
}

// formatSize is the shortest form that is exact.
func formatSize(n int64) string {
	shortest := strconv.FormatInt(n, 10)
	for _, u := range units {
		if text := strconv.FormatInt(n/u.bytes, 10) + u.name; n > 0 && n%u.bytes == 0 && len(text) < len(shortest) {
			shortest = text
		}
	}
	return shortest
}
