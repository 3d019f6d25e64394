// Package flow is the vocabulary of the program: what a flow is, what a flow
// record says and who consumes it. The words are those of RFC 7011 (IPFIX),
// RFC 7012 (information elements) and RFC 5103 (bidirectional flows).
package flow

import "net/netip"

// Key is the flow key of a biflow, oriented: Src is the initiator, Dst the
// responder (RFC 5103 section 2). It holds no pointers, so tables of keys cost
// the garbage collector nothing.
type Key struct {
	// Src and Dst are 16-byte addresses; IPv4 is stored as IPv4-mapped IPv6.
	Src, Dst [16]byte
	// SrcPort and DstPort are transport ports in host order and 0 where the
	// protocol has none. For ICMP and ICMPv6 they hold what the Community ID
	// specification puts there: message type and its counterpart (request and
	// reply are one session), or type and code where no counterpart exists.
	SrcPort, DstPort uint16
	// VLAN is the outermost 802.1Q identifier, InnerVLAN the next one (802.1ad);
	// 0 where untagged. Range 0–4095.
	VLAN, InnerVLAN uint16
	// Protocol is the IP protocol number (IE 4).
	Protocol uint8
	// Version is 4 or 6 (IE 60).
	Version uint8
	// Point is the observation point: which interface or file saw the flow.
	Point Point
}

// Point is the number of an observation point, an interface or a file, from 1 to
// MaxPoint; 0 is none. The database keeps the numbers.
type Point uint16

// MaxPoint leaves room for a bit beside it.
const MaxPoint Point = 1<<15 - 1

// SrcAddr is the initiator's address.
func (k *Key) SrcAddr() netip.Addr { return addr(k.Src, k.Version) }

// DstAddr is the responder's address.
func (k *Key) DstAddr() netip.Addr { return addr(k.Dst, k.Version) }

// Ports returns the transport ports; 0, 0 for protocols that have none.
func (k *Key) Ports() (src, dst uint16) {
	if k.IsICMP() {
		return 0, 0
	}
	return k.SrcPort, k.DstPort
}

// IsICMP reports whether the port fields hold ICMP or ICMPv6 types.
func (k *Key) IsICMP() bool { return k.Protocol == ProtoICMP || k.Protocol == ProtoICMPv6 }

// Reverse is the same biflow seen from the other end.
func (k *Key) Reverse() Key {
	r := *k
	r.Src, r.Dst = k.Dst, k.Src
	r.SrcPort, r.DstPort = k.DstPort, k.SrcPort
	return r
}

func addr(a [16]byte, version uint8) netip.Addr {
	ip := netip.AddrFrom16(a)
	if version == 4 {
		return ip.Unmap()
	}
	return ip
}
