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
	{"session_id", text, func(b []byte, r *record) []byte { return strconv.AppendUint(b, r.ID, 10) }, nil},
	{"community_id", text, func(b []byte, r *record) []byte { return r.Key.AppendCommunityID(b) }, nil},
	{"ip_protocol", number, func(b []byte, r *record) []byte { return appendUint(b, r.Key.Protocol) }, nil},
	{"protocol", text, appendProtocol, nil},
	{"src_ip", text, func(b []byte, r *record) []byte { return r.Key.SrcAddr().AppendTo(b) }, nil},
	{"src_port", number, func(b []byte, r *record) []byte { src, _ := r.Key.Ports(); return appendUint(b, src) }, nil},
	{"dst_ip", text, func(b []byte, r *record) []byte { return r.Key.DstAddr().AppendTo(b) }, nil},
	{"dst_port", number, func(b []byte, r *record) []byte { _, dst := r.Key.Ports(); return appendUint(b, dst) }, nil},
	{"vlan", number, func(b []byte, r *record) []byte { return appendUint(b, r.Key.VLAN) }, nil},
	{"start_time", text, func(b []byte, r *record) []byte { return appendTime(b, r.Start) }, nil},
	{"last_seen", text, func(b []byte, r *record) []byte { return appendTime(b, r.Last) }, nil},
	{"duration", number, appendDuration, nil},
	{"packets_sent", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.Packets) }, nil},
	{"packets_received", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.Packets) }, nil},
	{"bytes_sent", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.WireBytes) }, nil},
	{"bytes_received", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.WireBytes) }, nil},
	{"ip_bytes_sent", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.IPBytes) }, nil},
	{"ip_bytes_received", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.IPBytes) }, nil},
	{"payload_bytes_sent", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.PayloadBytes) }, nil},
	{"payload_bytes_received", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.PayloadBytes) }, nil},
	{"tcp_flags_sent", text, func(b []byte, r *record) []byte { return appendFlags(b, r.TCPFlagsSent) }, nil},
	{"tcp_flags_received", text, func(b []byte, r *record) []byte { return appendFlags(b, r.TCPFlagsReceived) }, nil},
	{"state", text, appendState, nil},
	{"end_reason", text, func(b []byte, r *record) []byte { return append(b, r.End.String()...) }, nil},
	{"icmp_type", number, func(b []byte, r *record) []byte { return appendUint(b, r.ICMPType) }, isICMP},
	{"icmp_code", number, func(b []byte, r *record) []byte { return appendUint(b, r.ICMPCode) }, isICMP},
}

// sessionTable are the columns of the table of sessions.
var sessionTable = []column[record]{
	{"START", text, func(b []byte, r *record) []byte { return appendTime(b, r.Start) }, nil},
	{"DURATION", number, appendDuration, nil},
	{"PROTO", text, appendProtocol, nil},
	{"SOURCE", text, func(b []byte, r *record) []byte {
		port, _ := r.Key.Ports()
		return appendEnd(b, r.Key.SrcAddr(), port)
	}, nil},
	{"DESTINATION", text, func(b []byte, r *record) []byte {
		_, port := r.Key.Ports()
		return appendEnd(b, r.Key.DstAddr(), port)
	}, nil},
	{"PKTS SENT", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.Packets) }, nil},
	{"RECV", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.Packets) }, nil},
	{"BYTES SENT", number, func(b []byte, r *record) []byte { return appendUint(b, r.Sent.WireBytes) }, nil},
	{"RECV", number, func(b []byte, r *record) []byte { return appendUint(b, r.Received.WireBytes) }, nil},
	{"STATE", text, appendState, nil},
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

func appendFlags(b []byte, flags uint8) []byte {
	for i := range 8 {
		if flags&(1<<i) != 0 {
			b = append(b, "FSRPAUEC"[i])
		}
	}
	return b
}
