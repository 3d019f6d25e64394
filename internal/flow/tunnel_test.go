package flow

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTunnelSetText(t *testing.T) {
	for _, s := range []TunnelSet{0, AllTunnels, TunnelVXLAN.Set(), TunnelGRE.Set() | TunnelAYIYA.Set()} {
		if got, ok := ParseTunnelSet(s.String()); !ok || got != s {
			t.Errorf("ParseTunnelSet(%q) = %v, %v", s, got, ok)
		}
	}
	if got, ok := ParseTunnelSet(strings.Join(TunnelKindNames(), " , ")); !ok || got != AllTunnels {
		t.Errorf("all names together are %v, %v", got, ok)
	}
	for _, wrong := range []string{"vxlan,", "all,gre", "VXLAN", "tunnel"} {
		if got, ok := ParseTunnelSet(wrong); ok {
			t.Errorf("ParseTunnelSet(%q) = %v", wrong, got)
		}
	}
}

func TestTunnelText(t *testing.T) {
	tunnel := Tunnel{Kinds: [MaxTunnelDepth]TunnelKind{TunnelGTPU, TunnelTeredo}}
	if got := string(tunnel.AppendKinds(nil)); got != "gtp-u/teredo" {
		t.Errorf("kinds are %q", got)
	}
	if tunnel.SrcAddr().IsValid() {
		t.Error("a tunnel without addresses has one")
	}
	tunnel.Src = netip.MustParseAddr("192.0.2.1").As16()
	if got := tunnel.SrcAddr().String(); got != "192.0.2.1" {
		t.Errorf("source is %s", got)
	}
}
