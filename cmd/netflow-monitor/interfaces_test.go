package main

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture/netdev"
)

func TestPrintInterfaces(t *testing.T) {
	var b bytes.Buffer
	err := printInterfaces(&b, []netdev.Interface{
		{Name: "lo", Up: true, Running: true, Type: "loopback", Addresses: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128"),
		}},
		{
			Name: "eth0", Up: true, Running: true, Type: "ethernet", Speed: 10000, MAC: "02:00:00:00:00:01",
			IsDefault: true, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24")},
		},
		{Name: "eth1", Up: true, Type: "ethernet", Speed: 2500},
		{Name: "wg0", Type: "tunnel"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME            STATE       TYPE      SPEED        MAC                ADDRESSES
lo              up          loopback  -            -                  127.0.0.1/8 ::1/128
eth0 (default)  up          ethernet  10 Gbit/s    02:00:00:00:00:01  192.0.2.7/24
eth1            no carrier  ethernet  2500 Mbit/s  -                  -
wg0             down        tunnel    -            -                  -
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
