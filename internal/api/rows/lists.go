package rows

import "netflow-monitor/internal/api/wire"

// The values of each type, in the order of its fields in package wire, which a test
// compares them with.

func session(c *cells, s *wire.Session) {
	c.text("session_id", s.SessionID)
	c.text("community_id", s.CommunityID)
	c.text("src_ip", s.SrcIP)
	c.text("dst_ip", s.DstIP)
	c.number("src_port", uint64(s.SrcPort))
	c.number("dst_port", uint64(s.DstPort))
	c.text("protocol", s.Protocol)
	c.number("ip_protocol", uint64(s.IPProtocol))
	c.number("vlan", uint64(s.VLAN))
	c.number("inner_vlan", uint64(s.InnerVLAN))
	c.text("interface", s.Interface)
	c.textsIf("also_seen", s.AlsoSeen)
	c.flagIf("carried", s.Carried)
	c.time("start_time", s.StartTime)
	c.time("last_seen", s.LastSeen)
	c.decimal("duration", s.Duration)
	sessionCounters(c, s)
	sessionState(c, s)
	sessionQuality(c, s)
	c.textIf("tunnel", s.Tunnel)
	c.textIf("tunnel_src_ip", s.TunnelSrcIP)
	c.textIf("tunnel_dst_ip", s.TunnelDstIP)
	c.numberIf("tunnel_id", uint64(s.TunnelID))
	location(c, "src_location", &s.SrcLocation)
	location(c, "dst_location", &s.DstLocation)
}

func sessionCounters(c *cells, s *wire.Session) {
	c.number("packets_sent", s.PacketsSent)
	c.number("packets_received", s.PacketsReceived)
	c.number("bytes_sent", s.BytesSent)
	c.number("bytes_received", s.BytesReceived)
	c.number("ip_bytes_sent", s.IPBytesSent)
	c.number("ip_bytes_received", s.IPBytesReceived)
	c.number("payload_bytes_sent", s.PayloadBytesSent)
	c.number("payload_bytes_received", s.PayloadBytesReceived)
	c.number("total_packets", s.TotalPackets)
	c.number("total_bytes", s.TotalBytes)
	c.decimal("rate_sent", s.RateSent)
	c.decimal("rate_received", s.RateReceived)
}

func sessionState(c *cells, s *wire.Session) {
	c.text("tcp_flags_sent", s.TCPFlagsSent)
	c.text("tcp_flags_received", s.TCPFlagsReceived)
	octet := func(name string, v uint8) { c.number(name, uint64(v)) }
	pointerIf(c, "icmp_type", s.ICMPType, octet)
	pointerIf(c, "icmp_code", s.ICMPCode, octet)
	c.text("state", s.State)
	c.flag("active", s.Active)
	c.text("end_reason", s.EndReason)
	c.text("direction", s.Direction)
}

func sessionQuality(c *cells, s *wire.Session) {
	pointerIf(c, "rtt_ms", s.RTTMs, c.decimal)
	pointerIf(c, "rtt_client_ms", s.RTTClientMs, c.decimal)
	pointerIf(c, "rtt_server_ms", s.RTTServerMs, c.decimal)
	c.number("retransmits_sent", s.RetransmitsSent)
	c.number("retransmits_received", s.RetransmitsReceived)
	c.number("retransmitted_bytes_sent", s.RetransmittedBytesSent)
	c.number("retransmitted_bytes_received", s.RetransmittedBytesReceived)
	c.number("out_of_order_sent", s.OutOfOrderSent)
	c.number("out_of_order_received", s.OutOfOrderReceived)
	c.number("zero_windows_sent", s.ZeroWindowsSent)
	c.number("zero_windows_received", s.ZeroWindowsReceived)
	c.number("resets_sent", s.ResetsSent)
	c.number("resets_received", s.ResetsReceived)
	pointerIf(c, "wire_packets_sent", s.WirePacketsSent, c.number)
	pointerIf(c, "wire_packets_received", s.WirePacketsReceived, c.number)
	c.flagIf("wire_packets_estimated", s.WirePacketsEstimated)
}

func location(c *cells, name string, l *wire.Location) {
	c.open(name)
	c.text("scope", l.Scope)
	c.text("country", l.Country)
	c.text("country_code", l.CountryCode)
	c.text("city", l.City)
	pointer(c, "latitude", l.Latitude, c.decimal)
	pointer(c, "longitude", l.Longitude, c.decimal)
	c.text("isp", l.ISP)
	c.number("asn", uint64(l.ASN))
	c.close()
}

func ip(c *cells, x *wire.IP) {
	c.text("ip", x.IP)
	c.number("bytes_sent", x.BytesSent)
	c.number("bytes_received", x.BytesReceived)
	c.number("total_bytes", x.TotalBytes)
	c.number("packets_sent", x.PacketsSent)
	c.number("packets_received", x.PacketsReceived)
	c.number("total_packets", x.TotalPackets)
	c.decimal("rate_sent", x.RateSent)
	c.decimal("rate_received", x.RateReceived)
	c.number("session_count", x.SessionCount)
	c.number("retransmits_sent", x.RetransmitsSent)
	c.number("retransmits_received", x.RetransmitsReceived)
	c.number("total_retransmits", x.TotalRetransmits)
	c.time("first_seen", x.FirstSeen)
	c.time("last_seen", x.LastSeen)
	c.flag("local", x.Local)
	location(c, "location", &x.Location)
}

func event(c *cells, e *wire.Event) {
	c.text("id", e.ID)
	c.time("time", e.Time)
	c.text("level", e.Level)
	c.text("kind", e.Kind)
	c.text("message", e.Message)
	c.values("params", e.Params)
}

func historyPoint(c *cells, p *wire.HistoryPoint) {
	c.time("time", p.Time)
	c.number("bytes_in", p.BytesIn)
	c.number("bytes_out", p.BytesOut)
	c.number("bytes_other", p.BytesOther)
	c.number("packets_in", p.PacketsIn)
	c.number("packets_out", p.PacketsOut)
	c.number("packets_other", p.PacketsOther)
	c.number("new_sessions", p.NewSessions)
	c.number("active_sessions", p.ActiveSessions)
	c.number("retransmits", p.Retransmits)
	c.number("dropped", p.Dropped)
	c.number("refused", p.Refused)
	c.number("truncated", p.Truncated)
	c.number("duplicates", p.Duplicates)
	c.number("captured", p.Captured)
	c.number("offloaded", p.Offloaded)
	c.number("kernel_packets", p.KernelPackets)
	c.number("kernel_missed", p.KernelMissed)
	c.number("kernel_dropped", p.KernelDropped)
	c.decimal("coverage", p.Coverage)
	c.decimal("observed", p.Observed)
}

func rank(c *cells, r *wire.Rank) {
	c.text("key", r.Key)
	c.text("name", r.Name)
	c.number("bytes_sent", r.BytesSent)
	c.number("bytes_received", r.BytesReceived)
	c.number("total_bytes", r.TotalBytes)
	c.number("packets_sent", r.PacketsSent)
	c.number("packets_received", r.PacketsReceived)
	c.number("total_packets", r.TotalPackets)
	c.number("session_count", r.SessionCount)
	c.number("total_retransmits", r.TotalRetransmits)
	c.decimal("rate", r.Rate)
	if r.Location != nil {
		location(c, "location", r.Location)
	} else {
		c.without(func() { location(c, "location", &wire.Location{}) })
	}
	if r.Previous != nil {
		previous(c, r.Previous)
	} else {
		c.without(func() { previous(c, &wire.PreviousRank{}) })
	}
}

func previous(c *cells, p *wire.PreviousRank) {
	c.open("previous")
	c.number("bytes_sent", p.BytesSent)
	c.number("bytes_received", p.BytesReceived)
	c.number("total_bytes", p.TotalBytes)
	c.number("total_packets", p.TotalPackets)
	c.number("session_count", p.SessionCount)
	c.number("total_retransmits", p.TotalRetransmits)
	c.number("rank", uint64(p.Rank))
	c.close()
}
