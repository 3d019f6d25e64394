//go:build linux

package netdev

import (
	"encoding/json"
	"net/netip"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netflow-monitor/internal/e2e/netns"
)

func mustList(t *testing.T) map[string]Interface {
	t.Helper()
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	byName := make(map[string]Interface, len(list))
	for _, i := range list {
		byName[i.Name] = i
	}
	return byName
}

func TestListInNamespace(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	netns.Run(t, "ip", "link", "add", "bridge", "type", "bridge")
	netns.Run(t, "ip", "link", "set", "left", "master", "bridge")
	netns.Run(t, "ip", "link", "add", "overlay", "type", "vxlan", "id", "7", "dev", "right", "dstport", "4789")
	netns.Run(t, "ip", "address", "add", "192.0.2.1/24", "dev", "right")
	netns.Run(t, "ip", "address", "add", "192.0.2.2/24", "dev", "right")
	netns.Run(t, "ip", "address", "add", "2001:db8::1/64", "dev", "right")
	netns.Run(t, "ip", "address", "add", "198.51.100.1", "peer", "198.51.100.2", "dev", "left")
	netns.Run(t, "ip", "route", "add", "default", "via", "192.0.2.254", "dev", "right")

	got := mustList(t)
	if left := got["left"]; left.Master != "bridge" || left.Parent != "" || left.MAC == "" {
		t.Errorf("left is %+v", left)
	}
	if overlay := got["overlay"]; overlay.Parent != "right" || overlay.Master != "" {
		t.Errorf("overlay is %+v", overlay)
	}
	for name, i := range got {
		if i.IsDefault != (name == "right") {
			t.Errorf("%s is the default: %v", name, i.IsDefault)
		}
	}
	if diff := cmp.Diff(ipAddresses(t), addressesOf(got), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("addresses differ from ip(8):\n%s", diff)
	}
}

func addressesOf(list map[string]Interface) map[string][]netip.Prefix {
	addresses := map[string][]netip.Prefix{}
	for name, i := range list {
		addresses[name] = i.Addresses
	}
	return addresses
}

func ipAddresses(t *testing.T) map[string][]netip.Prefix {
	t.Helper()
	var entries []struct {
		Name string `json:"ifname"`
		Info []struct {
			Local string
			Peer  string `json:"address"`
			Bits  int    `json:"prefixlen"`
		} `json:"addr_info"`
	}
	if err := json.Unmarshal(netns.Run(t, "ip", "-json", "address"), &entries); err != nil {
		t.Fatal(err)
	}
	addresses := map[string][]netip.Prefix{}
	for _, e := range entries {
		addresses[e.Name] = nil
		for _, i := range e.Info {
			addresses[e.Name] = append(addresses[e.Name], netip.PrefixFrom(netip.MustParseAddr(i.Local), i.Bits))
		}
	}
	return addresses
}

func TestOffloads(t *testing.T) {
	if _, err := exec.LookPath("ethtool"); err != nil {
		netns.Unavailable(t, "the command ethtool is missing")
	}
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	for _, test := range []struct {
		options []string
		want    []string
	}{
		{[]string{"tso", "off", "gso", "off", "gro", "off"}, nil},
		{[]string{"gro", "on"}, []string{"gro"}},
		{[]string{"gso", "on"}, []string{"gso", "gro"}},
		{[]string{"tx-tcp6-segmentation", "on"}, []string{"tso", "gso", "gro"}},
		{[]string{"tso", "on"}, []string{"tso", "gso", "gro"}},
	} {
		netns.Run(t, "ethtool", append([]string{"-K", "left"}, test.options...)...)
		if diff := cmp.Diff(test.want, mustList(t)["left"].Offloads); diff != "" {
			t.Errorf("after %v: %s", test.options, diff)
		}
	}
}

// A device that goes away while it is asked has none.
func TestOffloadsOfNothing(t *testing.T) {
	driver, err := openEthtool("nothing")
	if err != nil {
		t.Fatal(err)
	}
	defer driver.close()
	if got := driver.on("lo"); got != nil {
		t.Errorf("without the names of features: %v", got)
	}
	named, err := openEthtool("lo")
	if err != nil {
		t.Fatal(err)
	}
	defer named.close()
	if got := named.on("nothing"); got != nil {
		t.Errorf("of an interface that is not there: %v", got)
	}
}
