package netdev

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoDefaultRoute is wrapped by Default's error where no route leads everywhere.
var ErrNoDefaultRoute = errors.New("there is no default route")

const (
	procNet = "/proc/net"

	routeUp     = 0x1   // RTF_UP
	routeReject = 0x200 // RTF_REJECT: an unreachable route, as IPv6 has one by default
)

// Default returns the name of the interface with the default route, IPv4's if there
// is one, else IPv6's; of several the one with the lowest metric.
func Default() (string, error) {
	return defaultInterface(procNet)
}

func defaultInterface(dir string) (string, error) {
	for _, table := range []struct {
		file  string
		parse func(fields []string) (route, bool)
	}{
		{"route", parseIPv4},
		{"ipv6_route", parseIPv6},
	} {
		name, err := lowestMetric(filepath.Join(dir, table.file), table.parse)
		if name != "" || err != nil {
			return name, err
		}
	}
	return "", noDefault()
}

// route is a default route.
type route struct {
	device string
	metric uint64
}

// lowestMetric is empty where the table has no default route or does not exist.
func lowestMetric(path string, parse func([]string) (route, bool)) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("routing table: %w", err)
	}
	best := route{metric: math.MaxUint64}
	for line := range strings.Lines(string(text)) {
		if r, ok := parse(strings.Fields(line)); ok && r.metric < best.metric {
			best = r
		}
	}
	return best.device, nil
}

// parseIPv4 reads a line of /proc/net/route: Iface Destination Gateway Flags RefCnt
// Use Metric Mask …; the metric is decimal, the rest hexadecimal.
func parseIPv4(f []string) (route, bool) {
	if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
		return route{}, false
	}
	return newRoute(f[0], f[3], f[6], 10)
}

// parseIPv6 reads a line of /proc/net/ipv6_route: destination and its prefix length,
// source and its prefix length, gateway, metric, reference count, use, flags, device.
func parseIPv6(f []string) (route, bool) {
	if len(f) < 10 || f[1] != "00" || f[3] != "00" {
		return route{}, false
	}
	return newRoute(f[9], f[8], f[5], 16)
}

func newRoute(device, flags, metric string, base int) (route, bool) {
	bits, err := strconv.ParseUint(flags, 16, 32)
	if err != nil || bits&routeUp == 0 || bits&routeReject != 0 {
		return route{}, false
	}
	m, err := strconv.ParseUint(metric, base, 32)
	return route{device, m}, err == nil
}

func noDefault() error {
	links, err := Links()
	if err != nil || len(links) == 0 {
		return fmt.Errorf("%w, and no interface either", ErrNoDefaultRoute)
	}
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.Name
	}
	return fmt.Errorf("%w; there are %s: choose one with -i", ErrNoDefaultRoute, strings.Join(names, ", "))
}
