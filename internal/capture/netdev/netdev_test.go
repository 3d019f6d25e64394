package netdev

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	header4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	eth0    = "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	wlan0   = "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
	local4  = "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	half4   = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
	down4   = "eth2\t00000000\t0100A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0\n"

	zero6    = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	eth6     = zero6 + "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth6\n"
	better6  = zero6 + "fe800000000000000000000000000001 000000ff 00000001 00000000 00000003     eth7\n"
	reject6  = zero6 + "00000000000000000000000000000000 00000001 00000001 00000000 00200200       lo\n"
	network6 = "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000001 00000001 00000000 00000001     eth8\n"
)

func TestDefaultInterface(t *testing.T) {
	for _, test := range []struct {
		name, route4, route6, want string
	}{
		{"one", header4 + local4 + eth0, "", "eth0"},
		{"lowest metric", header4 + wlan0 + eth0, "", "eth0"},
		{"half of the internet is not all of it", header4 + half4 + wlan0, "", "wlan0"},
		{"a route that is down", header4 + down4 + wlan0, "", "wlan0"},
		{"IPv4 before IPv6", header4 + wlan0, eth6, "wlan0"},
		{"IPv6 only", header4, reject6 + network6 + eth6 + better6, "eth7"},
		{"none", header4 + local4, reject6, ""},
		{"damaged", header4 + "eth0\t00000000\n\n", "x\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"route": test.route4, "ipv6_route": test.route6} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := defaultInterface(dir)
			if got != test.want {
				t.Errorf("default interface %q, want %q (%v)", got, test.want, err)
			}
			if (err != nil) != (test.want == "") {
				t.Errorf("error %v", err)
			}
			if test.want == "" && (!errors.Is(err, ErrNoDefaultRoute) || !strings.Contains(err.Error(), "-i")) {
				t.Errorf("error %q does not tell what to do", err)
			}
		})
	}
}

func TestNoRoutingTable(t *testing.T) {
	if _, err := defaultInterface(t.TempDir()); !errors.Is(err, ErrNoDefaultRoute) {
		t.Errorf("error %v", err)
	}
}

// The machine's own interfaces are compared with what the standard library says.
func TestList(t *testing.T) {
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	devices, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(devices) {
		t.Fatalf("%d interfaces, want %d", len(list), len(devices))
	}
	marked := 0
	for i, d := range list {
		if d.Name != devices[i].Name || d.Index != devices[i].Index || d.MTU != devices[i].MTU || d.Type == "" || d.Speed < 0 {
			t.Errorf("%+v differs from %+v", d, devices[i])
		}
		if devices[i].Flags&net.FlagLoopback != 0 && d.Type != "loopback" {
			t.Errorf("link type of %s is %q", d.Name, d.Type)
		}
		addrs, err := devices[i].Addrs()
		if err != nil {
			t.Fatal(err)
		}
		if len(addrs) != len(d.Addresses) {
			t.Errorf("addresses of %s: %v, want %v", d.Name, d.Addresses, addrs)
		}
		if d.IsDefault {
			marked++
		}
	}
	want, err := Default()
	if (err == nil) != (marked == 1) {
		t.Errorf("%d interfaces are marked as the default, and Default gives %q, %v", marked, want, err)
	}
}
