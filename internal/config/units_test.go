package config

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	tests := []struct {
		text, printed string
		want          time.Duration
		ok            bool
	}{
		{"0", "0s", 0, true},
		{"60", "1m", time.Minute, true},
		{"90", "1m30s", 90 * time.Second, true},
		{"1h30m", "1h30m", 90 * time.Minute, true},
		{"2h", "2h", 2 * time.Hour, true},
		{"86400", "1d", 24 * time.Hour, true},
		{"7d", "7d", 7 * 24 * time.Hour, true},
		{"1d12h", "36h", 36 * time.Hour, true},
		{"2y", "730d", 730 * 24 * time.Hour, true},
		{"100y", "36500d", 36500 * 24 * time.Hour, true},
		{"y", "", 0, false},
		{"200y", "", 0, false},
		{"1y6d", "", 0, false},
		{"250ms", "250ms", 250 * time.Millisecond, true},
		{"-1", "", 0, false},
		{"1d-1h", "", 0, false},
		{"d", "", 0, false},
		{"", "", 0, false},
		{"5 m", "", 0, false},
		{"9223372037", "", 0, false},
		{"99999d", "", 0, false},
	}
	for _, test := range tests {
		got, ok := parseDuration(test.text)
		if ok != test.ok || ok && (got != test.want || formatDuration(got) != test.printed) {
			t.Errorf("%q is %v %v, printed %s", test.text, got, ok, formatDuration(got))
		}
	}
}

func TestSizes(t *testing.T) {
	tests := []struct {
		text, printed string
		want          int64
		ok            bool
	}{
		{"0", "0", 0, true},
		{"1234567", "1234567", 1234567, true},
		{"10485760", "10MiB", 10 << 20, true},
		{"10MB", "10MB", 10_000_000, true},
		{"2GB", "2GB", 2_000_000_000, true},
		{"10mb", "10MB", 10_000_000, true},
		{"10 MiB", "10MiB", 10 << 20, true},
		{"1.5GiB", "1536MiB", 3 << 29, true},
		{"500kB", "500kB", 500_000, true},
		{"7B", "7", 7, true},
		{"1.5", "", 0, false},
		{"MB", "", 0, false},
		{"10XB", "", 0, false},
		{"-10MB", "", 0, false},
		{"9999999999TiB", "", 0, false},
		{"infMB", "", 0, false},
		{"", "", 0, false},
	}
	for _, test := range tests {
		got, ok := parseSize(test.text)
		if ok != test.ok || ok && (got != test.want || formatSize(got) != test.printed) {
			t.Errorf("%q is %v %v, printed %s", test.text, got, ok, formatSize(got))
		}
	}
}
