package offline

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func TestAppendDecimal(t *testing.T) {
	for d, want := range map[int64]string{
		0: "0", 1: "0.000000001", 1_000: "0.000001", 10: "0.00000001", 123_456_789: "0.123456789",
		1_000_000_000: "1", 1_500_000_000: "1.5", 61_020_000_000: "61.02", -1_500_000_000: "-1.5",
		31_536_000_000_000_001: "31536000.000000001", 999_999_999: "0.999999999",
		math.MinInt64: "-9223372036.854775808",
	} {
		if got := string(appendSeconds(nil, d)); got != want {
			t.Errorf("%d ns: %q s, want %q", d, got, want)
		}
		if got := secondsWidth(d); got != len(want) {
			t.Errorf("%d ns: width %d, want %d", d, got, len(want))
		}
	}
	for d, want := range map[int64]string{1: "0.000001", 1_000_000: "1", 26_400_500: "26.4005"} {
		if got := string(appendMillis(nil, d)); got != want {
			t.Errorf("%d ns: %q ms, want %q", d, got, want)
		}
	}
}

// What is written by hand must be what the standard library writes.
func TestTextAgreesWithStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	times := []int64{0, 1, -1, 951_782_400e9, 951_868_799_999_999_999, 4_107_542_399e9, math.MaxInt64, math.MinInt64}
	for range 20_000 {
		times = append(times, int64(random.Uint64()), random.Int64N(365*30)*86400e9, random.Int64N(1e16)*1000)
	}
	for _, at := range times {
		want := time.Unix(0, at).UTC().Format(time.RFC3339Nano)
		if got := string(appendTime(nil, at)); got != want || len(got) > timeWidth {
			t.Fatalf("%d: %q, want %q", at, got, want)
		}
	}
	for range 20_000 {
		n := random.Uint64() >> random.UintN(64)
		want := strconv.FormatUint(n, 10)
		cell := []byte("                     ")
		putUint(cell, n)
		if string(cell[len(cell)-len(want):]) != want || cell[len(cell)-len(want)-1] != ' ' || digits(n) != len(want) {
			t.Fatalf("%d: %q, %d digits", n, cell, digits(n))
		}
	}
	for range 20_000 {
		checkEnd(t, random)
	}
}

func checkEnd(t *testing.T, random *rand.Rand) {
	t.Helper()
	a := [16]byte{10: 0xff, 11: 0xff}
	version, from := uint8(4), 12
	if random.IntN(2) == 0 {
		version, from = 6, random.IntN(16)
	}
	for i := from; i < len(a); i++ {
		a[i] = byte(random.Uint32() >> random.UintN(8))
	}
	addr := netip.AddrFrom16(a)
	if version == 4 {
		addr = addr.Unmap()
	}
	port := uint16(random.Uint32() >> (16 + random.UintN(17)))
	want := addr.String()
	if port != 0 {
		want = netip.AddrPortFrom(addr, port).String()
	}
	if got := string(appendEnd(nil, &a, version, port)); got != want || endWidth(&a, version, port, 0) != len(want) || endWidth(&a, version, port, 99) != 99 {
		t.Fatalf("%q, %d wide, want %q", got, endWidth(&a, version, port, 0), want)
	}
}
