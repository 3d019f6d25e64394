package netdev

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// hardwareTypes name interfaces that no kind is known of: cards, and what drivers
// make without telling rtnetlink what it is.
var hardwareTypes = map[uint16]string{
	unix.ARPHRD_ETHER:              "ethernet",
	unix.ARPHRD_INFINIBAND:         "infiniband",
	unix.ARPHRD_CAN:                "can",
	unix.ARPHRD_PPP:                "ppp",
	unix.ARPHRD_RAWIP:              "raw-ip",
	unix.ARPHRD_TUNNEL:             "ipip",
	unix.ARPHRD_TUNNEL6:            "ip6tnl",
	unix.ARPHRD_SIT:                "sit",
	unix.ARPHRD_IPGRE:              "gre",
	unix.ARPHRD_IEEE80211:          "wifi-monitor",
	unix.ARPHRD_IEEE80211_PRISM:    "wifi-monitor",
	unix.ARPHRD_IEEE80211_RADIOTAP: "wifi-monitor",
	unix.ARPHRD_IP6GRE:             "ip6gre",
	unix.ARPHRD_NONE:               "raw-ip", // cellular modems
}

// typeOf names the interface as Link.Type says.
func typeOf(link netlink.Link, hardware uint16) string {
	if hardware == unix.ARPHRD_LOOPBACK {
		return "loopback"
	}
	if kind := kindOf(link, hardware); kind != "" {
		return kind
	}
	if hardware == unix.ARPHRD_ETHER && isWireless(link.Attrs().Name) {
		return "wifi"
	}
	if name, ok := hardwareTypes[hardware]; ok {
		return name
	}
	return strconv.Itoa(int(hardware))
}

// kindOf is IFLA_INFO_KIND, empty where the kernel has none. The library gives some
// kinds the same type, or tells them apart by an address that need not be there.
func kindOf(link netlink.Link, hardware uint16) string {
	switch link.(type) {
	case *netlink.Device:
		return ""
	case *netlink.Tuntap:
		if hardware == unix.ARPHRD_ETHER {
			return "tap"
		}
		return "tun"
	case *netlink.Gretun:
		return hardwareTypes[hardware]
	case *netlink.Vti:
		if hardware == unix.ARPHRD_TUNNEL6 {
			return "vti6"
		}
		return "vti"
	}
	if kind := link.Type(); kind != "dsa" { // the port of a switch is a port like any other
		return kind
	}
	return ""
}

// isCable is true for interfaces that come in pairs: IFLA_LINK is the other end.
func isCable(link netlink.Link) bool {
	switch link.Type() {
	case "veth", "netkit", "vxcan":
		return true
	default:
		return false
	}
}

// isWireless asks sysfs: rtnetlink does not know.
func isWireless(name string) bool {
	for _, mark := range []string{"phy80211", "wireless"} {
		if _, err := os.Lstat(filepath.Join(sysClassNet, name, mark)); err == nil {
			return true
		}
	}
	return false
}
