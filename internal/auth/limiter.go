package auth

import (
	"net/netip"
	"time"
)

// Failed attempts that are allowed: a burst, then one for each interval. The
// global bucket bounds the guesses of somebody with many addresses; it never
// touches those who are signed in.
const (
	addressBurst    = 5
	addressInterval = 15 * time.Second
	globalBurst     = 60
	globalInterval  = time.Second
	// maxAddresses bounds the memory; the address seen longest ago makes room.
	maxAddresses = 4096
)

// bucket holds tokens that grow back with time. What is stored is the time at
// which it was, or would have been, empty; so it needs no updating.
type bucket struct {
	empty time.Time
	used  time.Time
}

// limiter is not safe for concurrent use.
type limiter struct {
	global    bucket
	addresses map[netip.Prefix]bucket
}

func newLimiter() *limiter { return &limiter{addresses: make(map[netip.Prefix]bucket)} }

// take counts an attempt. If none is left it returns how long to wait.
func (l *limiter) take(remote netip.Addr, now time.Time) time.Duration {
	network := networkOf(remote)
	b := l.addresses[network]
	if wait := b.wait(now, addressInterval); wait > 0 {
		return wait
	}
	if wait := l.global.wait(now, globalInterval); wait > 0 {
		return wait
	}
	l.global.spend(now, globalBurst, globalInterval)
	b.spend(now, addressBurst, addressInterval)
	if _, ok := l.addresses[network]; !ok && len(l.addresses) >= maxAddresses {
		l.forgetOldest()
	}
	l.addresses[network] = b
	return 0
}

// giveBack undoes take for an attempt that was right.
func (l *limiter) giveBack(remote netip.Addr) {
	network := networkOf(remote)
	if b, ok := l.addresses[network]; ok {
		b.empty = b.empty.Add(-addressInterval)
		l.addresses[network] = b
	}
	l.global.empty = l.global.empty.Add(-globalInterval)
}

func (l *limiter) forgetOldest() {
	var oldest netip.Prefix
	var when time.Time
	for p, b := range l.addresses {
		if when.IsZero() || b.used.Before(when) {
			oldest, when = p, b.used
		}
	}
	delete(l.addresses, oldest)
}

func (b *bucket) wait(now time.Time, interval time.Duration) time.Duration {
	return max(0, b.empty.Add(interval).Sub(now))
}

func (b *bucket) spend(now time.Time, burst int, interval time.Duration) {
	full := now.Add(-time.Duration(burst) * interval)
	if b.empty.Before(full) {
		b.empty = full
	}
	b.empty = b.empty.Add(interval)
	b.used = now
}

// networkOf is the address for IPv4 and its /64 for IPv6, of which one host has plenty.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero prefix for the zero address
	return p
}
