package main

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture/netdev"
)

func TestPrintInterfaces(t *testing.T) {
	addresses := func(texts ...string) (list []netip.Prefix) {
		for _, text := range texts {
			list = append(list, netip.MustParsePrefix(text))
		}
		return list
	}
	var b bytes.Buffer
	err := printInterfaces(&b, []netdev.Interface{
		{Name: "lo", Up: true, Running: true, Type: "loopback", MTU: 65536, Offloads: []string{"tso", "gso", "gro"}, Addresses: addresses("127.0.0.1/8", "::1/128")},
		{
			Name: "enp130s0f1np1", Up: true, Running: true, Type: "ethernet", Speed: 10000, MAC: "02:00:00:00:00:01", MTU: 9000,
			IsDefault: true, Offloads: []string{"tso", "gso", "gro", "lro", "rx-gro-hw"},
			Addresses: addresses("192.0.2.7/24", "2001:db8:1234:5678:9abc:def0:1234:5678/64"),
		},
		{Name: "eth1", Up: true, Type: "ethernet", Speed: 2500, MTU: 1500},
		{Name: "eth1.7", Type: "vlan", VLAN: 7, Parent: "eth1", Master: "br0", MTU: 1500},
		{Name: "br0", Type: "bridge", MTU: 1500},
		{Name: "veth0123456", Up: true, Type: "veth", Master: "br-0123456789ab", MTU: 1500},
		{Name: "wg0", Type: "wireguard", MTU: 1420, Addresses: addresses("198.51.100.1/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME                     STATE       TYPE                           SPEED        MTU    MAC                OFFLOADS
                         ADDRESSES
lo                       up          loopback                       -            65536  -                  tso gso gro
                         127.0.0.1/8
                         ::1/128
enp130s0f1np1 (default)  up          ethernet                       10 Gbit/s    9000   02:00:00:00:00:01  tso gso gro lro rx-gro-hw
                         192.0.2.7/24
                         2001:db8:1234:5678:9abc:def0:1234:5678/64
eth1                     no carrier  ethernet                       2500 Mbit/s  1500   -                  -
eth1.7                   down        vlan 7 on eth1, port of br0    -            1500   -                  -
br0                      down        bridge                         -            1500   -                  -
veth0123456              no carrier  veth, port of br-0123456789ab  -            1500   -                  -
wg0                      down        wireguard                      -            1420   -                  -
                         198.51.100.1/32
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
