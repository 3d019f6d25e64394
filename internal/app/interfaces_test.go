package app

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/mediator"
)

// office is a machine with about everything: two cards in a bond, VLANs on that, one of
// them in a bridge with a virtual machine, and tunnels.
func office() map[int32]netdev.Link {
	links := map[int32]netdev.Link{}
	for _, link := range []netdev.Link{
		{Index: 1, Name: "lo", Type: "loopback", Hardware: unix.ARPHRD_LOOPBACK},
		{Index: 2, Name: "eth0", Type: "ethernet", Master: 4},
		{Index: 3, Name: "eth1", Type: "ethernet", Master: 4},
		{Index: 4, Name: "bond0", Type: "bond"},
		{Index: 5, Name: "bond0.10", Type: "vlan", Parent: 4, VLAN: 10, Master: 7},
		{Index: 6, Name: "bond0.10.20", Type: "vlan", Parent: 5, VLAN: 20},
		{Index: 7, Name: "br0", Type: "bridge"},
		{Index: 8, Name: "vnet0", Type: "tap", Master: 7},
		{Index: 9, Name: "wg0", Type: "wireguard", Hardware: unix.ARPHRD_NONE},
		{Index: 10, Name: "gre1", Type: "gre", Hardware: unix.ARPHRD_IPGRE},
		{Index: 11, Name: "loop0", Type: "dummy", Parent: 12},
		{Index: 12, Name: "loop1", Type: "dummy", Parent: 11},
	} {
		link.Up = true
		if link.Hardware == 0 {
			link.Hardware = unix.ARPHRD_ETHER
		}
		links[int32(link.Index)] = link
	}
	return links
}

func inOffice(t *testing.T) *interfaces {
	t.Helper()
	f := newInterfaces(nil, func(context.Context, flow.Point, string) error { return nil }, slog.New(slog.DiscardHandler))
	f.links = office()
	f.heights = heights(f.links)
	return f
}

func TestTraits(t *testing.T) {
	f := inOffice(t)
	for name, want := range map[string]mediator.Traits{
		"eth0":        {},
		"vnet0":       {},
		"bond0":       {Height: 1},
		"bond0.10":    {Height: 2, VLAN: 10},
		"bond0.10.20": {Height: 3, VLAN: 10, InnerVLAN: 20},
		"br0":         {Height: 3},
		"wg0":         {Carried: true},
		"gre1":        {}, // it can be looked into on the wire
		"gone0":       {},
	} {
		if diff := cmp.Diff(want, f.traits(f.number(name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if h := f.heights[11]; h > 16 {
		t.Errorf("interfaces on one another are %d high", h)
	}
}

// What a tunnel enciphers is in other packets only if those are captured too.
func TestCarriedOnlyBesideItsCable(t *testing.T) {
	f := inOffice(t)
	for names, want := range map[string]bool{"any": true, "wg0": false, "eth0,wg0": true, "wg0,gone0": false, "lo,wg0": false} {
		l := &live{interfaces: f, config: afpacket.Config{Interfaces: strings.Split(names, ",")}}
		a := &liveCapture{live: l}
		if got := a.traits(f.number("wg0")); got.Carried != want {
			t.Errorf("%s: carried is %v", names, got.Carried)
		}
	}
}

func TestNumbersAreKept(t *testing.T) {
	full := errors.New("disk is full")
	var saved []string
	fail := full
	f := newInterfaces(map[flow.Point]string{3: "eth0"}, func(_ context.Context, _ flow.Point, name string) error {
		if fail == nil {
			saved = append(saved, name)
		}
		return fail
	}, slog.New(slog.DiscardHandler))
	if a, b, again := f.number("eth0"), f.number("wlan0"), f.number("wlan0"); a != 3 || b != 4 || again != 4 {
		t.Errorf("numbers %d, %d, %d", a, b, again)
	}
	if err := f.keep(t.Context()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	fail = nil
	f.number("wg0")
	for range 2 {
		if err := f.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"wlan0", "wg0"}, saved); diff != "" {
		t.Error(diff)
	}
	f.newest = flow.MaxPoint - 1
	last := f.number("veth1")
	if other := f.number("veth2"); other != last || f.name(last) != "other" {
		t.Errorf("%d and %d, called %s", last, other, f.name(last))
	}
}

func TestLinkEvents(t *testing.T) {
	several := &live{config: afpacket.Config{Interfaces: []string{"eth0", "wg0"}}}
	all := &live{config: afpacket.Config{Interfaces: []string{"any"}}}
	one := &live{config: afpacket.Config{Interfaces: []string{"eth0"}}}
	change := func(index int32, edit func(*netdev.Link)) map[int32]netdev.Link {
		links := office()
		link := links[index]
		edit(&link)
		links[index] = link
		return links
	}
	without := office()
	delete(without, 2)
	can := office()
	can[99] = netdev.Link{Index: 99, Name: "can0", Up: true, Hardware: unix.ARPHRD_CAN}
	again := office()
	delete(again, 2)
	again[99] = netdev.Link{Index: 99, Name: "eth0", Up: true, Hardware: unix.ARPHRD_ETHER}
	for name, c := range map[string]struct {
		l           *live
		before, now map[int32]netdev.Link
		want        []string
	}{
		"nothing":              {several, office(), office(), nil},
		"a named one goes":     {several, office(), without, []string{"interface_gone"}},
		"it comes back":        {several, without, office(), []string{"interface_back"}},
		"made anew":            {several, office(), again, []string{"interface_gone", "interface_back"}},
		"one of all goes":      {all, office(), without, []string{"interface_removed"}},
		"one of all comes":     {all, without, office(), []string{"interface_added"}},
		"one can't be decoded": {all, office(), can, nil},
		"the only one goes":    {one, office(), without, nil}, // the monitor tells
		"down":                 {several, office(), change(2, func(l *netdev.Link) { l.Up = false }), []string{"interface_gone"}},
		"renamed":              {several, office(), change(2, func(l *netdev.Link) { l.Name = "lan0" }), []string{"interface_gone", "interface_renamed"}},
		"another MTU":          {one, office(), change(2, func(l *netdev.Link) { l.MTU = 9000 }), []string{"interface_mtu"}},
		"another type":         {one, office(), change(2, func(l *netdev.Link) { l.Hardware = 512 }), []string{"interface_link_type"}},
		"of no concern":        {one, office(), change(3, func(l *netdev.Link) { l.MTU = 9000 }), nil},
		"the loopback is none": {all, office(), change(1, func(l *netdev.Link) { l.Up = false }), nil},
	} {
		var got []string
		for _, e := range c.l.linkEvents(c.before, c.now) {
			got = append(got, e.Kind)
			if e.Params["source"] == "" || e.Message == "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNetworksAround(t *testing.T) {
	for _, c := range []struct {
		prefix          string
		outward, around bool
	}{
		{"192.168.1.2/24", false, false}, // private: home anyway
		{"198.51.100.2/24", false, true},
		{"198.51.100.2/24", true, false},
		{"198.51.100.2/31", false, false},
		{"198.51.100.2/32", false, false},
		{"2001:db8:1::2/64", true, true},
		{"2001:db8:1::2/128", true, false},
		{"2001:db8:1::2/32", true, false},
		{"fe80::1/64", false, false},
		{"fd00::1/64", false, false},
	} {
		if got := around(netip.MustParsePrefix(c.prefix), c.outward); got != c.around {
			t.Errorf("%s, outward %v: %v", c.prefix, c.outward, got)
		}
	}
}
