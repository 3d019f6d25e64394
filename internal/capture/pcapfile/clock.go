package pcapfile

import (
	"math"
	"math/bits"
)

const nanoseconds = 1_000_000_000 // of a second

// clock turns an interface's time stamps into nanoseconds since the Unix epoch.
type clock struct {
	multiplier uint64 // nanoseconds of a unit where that is a whole number, else 0
	perSecond  uint64 // units of a second; used where multiplier is 0
	offset     int64  // nanoseconds to add
}

// newClock reads if_tsresol (pcapng §4.2): a power of ten or, with the top bit set,
// of two. It is false for a resolution that no 64-bit time stamp could use.
func newClock(resolution uint8) (clock, bool) {
	power := resolution & 0x7f
	if resolution&0x80 != 0 {
		return clock{perSecond: 1 << power}, power < 63
	}
	if power > 18 {
		return clock{}, false
	}
	perSecond := uint64(1)
	for range power {
		perSecond *= 10
	}
	if perSecond <= 1e9 {
		return clock{multiplier: 1e9 / perSecond}, true
	}
	return clock{perSecond: perSecond}, true
}

// setOffset takes if_tsoffset in seconds; it is false where no time could be right.
func (c *clock) setOffset(seconds int64) bool {
	if seconds > math.MaxInt64/nanoseconds || seconds < math.MinInt64/nanoseconds {
		return false
	}
	c.offset = seconds * nanoseconds
	return true
}

// time is never negative; what does not fit becomes the last moment that does.
func (c *clock) time(stamp uint64) int64 {
	var high, ns uint64
	if c.multiplier != 0 {
		high, ns = bits.Mul64(stamp, c.multiplier)
	} else {
		seconds, rest := stamp/c.perSecond, stamp%c.perSecond
		restHigh, restLow := bits.Mul64(rest, 1e9)
		fraction, _ := bits.Div64(restHigh, restLow, c.perSecond)
		high, ns = bits.Mul64(seconds, 1e9)
		var carry uint64
		ns, carry = bits.Add64(ns, fraction, 0)
		high += carry
	}
	if high != 0 || ns > math.MaxInt64 {
		ns = math.MaxInt64
	}
	t := int64(ns)
	if c.offset > 0 && t > math.MaxInt64-c.offset {
		return math.MaxInt64
	}
	return max(t+c.offset, 0)
}
