package stats

import (
	"net/netip"
	"slices"
)

// The levels of an address: how close to home it is.
const (
	LevelOutside = 0
	LevelHome    = 1 // in a home network
	LevelOwn     = 2 // an address of this machine
)

// Home knows which addresses are at home. It does not change once made.
type Home struct {
	own      []netip.Addr
	networks []netip.Prefix
}

// NewHome makes a Home of the machine's own addresses and the home networks; nil
// networks mean DefaultNetworks.
func NewHome(own []netip.Addr, networks []netip.Prefix) *Home {
	if networks == nil {
		networks = DefaultNetworks()
	}
	h := &Home{}
	for _, a := range own {
		if a = a.Unmap().WithZone(""); a.IsValid() && !a.IsUnspecified() {
			h.own = append(h.own, a)
		}
	}
	for _, p := range networks {
		if p.IsValid() {
			h.networks = append(h.networks, p.Masked())
		}
	}
	return h
}

// DefaultNetworks are the ranges that are at home unless said otherwise: private
// (RFC 1918, RFC 4193), link-local (RFC 3927, RFC 4291) and loopback. The shared
// range of RFC 6598 belongs to the provider and is outside.
func DefaultNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("fc00::/7"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("::1/128"),
	}
}

// Level says how close to home an address is. Multicast and broadcast groups and
// the unspecified address are at home: what is sent to or from them stays in, or
// came into, the network that we see.
func (h *Home) Level(a netip.Addr) int {
	a = a.Unmap().WithZone("")
	if slices.Contains(h.own, a) {
		return LevelOwn
	}
	if a.IsMulticast() || a.IsUnspecified() || a == limitedBroadcast {
		return LevelHome
	}
	for _, p := range h.networks {
		if p.Contains(a) {
			return LevelHome
		}
	}
	return LevelOutside
}

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Direction is that of a conversation between an initiator and a responder: the
// side closer to home is inside.
func (h *Home) Direction(initiator, responder netip.Addr) Direction {
	return direction(h.Level(initiator), h.Level(responder))
}

func direction(initiator, responder int) Direction {
	switch {
	case initiator > responder:
		return DirectionOut
	case initiator < responder:
		return DirectionIn
	case initiator >= LevelHome:
		return DirectionInternal
	default:
		return DirectionTransit
	}
}

// AtHome reports whether the address is at home now.
func (e *Engine) AtHome(a netip.Addr) bool {
	e.mu.RLock()
	home := e.home
	e.mu.RUnlock()
	return home.Level(a) >= LevelHome
}
