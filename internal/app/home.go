package app

import (
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/stats"
)

// homeInterval is how often the machine's own addresses are looked at: they change
// with DHCP and with every VPN.
const homeInterval = 10 * time.Second

// ownAddresses are the machine's addresses, in the order of its interfaces.
func ownAddresses(log *slog.Logger) []netip.Addr {
	addresses, err := netdev.Addresses()
	if err != nil {
		log.Warn("own addresses are not known", "error", err)
	}
	var own []netip.Addr
	for _, index := range slices.Sorted(maps.Keys(addresses)) {
		for _, prefix := range addresses[index] {
			own = append(own, prefix.Addr())
		}
	}
	return own
}

// followHome tells the statistics where home is until ctx ends.
func followHome(ctx context.Context, engine *stats.Engine, log *slog.Logger) {
	tick := time.NewTicker(homeInterval)
	defer tick.Stop()
	known := ownAddresses(log)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if own := ownAddresses(log); !slices.Equal(own, known) {
			known = own
			engine.SetHome(stats.NewHome(own, nil))
		}
	}
}
