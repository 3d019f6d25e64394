package flow

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the Community ID specification prescribes SHA-1; nothing secret depends on it
	"encoding/base64"
	"encoding/binary"
)

// icmpPeers and icmp6Peers map a message type to the type that answers it
// (Community ID specification, version 1). -1: the type is one-way.
var (
	icmpPeers  = peerTable([][2]uint8{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}})
	icmp6Peers = peerTable([][2]uint8{{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}})
)

func peerTable(pairs [][2]uint8) (t [256]int16) {
	for i := range t {
		t[i] = -1
	}
	for _, p := range pairs {
		t[p[0]], t[p[1]] = int16(p[1]), int16(p[0])
	}
	return t
}

// ICMPPorts returns what Key holds in its port fields for a message sent from Src
// to Dst: the type and its counterpart, so that request and reply are one biflow, or
// type and code if nothing answers that type. Then oneWay is true: the same message
// in the other direction is another flow.
func ICMPPorts(protocol, icmpType, icmpCode uint8) (src, dst uint16, oneWay bool) {
	if peer := icmpPeer(protocol, icmpType); peer >= 0 {
		return uint16(icmpType), uint16(peer), false
	}
	return uint16(icmpType), uint16(icmpCode), true
}

func icmpPeer(protocol, icmpType uint8) int16 {
	if protocol == ProtoICMPv6 {
		return icmp6Peers[icmpType]
	}
	return icmpPeers[icmpType]
}

// OneWay reports whether packets in the opposite direction belong to another flow,
// which is so for ICMP messages that nothing answers.
func (k *Key) OneWay() bool {
	return k.IsICMP() && icmpPeer(k.Protocol, uint8(k.SrcPort)) < 0
}

// CommunityID is the flow's Community ID, version 1 with seed 0
// (https://github.com/corelight/community-id-spec), as other tools compute it too.
func (k *Key) CommunityID() string { return string(k.AppendCommunityID(nil)) }

// AppendCommunityID appends the Community ID to b.
func (k *Key) AppendCommunityID(b []byte) []byte {
	var message [40]byte
	sum := sha1.Sum(k.communityMessage(message[:0])) //nolint:gosec // see the import
	return base64.StdEncoding.AppendEncode(append(b, "1:"...), sum[:])
}

// communityMessage is what the specification hashes: seed, addresses, protocol, a
// zero, ports; the smaller end first unless the flow is one-way.
func (k *Key) communityMessage(b []byte) []byte {
	src, dst := k.Src[:], k.Dst[:]
	if k.Version == 4 {
		src, dst = src[12:], dst[12:]
	}
	srcPort, dstPort := k.SrcPort, k.DstPort
	order := bytes.Compare(src, dst)
	if !k.OneWay() && (order > 0 || order == 0 && srcPort > dstPort) {
		src, dst, srcPort, dstPort = dst, src, dstPort, srcPort
	}
	b = append(b, 0, 0)
	b = append(b, src...)
	b = append(b, dst...)
	b = append(b, k.Protocol, 0)
	switch k.Protocol {
	case ProtoTCP, ProtoUDP, ProtoSCTP, ProtoICMP, ProtoICMPv6:
		b = binary.BigEndian.AppendUint16(b, srcPort)
		b = binary.BigEndian.AppendUint16(b, dstPort)
	}
	return b
}
