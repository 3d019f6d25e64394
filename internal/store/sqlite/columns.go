package sqlite

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// plainColumns are those of a session whose details are none: half of what a row
// costs to write is its number of columns, and most sessions have no details.
var plainColumns = []string{
	"id", "start_time", "last_seen", "end_reason", "src_ip", "dst_ip", "src_port", "dst_port", "protocol",
	"state", "direction",
	"packets_sent", "packets_received", "bytes_sent", "bytes_received",
	"ip_bytes_sent", "ip_bytes_received", "payload_bytes_sent", "payload_bytes_received",
	"tcp_flags_sent", "tcp_flags_received", "icmp_type", "icmp_code", "icmp_ports",
	"vlan", "inner_vlan", "point",
	"rtt_client", "rtt_server", "src_country", "dst_country", "src_asn", "dst_asn",
}

// detailColumns have defaults for sessions without details.
var detailColumns = []string{
	"retransmits_sent", "retransmits_received",
	"retransmitted_bytes_sent", "retransmitted_bytes_received", "out_of_order_sent", "out_of_order_received",
	"zero_windows_sent", "zero_windows_received", "resets_sent", "resets_received",
	"offloaded_packets_sent", "offloaded_packets_received",
	"tunnel", "tunnel_src_ip", "tunnel_dst_ip", "tunnel_id", "also_points", "carried",
}

// sessionColumns is the order in which sessions are written and read.
var sessionColumns = slices.Concat(plainColumns, detailColumns)

var ipColumns = []string{
	"ip", "bytes_sent", "bytes_received", "packets_sent", "packets_received",
	"ip_bytes_sent", "ip_bytes_received", "payload_bytes_sent", "payload_bytes_received",
	"retransmits_sent", "retransmits_received",
	"session_count", "first_seen", "last_seen", "local", "ip_key",
}

var readIPColumns = without(ipColumns, "ip")

var sampleColumns = []string{
	"step", "time", "bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other",
	"new_sessions", "active_sessions", "offered_packets", "offered_bytes", "refused_packets", "refused_bytes",
	"dropped_packets", "truncated_packets", "retransmits",
	"point", "observed", "duplicate_packets", "duplicate_bytes", "offloaded_packets",
	"kernel_packets", "kernel_bytes", "kernel_missed", "kernel_dropped",
}

func without(columns []string, names ...string) []string {
	var kept []string
next:
	for _, c := range columns {
		for _, n := range names {
			if c == n {
				continue next
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// appendSession appends the values of plainColumns.
func appendSession(args []any, s *stats.Session) []any {
	k := &s.Key
	src, dst := k.SrcAddr(), k.DstAddr()
	srcPort, dstPort := k.Ports()
	var icmpPorts int64
	if k.IsICMP() {
		icmpPorts = int64(k.SrcPort)<<16 | int64(k.DstPort)
	}
	return append(args,
		int64(s.ID), s.Start, s.Last, int64(s.End), src.String(), dst.String(), int64(srcPort), int64(dstPort),
		int64(k.Protocol), s.State.String(), s.Direction.String(),
		int64(s.Sent.Packets), int64(s.Received.Packets), int64(s.Sent.WireBytes), int64(s.Received.WireBytes),
		int64(s.Sent.IPBytes), int64(s.Received.IPBytes), int64(s.Sent.PayloadBytes), int64(s.Received.PayloadBytes),
		int64(s.TCPFlagsSent), int64(s.TCPFlagsReceived), int64(s.ICMPType), int64(s.ICMPCode), icmpPorts,
		int64(k.VLAN), int64(k.InnerVLAN), int64(k.Point), s.RTTClient, s.RTTServer,
		s.SrcOrigin.CountryCode(), s.DstOrigin.CountryCode(), int64(s.SrcOrigin.ASN), int64(s.DstOrigin.ASN))
}

// hasDetails reports whether a value of detailColumns is not its default.
func hasDetails(s *stats.Session) bool {
	return s.SentTCP != flow.TCPCounters{} || s.ReceivedTCP != flow.TCPCounters{} || !s.Tunnel.IsZero() ||
		s.Also != flow.PointList{} || s.Carried
}

// appendDetails appends the values of detailColumns.
func appendDetails(args []any, s *stats.Session) []any {
	return append(args,
		int64(s.SentTCP.Retransmits), int64(s.ReceivedTCP.Retransmits),
		int64(s.SentTCP.RetransmittedBytes), int64(s.ReceivedTCP.RetransmittedBytes),
		int64(s.SentTCP.OutOfOrder), int64(s.ReceivedTCP.OutOfOrder),
		int64(s.SentTCP.ZeroWindows), int64(s.ReceivedTCP.ZeroWindows), int64(s.SentTCP.Resets), int64(s.ReceivedTCP.Resets),
		int64(s.SentTCP.OffloadedPackets), int64(s.ReceivedTCP.OffloadedPackets),
		string(s.Tunnel.AppendKinds(nil)), addrText(s.Tunnel.SrcAddr()), addrText(s.Tunnel.DstAddr()), int64(s.Tunnel.ID),
		pointsText(&s.Also), s.Carried)
}

// scanner is a row: sql.Row or sql.Rows.
type scanner interface{ Scan(...any) error }

// scanSession reads sessionColumns.
func scanSession(row scanner) (s stats.Session, err error) {
	k := &s.Key
	var state, direction, src, dst, srcCountry, dstCountry string
	var icmpPorts uint32
	var tunnel tunnelText
	var also string
	err = row.Scan(&s.ID, &s.Start, &s.Last, &s.End, &src, &dst, &k.SrcPort, &k.DstPort, &k.Protocol,
		&state, &direction,
		&s.Sent.Packets, &s.Received.Packets, &s.Sent.WireBytes, &s.Received.WireBytes,
		&s.Sent.IPBytes, &s.Received.IPBytes, &s.Sent.PayloadBytes, &s.Received.PayloadBytes,
		&s.TCPFlagsSent, &s.TCPFlagsReceived, &s.ICMPType, &s.ICMPCode, &icmpPorts,
		&k.VLAN, &k.InnerVLAN, &k.Point, &s.RTTClient, &s.RTTServer,
		&srcCountry, &dstCountry, &s.SrcOrigin.ASN, &s.DstOrigin.ASN,
		&s.SentTCP.Retransmits, &s.ReceivedTCP.Retransmits,
		&s.SentTCP.RetransmittedBytes, &s.ReceivedTCP.RetransmittedBytes,
		&s.SentTCP.OutOfOrder, &s.ReceivedTCP.OutOfOrder,
		&s.SentTCP.ZeroWindows, &s.ReceivedTCP.ZeroWindows, &s.SentTCP.Resets, &s.ReceivedTCP.Resets,
		&s.SentTCP.OffloadedPackets, &s.ReceivedTCP.OffloadedPackets,
		&tunnel.kinds, &tunnel.src, &tunnel.dst, &s.Tunnel.ID,
		&also, &s.Carried)
	if err != nil {
		return s, err
	}
	if k.IsICMP() {
		k.SrcPort, k.DstPort = uint16(icmpPorts>>16), uint16(icmpPorts)
	}
	if s.State, s.Direction, err = parseNames(state, direction); err != nil {
		return s, fmt.Errorf("session %d: %w", s.ID, err)
	}
	if err := tunnel.parse(&s.Tunnel); err != nil {
		return s, fmt.Errorf("session %d: %w", s.ID, err)
	}
	if err := parsePoints(&s.Also, also); err != nil {
		return s, fmt.Errorf("session %d: %w", s.ID, err)
	}
	copy(s.SrcOrigin.Country[:], srcCountry)
	copy(s.DstOrigin.Country[:], dstCountry)
	if err := parseEnds(k, src, dst); err != nil {
		return s, fmt.Errorf("session %d: %w", s.ID, err)
	}
	return s, nil
}

func parseEnds(k *flow.Key, srcText, dstText string) error {
	src, err := netip.ParseAddr(srcText)
	if err != nil {
		return err
	}
	dst, err := netip.ParseAddr(dstText)
	if err != nil {
		return err
	}
	k.Src, k.Dst, k.Version = src.As16(), dst.As16(), version(src)
	return nil
}

func parseNames(state, direction string) (flow.State, stats.Direction, error) {
	st, ok := flow.ParseState(state)
	if !ok {
		return 0, 0, fmt.Errorf("state %q is not known", state)
	}
	for d := stats.DirectionTransit; d <= stats.DirectionInternal; d++ {
		if d.String() == direction {
			return st, d, nil
		}
	}
	return 0, 0, fmt.Errorf("direction %q is not known", direction)
}

func version(a netip.Addr) uint8 {
	if a.Is4() {
		return 4
	}
	return 6
}

// appendIP appends the values of ipColumns.
func appendIP(args []any, p *stats.IP) []any {
	return append(args,
		p.Addr.String(), int64(p.Sent.WireBytes), int64(p.Received.WireBytes), int64(p.Sent.Packets), int64(p.Received.Packets),
		int64(p.Sent.IPBytes), int64(p.Received.IPBytes), int64(p.Sent.PayloadBytes), int64(p.Received.PayloadBytes),
		int64(p.RetransmitsSent), int64(p.RetransmitsReceived),
		int64(p.Sessions), p.First, p.Last, p.Local, addrKey(p.Addr))
}

// scanIP reads readIPColumns.
func scanIP(row scanner) (p stats.IP, err error) {
	var key []byte
	err = row.Scan(&p.Sent.WireBytes, &p.Received.WireBytes, &p.Sent.Packets, &p.Received.Packets,
		&p.Sent.IPBytes, &p.Received.IPBytes, &p.Sent.PayloadBytes, &p.Received.PayloadBytes,
		&p.RetransmitsSent, &p.RetransmitsReceived,
		&p.Sessions, &p.First, &p.Last, &p.Local, &key)
	if err != nil {
		return p, err
	}
	p.Addr, err = keyAddr(key)
	return p, err
}

// appendSample appends the values of sampleColumns.
func appendSample(args []any, step int64, s *stats.Sample) []any {
	return append(args, step, s.Time,
		int64(s.In.Bytes), int64(s.Out.Bytes), int64(s.Other.Bytes),
		int64(s.In.Packets), int64(s.Out.Packets), int64(s.Other.Packets),
		int64(s.NewSessions), int64(s.ActiveSessions),
		int64(s.Input.Packets), int64(s.Input.WireBytes), int64(s.Input.Refused), int64(s.Input.RefusedBytes),
		int64(s.Input.Dropped), int64(s.Input.Truncated), int64(s.Retransmits),
		int64(s.Point), s.Observed, int64(s.Input.Duplicates), int64(s.Input.DuplicateBytes), int64(s.Input.Offloaded),
		int64(s.Input.KernelPackets), int64(s.Input.KernelBytes), int64(s.Input.KernelMissed), int64(s.Input.KernelDropped))
}

// insertSQL is an INSERT of n rows; conflict says what to do with rows that exist.
func insertSQL(table string, columns []string, n int, conflict string) string {
	row := "(?" + strings.Repeat(",?", len(columns)-1) + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ",") + ") VALUES " +
		row + strings.Repeat(","+row, n-1) + " " + conflict
}

// conflictSQL replaces the columns of a row that exists, but for those in other,
// which says how they are joined: "+", "min" or "max".
func conflictSQL(columns []string, other map[string]string, keys ...string) string {
	var sets []string
	for _, c := range without(columns, keys...) {
		switch how := other[c]; how {
		case "":
			sets = append(sets, c+"=excluded."+c)
		case "+":
			sets = append(sets, c+"="+c+"+excluded."+c)
		default:
			sets = append(sets, c+"="+how+"("+c+",excluded."+c+")")
		}
	}
	return "ON CONFLICT (" + strings.Join(keys, ",") + ") DO UPDATE SET " + strings.Join(sets, ",")
}
