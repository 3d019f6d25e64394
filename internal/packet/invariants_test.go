package packet

import (
	"testing"

	"netflow-monitor/internal/flow"
)

// checkFrame decodes a frame with and without undoing tunnels and fails if a result
// contradicts itself or the other. It returns the one with tunnels undone.
func checkFrame(t *testing.T, link uint16, data []byte, wire uint32) (Headers, Fault) {
	t.Helper()
	plain := Decoder{}
	var h, again, outer Headers
	fault := undoing.Decode(link, data, wire, &h)
	if undoing.Decode(link, data, wire, &again) != fault || again != h {
		t.Errorf("link %d, %x: the second result differs from the first", link, data)
	}
	if plain.Decode(link, data, wire, &outer) != fault {
		t.Errorf("link %d, %x: whether it can be read depends on what is in it", link, data)
	}
	switch {
	case fault >= FaultCount:
		t.Errorf("fault %d", fault)
	case fault == FaultNone:
		checkHeaders(t, data, wire, &h)
		checkHeaders(t, data, wire, &outer)
		checkTunnel(t, &h, &outer)
	}
	if t.Failed() {
		t.Fatalf("link %d, wire length %d, %x", link, wire, data)
	}
	return h, fault
}

func checkHeaders(t *testing.T, data []byte, wire uint32, h *Headers) {
	t.Helper()
	if h.Version != 4 && h.Version != 6 {
		t.Errorf("version %d", h.Version)
	}
	if frame := max(uint64(wire), uint64(len(data))); uint64(h.IPLen) > frame || h.PayloadLen > h.IPLen {
		t.Errorf("payload %d in IP %d in a frame of %d", h.PayloadLen, h.IPLen, frame)
	}
	if h.Fragment == FragmentLater && (h.SrcPort != 0 || h.DstPort != 0) {
		t.Error("a later fragment with ports")
	}
	if h.Protocol != protoTCP && (h.TCPMSS != 0 || h.TCPHeaderLen != 0) {
		t.Error("TCP without TCP")
	}
}

// checkTunnel compares what a packet is with what it is on the outside.
func checkTunnel(t *testing.T, h, outer *Headers) {
	t.Helper()
	if outer.TunnelDepth != 0 || h.TunnelDepth > flow.MaxTunnelDepth {
		t.Errorf("depth %d, without undoing %d", h.TunnelDepth, outer.TunnelDepth)
		return
	}
	if h.TunnelDepth == 0 {
		if *h != *outer {
			t.Errorf("no tunnel, and yet %+v, not %+v", h, outer)
		}
		return
	}
	for i, kind := range h.Tunnel.Kinds {
		if inside := i < int(h.TunnelDepth); inside != (kind != flow.TunnelNone) || kind >= flow.TunnelKindCount {
			t.Errorf("depth %d, kinds %v", h.TunnelDepth, h.Tunnel.Kinds)
		}
	}
	if h.Tunnel.Src != outer.Src || h.Tunnel.Dst != outer.Dst {
		t.Error("the ends of the tunnel are not those of the outer packet")
	}
	if h.IPLen > outer.PayloadLen {
		t.Errorf("IP length %d within a payload of %d", h.IPLen, outer.PayloadLen)
	}
	if outer.VLAN != 0 && (h.VLAN != outer.VLAN || h.InnerVLAN != outer.InnerVLAN) {
		t.Error("a tag within the tunnel hides that of the frame")
	}
}

var undoing = Decoder{Decapsulate: flow.AllTunnels}
