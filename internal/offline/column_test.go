package offline

import "testing"

func TestAppendSeconds(t *testing.T) {
	for d, want := range map[int64]string{
		0: "0", 1: "0.000000001", 1_000: "0.000001", 10: "0.00000001", 123_456_789: "0.123456789",
		1_000_000_000: "1", 1_500_000_000: "1.5", 61_020_000_000: "61.02", -1_500_000_000: "-1.5",
		31_536_000_000_000_001: "31536000.000000001", 999_999_999: "0.999999999",
	} {
		if got := string(appendSeconds(nil, d)); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}
