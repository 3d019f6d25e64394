// Package netdev knows the machine's network interfaces: what there is, how much went
// through each, when that changes, and which one leads to the internet. It asks the
// kernel by rtnetlink.
package netdev

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
)

// Interface is a network interface as it is now, with all that a user may want to know.
type Interface struct {
	Name  string
	Index int
	// Up is what the administrator wants, Running whether there is a carrier.
	Up, Running bool
	// Addresses are its addresses, each with its network's prefix length.
	Addresses []netip.Prefix
	// MAC is empty where the interface has none.
	MAC string
	// Type is what a user calls it; see Link.
	Type string
	// VLAN is the 802.1Q identifier of a vlan interface, else 0.
	VLAN uint16
	// Master is the bridge, bond or the like that it is a port of, Parent the interface
	// that it lies on; empty is none.
	Master, Parent string
	// Offloads are those of tso, gso, gro, lro and rx-gro-hw that are on: with them,
	// frames captured are not those on the wire.
	Offloads []string
	// Speed is in Mbit/s; 0 is unknown.
	Speed int
	// MTU is in bytes.
	MTU int
	// IsDefault is true for the interface that Default returns.
	IsDefault bool
}

const sysClassNet = "/sys/class/net"

// List returns all interfaces in the kernel's order. Without a default route none of
// them is marked as the default. It asks every driver; for once a second, see Links.
func List() ([]Interface, error) {
	links, err := Links()
	if err != nil {
		return nil, err
	}
	addresses, err := Addresses()
	if err != nil {
		return nil, err
	}
	if len(links) == 0 {
		return nil, nil
	}
	driver, err := openEthtool(links[0].Name)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	defer driver.close()

	byDefault, _ := defaultInterface(procNet)
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Index] = l.Name
	}
	list := make([]Interface, 0, len(links))
	for _, l := range links {
		list = append(list, Interface{
			Name:      l.Name,
			Index:     l.Index,
			Up:        l.Up,
			Running:   l.Running,
			Addresses: addresses[l.Index],
			MAC:       l.MAC,
			Type:      l.Type,
			VLAN:      l.VLAN,
			Master:    names[l.Master],
			Parent:    names[l.Parent],
			Offloads:  driver.on(l.Name),
			Speed:     max(0, readNumber(l.Name, "speed")), // -1: the driver does not know
			MTU:       l.MTU,
			IsDefault: l.Name == byDefault,
		})
	}
	return list, nil
}

// Addresses returns the addresses of all interfaces in the kernel's order, each with
// its network's prefix length, by the index of the interface.
func Addresses() (map[int][]netip.Prefix, error) {
	entries, err := whole(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	list := map[int][]netip.Prefix{}
	for _, entry := range entries {
		if entry.IPNet == nil {
			continue
		}
		if address, ok := netip.AddrFromSlice(entry.IP); ok { // other families have addresses too
			bits, _ := entry.Mask.Size()
			list[entry.LinkIndex] = append(list[entry.LinkIndex], netip.PrefixFrom(address, bits))
		}
	}
	return list, nil
}

// readNumber reads a value from sysfs; -1 where there is none. Reading the speed of an
// interface that is down fails, for example.
func readNumber(name, what string) int {
	text, err := os.ReadFile(filepath.Join(sysClassNet, name, what))
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return -1
	}
	return n
}
