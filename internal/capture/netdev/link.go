package netdev

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Link is an interface as the kernel's link table has it.
type Link struct {
	Index int
	Name  string
	// Type is what a user calls it: "ethernet", "wifi", "veth", "bridge", "tap" …; else
	// the kernel's kind, else ARPHRD_'s number.
	Type string
	// Hardware is the ARPHRD_ number (linux/if_arp.h).
	Hardware uint16
	// MAC is empty where the interface has none.
	MAC string
	// Up is what the administrator wants, Running whether there is a carrier.
	Up, Running bool
	// MTU is in bytes.
	MTU int
	// Master is the index of the bridge, bond or the like that it is a port of, Parent
	// that of the interface it lies on; 0 is none, or one of another namespace. The other
	// end of a cable (veth) is no parent.
	Master, Parent int
	// VLAN is the 802.1Q identifier of a vlan interface, else 0.
	VLAN uint16
	// Counters are what went through since the interface was made.
	Counters Counters
}

// Counters are struct rtnl_link_stats64 (linux/if_link.h), cumulative since the
// interface was made.
type Counters struct {
	RxPackets, RxBytes, TxPackets, TxBytes, RxDropped, TxDropped, RxErrors, TxErrors, RxMissed uint64
}

// attempts is how often a table is asked for that changes while it is read. A read
// takes the kernel microseconds, so one in vain is rare already.
const attempts = 10

// Links returns all interfaces in the kernel's order, from one look at its table.
func Links() ([]Link, error) {
	messages, err := whole(func() ([][]byte, error) {
		request := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		// netlink.LinkList would ask for every virtual function of the cards too.
		request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		return request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	})
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	links := make([]Link, 0, len(messages))
	for _, message := range messages {
		link, err := netlink.LinkDeserialize(nil, message)
		if err != nil {
			return nil, fmt.Errorf("list interfaces: %w", err)
		}
		links = append(links, newLink(link, nl.DeserializeIfInfomsg(message).Type))
	}
	dropStrangers(links)
	return links, nil
}

// whole asks again while the kernel says that the table changed under the reader's
// hands: entries could be missing or there twice.
func whole[T any](dump func() ([]T, error)) (list []T, err error) {
	for range attempts {
		if list, err = dump(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return list, err
}

func newLink(link netlink.Link, hardware uint16) Link {
	attrs := link.Attrs()
	l := Link{
		Index:    attrs.Index,
		Name:     attrs.Name,
		Type:     typeOf(link, hardware),
		Hardware: hardware,
		MAC:      macOf(attrs),
		Up:       attrs.RawFlags&unix.IFF_UP != 0,
		Running:  attrs.RawFlags&unix.IFF_RUNNING != 0,
		MTU:      attrs.MTU,
		Master:   attrs.MasterIndex,
		Parent:   parentOf(link),
	}
	if vlan, ok := link.(*netlink.Vlan); ok {
		l.VLAN = uint16(vlan.VlanId)
	}
	if s := attrs.Statistics; s != nil {
		l.Counters = Counters{
			RxPackets: s.RxPackets, RxBytes: s.RxBytes, TxPackets: s.TxPackets, TxBytes: s.TxBytes,
			RxDropped: s.RxDropped, TxDropped: s.TxDropped, RxErrors: s.RxErrors, TxErrors: s.TxErrors,
			RxMissed: s.RxMissedErrors,
		}
	}
	return l
}

// macOf leaves out the ends of a tunnel, IPv4 or IPv6 addresses, which the kernel
// keeps in the same place.
func macOf(attrs *netlink.LinkAttrs) string {
	if n := len(attrs.HardwareAddr); n == 4 || n == 16 {
		return ""
	}
	return attrs.HardwareAddr.String()
}

// parentOf is IFLA_LINK, of a vxlan what its data say. With IFLA_LINK_NETNSID it is an
// index of another namespace, and what has it may be any interface here.
func parentOf(link netlink.Link) int {
	attrs := link.Attrs()
	if attrs.NetNsID >= 0 || isCable(link) {
		return 0
	}
	parent := attrs.ParentIndex
	if vxlan, ok := link.(*netlink.Vxlan); ok {
		parent = vxlan.VtepDevIndex
	}
	if parent == attrs.Index {
		return 0
	}
	return parent
}

// dropStrangers clears what refers to an interface that is not in the table.
func dropStrangers(links []Link) {
	known := make(map[int]bool, len(links)+1)
	for i := range links {
		known[links[i].Index] = true
	}
	for i := range links {
		if !known[links[i].Master] {
			links[i].Master = 0
		}
		if !known[links[i].Parent] {
			links[i].Parent = 0
		}
	}
}
