//go:build linux

package netns_test

import (
	"net"
	"testing"

	"netflow-monitor/internal/e2e/netns"
)

func TestEnter(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	devices, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		if d.Flags&net.FlagUp != 0 && d.Flags&net.FlagLoopback == 0 {
			t.Errorf("%s is up in a namespace that should be empty", d.Name)
		}
	}
}

func TestNeighbour(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "here", "there")
	other := netns.Neighbour(t)
	other.Take(t, "there")
	netns.Run(t, "ip", "address", "add", "192.0.2.1/24", "dev", "here")
	other.Run(t, "ip", "address", "add", "192.0.2.2/24", "dev", "there")
	before := netns.Count(t, "here")
	other.Run(t, "ip", "link", "set", "there", "up")
	other.Run(t, "ip", "neighbour", "add", "192.0.2.1", "lladdr", address(t, "here"), "dev", "there")
	other.Run(t, "bash", "-c", "echo hello >/dev/udp/192.0.2.1/9")
	if after := netns.Count(t, "here"); after.RxPackets == before.RxPackets {
		t.Error("nothing arrived from the other namespace")
	}
}

func address(t *testing.T, name string) string {
	t.Helper()
	d, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return d.HardwareAddr.String()
}
