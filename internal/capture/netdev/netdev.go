// Package netdev lists the machine's network interfaces and finds the one that leads
// to the internet.
package netdev

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Interface is a network interface as it is now.
type Interface struct {
	Name  string
	Index int
	// Up is what the administrator wants, Running whether there is a carrier.
	Up, Running bool
	// Addresses are its addresses, each with its network's prefix length.
	Addresses []netip.Prefix
	// MAC is empty where the interface has none.
	MAC string
	// LinkType is a short name such as "ethernet", "loopback", "tunnel", "ppp"; where
	// it has none, ARPHRD_'s number.
	LinkType string
	// Speed is in Mbit/s; 0 is unknown.
	Speed int
	// MTU is in bytes.
	MTU int
	// IsDefault is true for the interface that Default returns.
	IsDefault bool
}

const sysClassNet = "/sys/class/net"

// List returns all interfaces in the kernel's order. Without a default route none of
// them is marked as the default.
func List() ([]Interface, error) {
	devices, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	byDefault, _ := defaultInterface(procNet)
	list := make([]Interface, 0, len(devices))
	for _, d := range devices {
		list = append(list, Interface{
			Name:      d.Name,
			Index:     d.Index,
			Up:        d.Flags&net.FlagUp != 0,
			Running:   d.Flags&net.FlagRunning != 0,
			Addresses: prefixes(d),
			MAC:       d.HardwareAddr.String(),
			LinkType:  linkType(d),
			Speed:     max(0, readNumber(d.Name, "speed")), // -1: the driver does not know
			MTU:       d.MTU,
			IsDefault: d.Name == byDefault,
		})
	}
	return list, nil
}

// prefixes are the interface's addresses; none if it vanished meanwhile.
func prefixes(d net.Interface) []netip.Prefix {
	addrs, err := d.Addrs()
	if err != nil {
		return nil
	}
	list := make([]netip.Prefix, 0, len(addrs))
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// linkTypes are names for ARPHRD_ numbers (linux/if_arp.h).
var linkTypes = map[int]string{
	1: "ethernet", 32: "infiniband", 512: "ppp", 519: "raw-ip", 768: "tunnel", 769: "tunnel", 772: "loopback",
	776: "tunnel", 778: "tunnel", 801: "wifi-monitor", 802: "wifi-monitor", 803: "wifi-monitor", 823: "tunnel",
	65534: "tunnel",
}

func linkType(d net.Interface) string {
	if d.Flags&net.FlagLoopback != 0 {
		return "loopback"
	}
	number := readNumber(d.Name, "type")
	if name, ok := linkTypes[number]; ok {
		return name
	}
	if number < 0 {
		return "unknown"
	}
	return strconv.Itoa(number)
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
