package flow

import (
	"net/netip"
	"strings"
)

// MaxTunnelDepth is how many encapsulations of one packet are undone.
const MaxTunnelDepth = 4

// Tunnel is what the packets of a session came in. It is an attribute of the
// session, not part of its key, and that of the session's first packet.
type Tunnel struct {
	// Src and Dst are the ends of the outermost tunnel, 16-byte addresses (IPv4 as
	// IPv4-mapped IPv6), in the direction of the session's initiator. Zero for
	// tunnels that are not carried in IP.
	Src, Dst [16]byte
	// ID is what the outermost encapsulation that has one calls the tunnel: the VNI
	// of VXLAN, Geneve and NVGRE, the TEID of GTP-U, GRE's key, the session of L2TP
	// and ERSPAN. 0 if there is none.
	ID uint32
	// Kinds are the encapsulations from the outside in; TunnelNone after the last.
	Kinds [MaxTunnelDepth]TunnelKind
}

// IsZero reports whether there is no tunnel.
func (t *Tunnel) IsZero() bool { return t.Kinds[0] == TunnelNone }

// SrcAddr is the near end of the outermost tunnel; invalid if it has no addresses.
func (t *Tunnel) SrcAddr() netip.Addr { return tunnelEnd(t.Src) }

// DstAddr is the far end of the outermost tunnel; invalid if it has no addresses.
func (t *Tunnel) DstAddr() netip.Addr { return tunnelEnd(t.Dst) }

func tunnelEnd(a [16]byte) netip.Addr {
	if a == ([16]byte{}) {
		return netip.Addr{}
	}
	return netip.AddrFrom16(a).Unmap()
}

// AppendKinds appends the names of the encapsulations, outermost first, with a slash
// between: "vxlan", "gtp-u/teredo".
func (t *Tunnel) AppendKinds(b []byte) []byte {
	for i, kind := range t.Kinds {
		if kind == TunnelNone {
			break
		}
		if i > 0 {
			b = append(b, '/')
		}
		b = append(b, kind.String()...)
	}
	return b
}

// TunnelKind is one way to carry packets in packets.
type TunnelKind uint8

// The kinds of tunnels.
const (
	TunnelNone   TunnelKind = iota
	TunnelIPIP              // IPv4 in IP (RFC 2003, RFC 2473)
	Tunnel6in4              // IPv6 in IP (RFC 4213, RFC 2473)
	TunnelGRE               // GRE (RFC 2784, RFC 2890), enhanced GRE (RFC 2637), NVGRE (RFC 7637)
	TunnelERSPAN            // ERSPAN type I, II and III
	TunnelVXLAN             // VXLAN (RFC 7348), VXLAN-GPE
	TunnelGeneve            // Geneve (RFC 8926)
	TunnelGTPU              // GTP-U (3GPP TS 29.281)
	TunnelTeredo            // Teredo (RFC 4380)
	TunnelL2TP              // L2TPv2 (RFC 2661), L2TPv3 (RFC 3931)
	TunnelAYIYA             // AYIYA
	// TunnelKindCount is the number of kinds, TunnelNone included.
	TunnelKindCount
)

var tunnelNames = [TunnelKindCount]string{
	"none", "ipip", "6in4", "gre", "erspan", "vxlan", "geneve", "gtp-u", "teredo", "l2tp", "ayiya",
}

// String is the kind's name in the configuration, the API and the database.
func (k TunnelKind) String() string { return name(tunnelNames[:], int(k)) }

// ParseTunnelKind is the inverse of TunnelKind.String.
func ParseTunnelKind(text string) (TunnelKind, bool) {
	for i, n := range tunnelNames {
		if n == text && i > 0 {
			return TunnelKind(i), true
		}
	}
	return TunnelNone, false
}

// TunnelKindNames lists all kinds but none in their order.
func TunnelKindNames() []string { return append([]string(nil), tunnelNames[1:]...) }

// TunnelSet is a set of kinds.
type TunnelSet uint16

// AllTunnels is the set of all kinds.
const AllTunnels TunnelSet = 1<<TunnelKindCount - 1<<(TunnelNone+1)

// Set is the set of k alone.
func (k TunnelKind) Set() TunnelSet { return 1 << k }

// Has reports whether k is in s.
func (s TunnelSet) Has(k TunnelKind) bool { return s&k.Set() != 0 }

// String is "all", "none", or the kinds' names with commas between.
func (s TunnelSet) String() string {
	switch s {
	case AllTunnels:
		return "all"
	case 0:
		return "none"
	}
	var names []string
	for k := TunnelNone + 1; k < TunnelKindCount; k++ {
		if s.Has(k) {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ",")
}

// ParseTunnelSet is the inverse of TunnelSet.String. Spaces around names and an
// empty text, which is none, are allowed.
func ParseTunnelSet(text string) (s TunnelSet, ok bool) {
	switch strings.TrimSpace(text) {
	case "all":
		return AllTunnels, true
	case "none", "":
		return 0, true
	}
	for name := range strings.SplitSeq(text, ",") {
		kind, ok := ParseTunnelKind(strings.TrimSpace(name))
		if !ok {
			return 0, false
		}
		s |= kind.Set()
	}
	return s, true
}
