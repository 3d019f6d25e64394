// Package packet turns one frame's bytes into the headers a flow is made of. It
// allocates nothing, never panics on any input, and imports only the standard library
// and the vocabulary of flows.
package packet

import "netflow-monitor/internal/flow"

// Headers is what the meter needs of one packet: of the innermost one, if it came in
// tunnels that are undone. Decode overwrites all of it but a Tunnel that is not there.
type Headers struct {
	// Src and Dst are 16-byte addresses; IPv4 is stored as IPv4-mapped IPv6.
	Src, Dst [16]byte
	// SrcPort and DstPort are the transport ports; 0 where there are none or where
	// a later fragment does not carry them.
	SrcPort, DstPort uint16
	// VLAN is the outermost 802.1Q identifier and InnerVLAN the next; 0 if untagged.
	// Those within a tunnel count only if the frame itself has none: TunnelTags.
	VLAN, InnerVLAN uint16
	// IPLen is the IP packet's length in bytes as its header says: IPv4 total
	// length; IPv6 40 + payload length, or the jumbo length (RFC 2675). For a
	// packet from segmentation offload whose header says 0 it comes from the frame.
	IPLen uint32
	// PayloadLen is the number of bytes after the transport header, as the headers
	// say, whether captured or not; after the IP headers for protocols without one.
	PayloadLen uint32
	// TCPSeq, TCPAck and TCPWindow are valid for TCP.
	TCPSeq, TCPAck uint32
	TCPWindow      uint16
	// TCPMSS is the maximum segment size option of a TCP segment with SYN in bytes
	// (RFC 9293 §3.7.1); 0 if it has none. TCPHeaderLen is the header with its options.
	TCPMSS       uint16
	TCPFlags     uint8
	TCPHeaderLen uint8
	// TunnelDepth is the number of tunnels that were undone; only if it is not 0 is
	// Tunnel valid.
	TunnelDepth uint8
	// Version is 4 or 6.
	Version uint8
	// Protocol is that of the transport, after all IPv6 extension headers.
	Protocol uint8
	// ICMPType and ICMPCode are valid for ICMP and ICMPv6.
	ICMPType, ICMPCode uint8
	// Fragment tells whole packets from first and later fragments; FragmentID is
	// the IP identification where it is not FragmentNone.
	Fragment   Fragment
	FragmentID uint32
	// Cut is true if the capture ended before the transport header did: ports or
	// flags may be 0 though the packet had them.
	Cut bool
	// TunnelTags says that VLAN is that of a frame within a tunnel.
	TunnelTags bool
	// FragmentOuter says that Fragment is about the datagram of the outermost tunnel,
	// between the ends that Tunnel has, and the packet within it is whole.
	FragmentOuter bool
	// Tunnel is what the packet came in, its ends in the direction of this packet.
	// Decode leaves alone what is of no meaning: most packets come in none.
	Tunnel flow.Tunnel
}

// clear zeroes all but the addresses and the Tunnel. The order is that of the fields,
// which leave no holes, so that a few wide stores do it.
func (h *Headers) clear() {
	h.SrcPort, h.DstPort, h.VLAN, h.InnerVLAN = 0, 0, 0, 0
	h.IPLen, h.PayloadLen = 0, 0
	h.TCPSeq, h.TCPAck = 0, 0
	h.TCPWindow, h.TCPMSS, h.TCPFlags, h.TCPHeaderLen, h.TunnelDepth, h.Version = 0, 0, 0, 0, 0, 0
	h.Protocol, h.ICMPType, h.ICMPCode, h.Fragment, h.FragmentID = 0, 0, 0, FragmentNone, 0
	h.Cut, h.TunnelTags, h.FragmentOuter = false, false, false
}

// Fragment is a packet's place in a fragmented datagram.
type Fragment uint8

// The places of a packet in a datagram.
const (
	FragmentNone  Fragment = iota // not fragmented
	FragmentFirst                 // offset 0, more follow: carries the transport header
	FragmentLater                 // offset > 0: carries none
)
