package app

import (
	"log/slog"
	"maps"
	"net/netip"
	"slices"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/stats"
)

// place is what decides about home: the machine's addresses and the networks around it.
type place struct {
	own      []netip.Addr
	networks []netip.Prefix
}

func (p place) equal(o place) bool {
	return slices.Equal(p.own, o.own) && slices.Equal(p.networks, o.networks)
}

func (p place) home() *stats.Home { return stats.NewHome(p.own, p.networks) }

// here finds it out. The networks that are configured are all there are; without any,
// they are the private ones and those that the machine's interfaces are in.
func here(configured []netip.Prefix, log *slog.Logger) place {
	addresses, err := netdev.Addresses()
	if err != nil {
		log.Warn("own addresses are not known", "error", err)
	}
	outward := -1
	if name, err := netdev.Default(); err == nil {
		if links, err := netdev.Links(); err == nil {
			for _, link := range links {
				if link.Name == name {
					outward = link.Index
				}
			}
		}
	}
	p := place{networks: configured}
	if len(configured) == 0 {
		p.networks = stats.DefaultNetworks()
	}
	for _, index := range slices.Sorted(maps.Keys(addresses)) {
		for _, prefix := range addresses[index] {
			p.own = append(p.own, prefix.Addr())
			if len(configured) == 0 && around(prefix, index == outward) {
				p.networks = append(p.networks, prefix.Masked())
			}
		}
	}
	return p
}

// around reports whether the network of an interface's address is home. One of IPv6 is a
// site's own. Of IPv4, neighbours on the way to the internet are mostly strangers.
func around(prefix netip.Prefix, outward bool) bool {
	a := prefix.Addr()
	if prefix.IsSingleIP() || !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is4() {
		const smallest = 30 // a link between two routers is no network of hosts
		return !outward && prefix.Bits() >= 8 && prefix.Bits() <= smallest
	}
	return prefix.Bits() >= 48
}
