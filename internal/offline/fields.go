package offline

import (
	"net/netip"
	"strconv"

	"netflow-monitor/internal/flow"
)

type record = flow.Record

// sessionFields are the fields of a session in JSON and CSV, in their order. TCP
// flags are letters in the order of the header's bits: F S R P A U E C.
var sessionFields = []column[record]{
	{name: "session_id", kind: text, append: func(b []byte, r *record) []byte { return strconv.AppendUint(b, r.ID, 10) }},
	{name: "community_id", kind: text, append: func(b []byte, r *record) []byte { return r.Key.AppendCommunityID(b) }},
	{name: "ip_protocol", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Key.Protocol) }},
	{name: "protocol", kind: text, append: appendProtocol},
	{name: "src_ip", kind: text, append: func(b []byte, r *record) []byte { return r.Key.SrcAddr().AppendTo(b) }},
	{name: "src_port", kind: number, append: func(b []byte, r *record) []byte { src, _ := r.Key.Ports(); return appendUint(b, src) }},
	{name: "dst_ip", kind: text, append: func(b []byte, r *record) []byte { return r.Key.DstAddr().AppendTo(b) }},
	{name: "dst_port", kind: number, append: func(b []byte, r *record) []byte { _, dst := r.Key.Ports(); return appendUint(b, dst) }},
	{name: "vlan", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Key.VLAN) }},
	{name: "start_time", kind: text, append: func(b []byte, r *record) []byte { return appendTime(b, r.Start) }},
	{name: "last_seen", kind: text, append: func(b []byte, r *record) []byte { return appendTime(b, r.Last) }},
	{name: "duration", kind: number, append: appendDuration},
	{name: "packets_sent", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.Packets) }},
	{name: "packets_received", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.Packets) }},
	{name: "bytes_sent", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.WireBytes) }},
	{name: "bytes_received", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.WireBytes) }},
	{name: "ip_bytes_sent", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.IPBytes) }},
	{name: "ip_bytes_received", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.IPBytes) }},
	{name: "payload_bytes_sent", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.PayloadBytes) }},
	{name: "payload_bytes_received", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.PayloadBytes) }},
	{name: "tcp_flags_sent", kind: text, append: func(b []byte, r *record) []byte { return flow.AppendTCPFlags(b, r.TCPFlagsSent) }},
	{name: "tcp_flags_received", kind: text, append: func(b []byte, r *record) []byte { return flow.AppendTCPFlags(b, r.TCPFlagsReceived) }},
	{name: "state", kind: text, append: appendState},
	{name: "end_reason", kind: text, append: func(b []byte, r *record) []byte { return append(b, r.End.String()...) }},
	{name: "icmp_type", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.ICMPType) }, when: isICMP},
	{name: "icmp_code", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.ICMPCode) }, when: isICMP},
}

// sessionTable are the columns of the table of sessions.
var sessionTable = []column[record]{
	{name: "START", kind: text, append: func(b []byte, r *record) []byte { return appendTime(b, r.Start) }, width: timeWidth},
	{name: "DURATION", kind: number, append: appendDuration},
	{name: "PROTO", kind: text, append: appendProtocol},
	{name: "SOURCE", kind: text, append: func(b []byte, r *record) []byte {
		port, _ := r.Key.Ports()
		return appendEnd(b, r.Key.SrcAddr(), port)
	}},
	{name: "DESTINATION", kind: text, append: func(b []byte, r *record) []byte {
		_, port := r.Key.Ports()
		return appendEnd(b, r.Key.DstAddr(), port)
	}},
	{name: "PKTS SENT", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.Packets) }},
	{name: "RECV", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.Packets) }},
	{name: "BYTES SENT", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Sent.WireBytes) }},
	{name: "RECV", kind: number, append: func(b []byte, r *record) []byte { return appendUint(b, r.Received.WireBytes) }},
	{name: "STATE", kind: text, append: appendState},
}

func appendProtocol(b []byte, r *record) []byte {
	return append(b, flow.ProtocolName(r.Key.Protocol)...)
}

func appendState(b []byte, r *record) []byte { return append(b, r.State.String()...) }

func appendDuration(b []byte, r *record) []byte { return appendSeconds(b, r.Last-r.Start) }

func isICMP(r *record) bool { return r.Key.IsICMP() }

// appendEnd appends an address and its port, if it has one.
func appendEnd(b []byte, addr netip.Addr, port uint16) []byte {
	if port == 0 {
		return addr.AppendTo(b)
	}
	return netip.AddrPortFrom(addr, port).AppendTo(b)
}
