package store

import (
	"context"
	"fmt"
	"net/netip"

	"netflow-monitor/internal/stats"
)

// IPs returns IP totals since the database was made, with the rates of now, and
// how many match. Ordered by a rate, only IPs that are in memory are listed; while
// the store can't be read too, with their totals since they came into it.
func (c *Catalog) IPs(ctx context.Context, q stats.IPQuery) ([]stats.IP, int, error) {
	// A failing store is reported by the writer; its totals are then only older.
	_ = c.writer.FlushIfOlder(ctx, maxStale)
	if column, ok := stats.FindColumn(stats.IPColumns, q.OrderBy); ok && !column.Stored {
		return c.ipsByRate(ctx, q)
	}
	ips, total, err := c.store.IPs(ctx, q)
	if c.memoryOnly(ctx, err) {
		ips, total = c.live.IPs(q)
		return ips, total, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("list IPs: %w", err)
	}
	for i := range ips {
		c.overlay(&ips[i])
	}
	return ips, total, nil
}

// IP returns what one address did, or ErrNotFound.
func (c *Catalog) IP(ctx context.Context, addr netip.Addr) (stats.IP, error) {
	_ = c.writer.FlushIfOlder(ctx, maxStale)
	ip, err := c.storedIP(ctx, addr)
	if err != nil {
		if live, ok := c.live.IP(addr); ok {
			return live, nil
		}
		return stats.IP{}, fmt.Errorf("IP %s: %w", addr, err)
	}
	c.overlay(&ip)
	return ip, nil
}

func (c *Catalog) ipsByRate(ctx context.Context, q stats.IPQuery) ([]stats.IP, int, error) {
	ips, total := c.live.IPs(q)
	for i, live := range ips {
		ip, err := c.storedIP(ctx, live.Addr)
		if err != nil {
			continue // not stored yet: what memory knows is all there is
		}
		ip.RateSent, ip.RateReceived, ip.Last = live.RateSent, live.RateReceived, max(ip.Last, live.Last)
		ips[i] = ip
	}
	return ips, total, nil
}

func (c *Catalog) storedIP(ctx context.Context, addr netip.Addr) (stats.IP, error) {
	ips, _, err := c.store.IPs(ctx, stats.IPQuery{Network: netip.PrefixFrom(addr, addr.BitLen()), Limit: 1})
	if err != nil {
		return stats.IP{}, err
	}
	if len(ips) == 0 {
		return stats.IP{}, ErrNotFound
	}
	return ips[0], nil
}

// overlay adds what only memory knows: the rates and the latest packet's time.
func (c *Catalog) overlay(ip *stats.IP) {
	if live, ok := c.live.IP(ip.Addr); ok {
		ip.RateSent, ip.RateReceived = live.RateSent, live.RateReceived
		ip.Last = max(ip.Last, live.Last)
	}
}
