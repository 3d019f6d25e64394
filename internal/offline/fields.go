package offline

import (
	"strconv"

	"netflow-monitor/internal/flow"
)

type record = flow.Record

// The conditions of fields that not every session has.
var (
	onlyInnerVLAN = &condition[record]{func(r *record) bool { return r.Key.InnerVLAN != 0 }, "only with two tags"}
	onlyTunnel    = &condition[record]{func(r *record) bool { return !r.Tunnel.IsZero() }, "only in a tunnel"}
	onlyTunnelIP  = &condition[record]{func(r *record) bool { return r.Tunnel.SrcAddr().IsValid() }, "only in a tunnel that IP carries"}
	onlyTunnelID  = &condition[record]{func(r *record) bool { return r.Tunnel.ID != 0 }, "only in a tunnel that has one"}
	onlyTCP       = &condition[record]{func(r *record) bool { return r.Key.Protocol == flow.ProtoTCP }, "only for TCP"}
	onlyRTT       = &condition[record]{func(r *record) bool { return r.RTTClient > 0 && r.RTTServer > 0 }, "only if the whole handshake was seen"}
	onlyRTTClient = &condition[record]{func(r *record) bool { return r.RTTClient > 0 }, "only if SYN-ACK and ACK were seen"}
	onlyRTTServer = &condition[record]{func(r *record) bool { return r.RTTServer > 0 }, "only if SYN and SYN-ACK were seen"}
	onlyOffload   = &condition[record]{func(r *record) bool { return r.SentTCP.OffloadedPackets+r.ReceivedTCP.OffloadedPackets > 0 }, "only if packets were joined"}
	onlyICMP      = &condition[record]{func(r *record) bool { return r.Key.IsICMP() }, "only for ICMP and ICMPv6"}
)

// sessionFields are the fields of a session in JSON and CSV, in their order.
var sessionFields = []column[record]{
	{name: "session_id", append: func(b []byte, r *record) []byte { return strconv.AppendUint(b, r.ID, 10) },
		about: about{"text", "Identifies the session; its order is that of start times. A number of up to 19 digits, as text because JavaScript rounds such numbers.", "as IE 148"}},
	{name: "community_id", append: func(b []byte, r *record) []byte { return r.Key.AppendCommunityID(b) },
		about: about{"text", "The same in all tools that compute it, with seed 0: a search key for Zeek, Suricata, Arkime and others.", "[Community ID](https://github.com/corelight/community-id-spec) 1"}},
	{name: "ip_protocol", count: func(r *record) uint64 { return uint64(r.Key.Protocol) },
		about: about{"0–255", "Number of the IP protocol: 6 is TCP, 17 UDP, 1 ICMP, 58 ICMPv6.", "IE 4"}},
	{name: "protocol", append: appendProtocol,
		about: about{"text", "Its name, or its number where it has none.", "IANA protocol numbers"}},
	{name: "src_ip", append: func(b []byte, r *record) []byte { return appendAddr(b, &r.Key.Src, r.Key.Version) },
		about: about{"address", "The initiator.", "IE 8, 27; RFC 5103"}},
	{name: "src_port", count: func(r *record) uint64 { src, _ := r.Key.Ports(); return uint64(src) },
		about: about{"0–65535", "Its port; 0 for protocols without ports.", "IE 7"}},
	{name: "dst_ip", append: func(b []byte, r *record) []byte { return appendAddr(b, &r.Key.Dst, r.Key.Version) },
		about: about{"address", "The responder.", "IE 12, 28; RFC 5103"}},
	{name: "dst_port", count: func(r *record) uint64 { _, dst := r.Key.Ports(); return uint64(dst) },
		about: about{"0–65535", "Its port; 0 for protocols without ports.", "IE 11"}},
	{name: "vlan", count: func(r *record) uint64 { return uint64(r.Key.VLAN) },
		about: about{"0–4095", "The outermost VLAN identifier; 0 without a tag.", "IE 243; IEEE 802.1Q"}},
	{name: "inner_vlan", count: func(r *record) uint64 { return uint64(r.Key.InnerVLAN) }, only: onlyInnerVLAN,
		about: about{"1–4095", "The VLAN identifier in the second tag.", "IE 245; IEEE 802.1ad"}},
	{name: "start_time", append: func(b []byte, r *record) []byte { return appendTime(b, r.Start) },
		about: about{"time", "When the first packet was seen.", "IE 156"}},
	{name: "last_seen", append: func(b []byte, r *record) []byte { return appendTime(b, r.Last) },
		about: about{"time", "When the latest packet was seen.", "IE 157"}},
	{name: "duration", bare: true, append: appendDuration,
		about: about{"seconds", "From the first packet to the latest; 0 for a single packet.", "as IE 161"}},
	{name: "packets_sent", count: func(r *record) uint64 { return r.Sent.Packets },
		about: about{"packets", "From initiator to responder.", "IE 2; RFC 5103"}},
	{name: "packets_received", count: func(r *record) uint64 { return r.Received.Packets },
		about: about{"packets", "From responder to initiator.", "IE 2; RFC 5103"}},
	{name: "total_packets", count: func(r *record) uint64 { return r.Sent.Packets + r.Received.Packets },
		about: about{"packets", "Both directions together.", ""}},
	{name: "bytes_sent", count: func(r *record) uint64 { return r.Sent.WireBytes },
		about: about{"bytes", "Wire bytes from initiator to responder.", "IE 352"}},
	{name: "bytes_received", count: func(r *record) uint64 { return r.Received.WireBytes },
		about: about{"bytes", "Wire bytes from responder to initiator.", "IE 352"}},
	{name: "total_bytes", count: func(r *record) uint64 { return r.Sent.WireBytes + r.Received.WireBytes },
		about: about{"bytes", "Wire bytes of both directions together.", ""}},
	{name: "ip_bytes_sent", count: func(r *record) uint64 { return r.Sent.IPBytes },
		about: about{"bytes", "IP bytes from initiator to responder.", "IE 1"}},
	{name: "ip_bytes_received", count: func(r *record) uint64 { return r.Received.IPBytes },
		about: about{"bytes", "IP bytes from responder to initiator.", "IE 1"}},
	{name: "payload_bytes_sent", count: func(r *record) uint64 { return r.Sent.PayloadBytes },
		about: about{"bytes", "Payload bytes from initiator to responder.", ""}},
	{name: "payload_bytes_received", count: func(r *record) uint64 { return r.Received.PayloadBytes },
		about: about{"bytes", "Payload bytes from responder to initiator.", ""}},
	{name: "tcp_flags_sent", append: func(b []byte, r *record) []byte { return flow.AppendTCPFlags(b, r.TCPFlagsSent) },
		about: about{"letters", "All TCP flags that the initiator set; empty for other protocols.", "IE 6; RFC 9293 §3.1"}},
	{name: "tcp_flags_received", append: func(b []byte, r *record) []byte { return flow.AppendTCPFlags(b, r.TCPFlagsReceived) },
		about: about{"letters", "All TCP flags that the responder set; empty for other protocols.", "IE 6; RFC 9293 §3.1"}},
	{name: "state", append: appendState,
		about: about{"a [state](#states)", "What is known of the conversation.", "RFC 9293 §3.3.2"}},
	{name: "end_reason", append: func(b []byte, r *record) []byte { return append(b, r.End.String()...) },
		about: about{"an [end reason](#end-reasons)", "Why nothing more is counted on this session.", "IE 136"}},
	{name: "rtt_ms", bare: true, append: func(b []byte, r *record) []byte { return appendMillis(b, r.RTTClient+r.RTTServer) }, only: onlyRTT,
		about: about{"milliseconds", "Round trip time between initiator and responder: the sum of the next two.", "RFC 9293 §3.5"}},
	{name: "rtt_client_ms", bare: true, append: func(b []byte, r *record) []byte { return appendMillis(b, r.RTTClient) }, only: onlyRTTClient,
		about: about{"milliseconds", "From the SYN-ACK to the ACK that answers it: from where packets were captured to the initiator and back.", "RFC 9293 §3.5"}},
	{name: "rtt_server_ms", bare: true, append: func(b []byte, r *record) []byte { return appendMillis(b, r.RTTServer) }, only: onlyRTTServer,
		about: about{"milliseconds", "From the SYN to the SYN-ACK: from where packets were captured to the responder and back.", "RFC 9293 §3.5"}},
	{name: "retransmits_sent", count: func(r *record) uint64 { return r.SentTCP.Retransmits }, only: onlyTCP,
		about: about{"packets", "Segments from the initiator of which all or part had been seen before.", "RFC 9293 §3.8.1"}},
	{name: "retransmits_received", count: func(r *record) uint64 { return r.ReceivedTCP.Retransmits }, only: onlyTCP,
		about: about{"packets", "The same from the responder.", "RFC 9293 §3.8.1"}},
	{name: "retransmitted_bytes_sent", count: func(r *record) uint64 { return r.SentTCP.RetransmittedBytes }, only: onlyTCP,
		about: about{"bytes", "Payload bytes from the initiator that had been seen before.", "RFC 9293 §3.8.1"}},
	{name: "retransmitted_bytes_received", count: func(r *record) uint64 { return r.ReceivedTCP.RetransmittedBytes }, only: onlyTCP,
		about: about{"bytes", "The same from the responder.", "RFC 9293 §3.8.1"}},
	{name: "out_of_order_sent", count: func(r *record) uint64 { return r.SentTCP.OutOfOrder }, only: onlyTCP,
		about: about{"packets", "Segments from the initiator that fill a gap: sent before one that had already been seen.", "RFC 9293 §3.10.7.4"}},
	{name: "out_of_order_received", count: func(r *record) uint64 { return r.ReceivedTCP.OutOfOrder }, only: onlyTCP,
		about: about{"packets", "The same from the responder.", "RFC 9293 §3.10.7.4"}},
	{name: "zero_windows_sent", count: func(r *record) uint64 { return r.SentTCP.ZeroWindows }, only: onlyTCP,
		about: about{"times", "How often the initiator closed its receive window: it could not keep up.", "RFC 9293 §3.8.6"}},
	{name: "zero_windows_received", count: func(r *record) uint64 { return r.ReceivedTCP.ZeroWindows }, only: onlyTCP,
		about: about{"times", "The same for the responder.", "RFC 9293 §3.8.6"}},
	{name: "resets_sent", count: func(r *record) uint64 { return r.SentTCP.Resets }, only: onlyTCP,
		about: about{"packets", "Segments with RST from the initiator.", "RFC 9293 §3.5.2"}},
	{name: "resets_received", count: func(r *record) uint64 { return r.ReceivedTCP.Resets }, only: onlyTCP,
		about: about{"packets", "Segments with RST from the responder.", "RFC 9293 §3.5.2"}},
	{name: "wire_packets_sent", count: func(r *record) uint64 { return r.Sent.Packets + r.SentTCP.OffloadedPackets }, only: onlyOffload,
		about: about{"packets", "What `packets_sent` was on the wire, before the kernel or the network card joined segments (GRO, TSO), by the segment size.", ""}},
	{name: "wire_packets_received", count: func(r *record) uint64 { return r.Received.Packets + r.ReceivedTCP.OffloadedPackets }, only: onlyOffload,
		about: about{"packets", "What `packets_received` was on the wire.", ""}},
	{name: "wire_packets_estimated", bare: true, append: func(b []byte, _ *record) []byte { return append(b, "true"...) }, only: onlyOffload,
		about: about{unitTrue, "Says that the two before it are estimates.", ""}},
	{name: "tunnel", append: func(b []byte, r *record) []byte { return r.Tunnel.AppendKinds(b) }, only: onlyTunnel,
		about: about{"[tunnels](#tunnels)", "What the session's first packet came in, from the outside in, with `/` between: `vxlan`, `gtp-u/teredo`.", ""}},
	{name: "tunnel_src_ip", append: func(b []byte, r *record) []byte { return r.Tunnel.SrcAddr().AppendTo(b) }, only: onlyTunnelIP,
		about: about{"address", "The end of the outermost tunnel on the initiator's side.", ""}},
	{name: "tunnel_dst_ip", append: func(b []byte, r *record) []byte { return r.Tunnel.DstAddr().AppendTo(b) }, only: onlyTunnelIP,
		about: about{"address", "The end of the outermost tunnel on the responder's side.", ""}},
	{name: "tunnel_id", count: func(r *record) uint64 { return uint64(r.Tunnel.ID) }, only: onlyTunnelID,
		about: about{"number", "What the outermost encapsulation that has one calls the tunnel: VNI, TEID, key or session.", "IE 351 for VNI"}},
	{name: "icmp_type", count: func(r *record) uint64 { return uint64(r.ICMPType) }, only: onlyICMP,
		about: about{"0–255", "Type of the initiator's first message.", "IE 176, 178"}},
	{name: "icmp_code", count: func(r *record) uint64 { return uint64(r.ICMPCode) }, only: onlyICMP,
		about: about{"0–255", "Code of the initiator's first message.", "IE 177, 179"}},
}

// sessionTable are the columns of the table of sessions.
var sessionTable = []column[record]{
	{name: "START", append: func(b []byte, r *record) []byte { return appendTime(b, r.Start) }, width: timeWidth},
	{name: "DURATION", bare: true, append: appendDuration, measure: func(r *record, least int) int { return max(least, secondsWidth(r.Last-r.Start)) }},
	{name: "PROTO", append: appendProtocol, measure: func(r *record, least int) int { return max(least, len(protocolNames[r.Key.Protocol])) }},
	{name: "SOURCE",
		append: func(b []byte, r *record) []byte {
			port, _ := r.Key.Ports()
			return appendEnd(b, &r.Key.Src, r.Key.Version, port)
		},
		measure: func(r *record, least int) int {
			port, _ := r.Key.Ports()
			return endWidth(&r.Key.Src, r.Key.Version, port, least)
		}},
	{name: "DESTINATION",
		append: func(b []byte, r *record) []byte {
			_, port := r.Key.Ports()
			return appendEnd(b, &r.Key.Dst, r.Key.Version, port)
		},
		measure: func(r *record, least int) int {
			_, port := r.Key.Ports()
			return endWidth(&r.Key.Dst, r.Key.Version, port, least)
		}},
	{name: "PKTS SENT", count: func(r *record) uint64 { return r.Sent.Packets }},
	{name: "RECV", count: func(r *record) uint64 { return r.Received.Packets }},
	{name: "BYTES SENT", count: func(r *record) uint64 { return r.Sent.WireBytes }},
	{name: "RECV", count: func(r *record) uint64 { return r.Received.WireBytes }},
	{name: "STATE", append: appendState},
}
