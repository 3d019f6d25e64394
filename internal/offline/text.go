package offline

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"netflow-monitor/internal/flow"
)

// This file writes values as text. A file of a million sessions has ten million of
// them, so the frequent ones don't go through the general functions.

// pairs are the numbers from 00 to 99.
const pairs = "00010203040506070809101112131415161718192021222324" +
	"25262728293031323334353637383940414243444546474849" +
	"50515253545556575859606162636465666768697071727374" +
	"75767778798081828384858687888990919293949596979899"

func appendUint(b []byte, n uint64) []byte {
	if n < 10 {
		return append(b, byte('0'+n))
	}
	return strconv.AppendUint(b, n, 10)
}

// putUint writes n at the end of b, which must have room for it.
func putUint(b []byte, n uint64) {
	i := len(b)
	for n >= 100 {
		i -= 2
		low := n % 100 * 2
		b[i], b[i+1] = pairs[low], pairs[low+1]
		n /= 100
	}
	if n >= 10 {
		i--
		b[i] = pairs[n*2+1]
		n /= 10
	}
	b[i-1] = byte('0' + n)
}

// digits is the number of decimal digits of n.
func digits(n uint64) int {
	count := 1
	for count < len(powersOfTen) && n >= powersOfTen[count] {
		count++
	}
	return count
}

// powersOfTen are all that 64 bits hold.
var powersOfTen = func() (powers [20]uint64) {
	power := uint64(1)
	for i := range powers {
		powers[i] = power
		power *= 10
	}
	return powers
}()

// timeWidth is that of a time with nanoseconds.
const timeWidth = 30

// appendTime appends a time of RFC 3339 in UTC with as many decimals as it needs.
func appendTime(b []byte, t int64) []byte {
	seconds, fraction := t/1e9, t%1e9
	if fraction < 0 {
		seconds, fraction = seconds-1, fraction+1e9
	}
	day := seconds / 86400
	second := uint64(seconds % 86400)
	if seconds%86400 < 0 {
		day, second = day-1, second+86400
	}
	year, month, dayOfMonth := date(day)
	b = appendPair(b, year/100)
	b = appendPair(b, year%100)
	b = appendPair(append(b, '-'), month)
	b = appendPair(append(b, '-'), dayOfMonth)
	b = appendPair(append(b, 'T'), second/3600)
	b = appendPair(append(b, ':'), second/60%60)
	b = appendPair(append(b, ':'), second%60)
	return append(appendFraction(b, uint64(fraction), 9), 'Z')
}

func appendPair(b []byte, n uint64) []byte { return append(b, pairs[n*2:n*2+2]...) }

// date is the Gregorian date of a day since the Unix epoch, from 1600 on. It counts
// in 400-year cycles that begin in March, so that the leap day is a year's last.
func date(day int64) (year, month, dayOfMonth uint64) {
	const (
		daysOfCycle   = 146_097
		daysOfCentury = 36_524
		daysOfFour    = 1_461
		sinceMarch    = 135_080 // days from 1600-03-01 to the epoch
	)
	d := uint64(day + sinceMarch)
	year = 1600 + d/daysOfCycle*400
	d %= daysOfCycle
	century := min(d/daysOfCentury, 3)
	d -= century * daysOfCentury
	four := d / daysOfFour
	d %= daysOfFour
	single := min(d/365, 3)
	d -= single * 365
	year += century*100 + four*4 + single
	fifths := (5*d + 2) / 153 // months of 30.6 days: 31, 30, 31, 30, 31 and again
	dayOfMonth = d - (153*fifths+2)/5 + 1
	if fifths < 10 {
		return year, fifths + 3, dayOfMonth
	}
	return year + 1, fifths - 9, dayOfMonth
}

// appendFraction appends a point and n as so many decimals, without the zeros at their
// end, or nothing if n is 0.
func appendFraction(b []byte, n uint64, decimals int) []byte {
	if n == 0 {
		return b
	}
	for n%1000 == 0 {
		n /= 1000
		decimals -= 3
	}
	for n%10 == 0 {
		n /= 10
		decimals--
	}
	b = append(b, ".000000000"[:1+decimals]...)
	putUint(b, n)
	return b
}

// appendDecimal appends n units of which 10^decimals are 1, with as many decimals as
// they need.
func appendDecimal(b []byte, n int64, decimals int) []byte {
	value := uint64(n)
	if n < 0 {
		b, value = append(b, '-'), -value
	}
	one := powersOfTen[decimals]
	b = appendUint(b, value/one)
	return appendFraction(b, value%one, decimals)
}

// appendSeconds appends d nanoseconds as seconds.
func appendSeconds(b []byte, d int64) []byte { return appendDecimal(b, d, 9) }

// appendMillis appends d nanoseconds as milliseconds.
func appendMillis(b []byte, d int64) []byte { return appendDecimal(b, d, 6) }

// secondsWidth is the length of what appendSeconds appends.
func secondsWidth(d int64) int {
	value, width := uint64(d), 0
	if d == 0 {
		return 1
	}
	if d < 0 {
		value, width = -value, 1
	}
	width += digits(value / 1e9)
	fraction, decimals := value%1e9, 9
	if fraction == 0 {
		return width
	}
	for fraction%1000 == 0 {
		fraction /= 1000
		decimals -= 3
	}
	for fraction%10 == 0 {
		fraction /= 10
		decimals--
	}
	return width + 1 + decimals
}

// octet is a number of an IPv4 address as text, with the point that follows it.
type octet struct {
	text   uint32 // in the order of memory
	length uint32
}

var octets = func() (all [256]octet) {
	for n := range all {
		var text [4]byte
		length := len(append(strconv.AppendUint(text[:0], uint64(n), 10), '.'))
		all[n] = octet{binary.LittleEndian.Uint32(text[:]), uint32(length)}
	}
	return all
}()

// maxIPv4 is the length of the longest IPv4 address, maxIPv4End with its port.
const (
	maxIPv4    = len("255.255.255.255")
	maxIPv4End = maxIPv4 + len(":65535")
)

// appendAddr appends the address a of a flow key of that IP version.
func appendAddr(b []byte, a *[16]byte, version uint8) []byte {
	if version != 4 {
		return netip.AddrFrom16(*a).AppendTo(b)
	}
	var text [maxIPv4 + 1]byte
	length := uint32(0)
	for _, n := range a[12:] {
		o := octets[n]
		binary.LittleEndian.PutUint32(text[length:], o.text)
		length += o.length
	}
	return append(b, text[:length-1]...)
}

// appendEnd appends an address and its port, if it has one.
func appendEnd(b []byte, a *[16]byte, version uint8, port uint16) []byte {
	switch {
	case port == 0:
		return appendAddr(b, a, version)
	case version != 4:
		return netip.AddrPortFrom(netip.AddrFrom16(*a), port).AppendTo(b)
	}
	b = append(appendAddr(b, a, version), ':')
	b = append(b, "00000"[:digits(uint64(port))]...)
	putUint(b, uint64(port))
	return b
}

// endWidth is the length of what appendEnd appends, or least if that is more.
func endWidth(a *[16]byte, version uint8, port uint16, least int) int {
	if version != 4 {
		var text [64]byte
		return max(least, len(appendEnd(text[:0], a, version, port)))
	}
	if least >= maxIPv4End {
		return least
	}
	width := -1
	for _, n := range a[12:] {
		width += int(octets[n].length)
	}
	if port != 0 {
		width += len(":") + digits(uint64(port))
	}
	return max(least, width)
}

// protocolNames are those of flow.ProtocolName, ready for every row.
var protocolNames = func() (names [256]string) {
	for i := range names {
		names[i] = flow.ProtocolName(uint8(i))
	}
	return names
}()

func appendProtocol(b []byte, r *record) []byte {
	return append(b, protocolNames[r.Key.Protocol]...)
}

func appendState(b []byte, r *record) []byte { return append(b, r.State.String()...) }

func appendDuration(b []byte, r *record) []byte { return appendSeconds(b, r.Last-r.Start) }
