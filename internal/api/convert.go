package api

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

func wireTime(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func seconds(ns int64) float64 { return time.Duration(ns).Seconds() }

func (s *Server) session(x *stats.Session) wire.Session {
	k := &x.Key
	src, dst := k.SrcAddr(), k.DstAddr()
	srcPort, dstPort := k.Ports()
	w := wire.Session{
		SessionID: strconv.FormatUint(x.ID, 10), CommunityID: k.CommunityID(),
		SrcIP: src.String(), DstIP: dst.String(), SrcPort: srcPort, DstPort: dstPort,
		Protocol: flow.ProtocolName(k.Protocol), IPProtocol: k.Protocol,
		VLAN: k.VLAN, InnerVLAN: k.InnerVLAN, Interface: s.deps.Points(k.Point),
		AlsoSeen: s.pointNames(x.Also), Carried: x.Carried,
		StartTime: wireTime(x.Start), LastSeen: wireTime(x.Last), Duration: seconds(x.Last - x.Start),
		PacketsSent: x.Sent.Packets, PacketsReceived: x.Received.Packets,
		BytesSent: x.Sent.WireBytes, BytesReceived: x.Received.WireBytes,
		IPBytesSent: x.Sent.IPBytes, IPBytesReceived: x.Received.IPBytes,
		PayloadBytesSent: x.Sent.PayloadBytes, PayloadBytesReceived: x.Received.PayloadBytes,
		TotalPackets: x.Sent.Packets + x.Received.Packets,
		TotalBytes:   x.Sent.WireBytes + x.Received.WireBytes,
		RateSent:     x.RateSent, RateReceived: x.RateReceived,
		State: x.State.String(), Active: x.Active(), EndReason: x.End.String(), Direction: x.Direction.String(),
		SrcLocation: location(s.deps.Engine.Locate(src)), DstLocation: location(s.deps.Engine.Locate(dst)),
	}
	if k.Protocol == flow.ProtoTCP {
		w.TCPFlagsSent, w.TCPFlagsReceived = flow.TCPFlagLetters(x.TCPFlagsSent), flow.TCPFlagLetters(x.TCPFlagsReceived)
	}
	if k.IsICMP() {
		w.ICMPType, w.ICMPCode = &x.ICMPType, &x.ICMPCode
	}
	quality(&w, x)
	if t := &x.Tunnel; !t.IsZero() {
		w.Tunnel, w.TunnelID = string(t.AppendKinds(nil)), t.ID
		if t.SrcAddr().IsValid() {
			w.TunnelSrcIP, w.TunnelDstIP = t.SrcAddr().String(), t.DstAddr().String()
		}
	}
	return w
}

// quality says how well a TCP session went.
func quality(w *wire.Session, x *stats.Session) {
	sent, received := &x.SentTCP, &x.ReceivedTCP
	w.RTTMs, w.RTTClientMs, w.RTTServerMs = milliseconds(x.RTT()), milliseconds(x.RTTClient), milliseconds(x.RTTServer)
	w.RetransmitsSent, w.RetransmitsReceived = sent.Retransmits, received.Retransmits
	w.RetransmittedBytesSent, w.RetransmittedBytesReceived = sent.RetransmittedBytes, received.RetransmittedBytes
	w.OutOfOrderSent, w.OutOfOrderReceived = sent.OutOfOrder, received.OutOfOrder
	w.ZeroWindowsSent, w.ZeroWindowsReceived = sent.ZeroWindows, received.ZeroWindows
	w.ResetsSent, w.ResetsReceived = sent.Resets, received.Resets
	if sent.OffloadedPackets+received.OffloadedPackets > 0 {
		s, r := x.Sent.Packets+sent.OffloadedPackets, x.Received.Packets+received.OffloadedPackets
		w.WirePacketsSent, w.WirePacketsReceived, w.WirePacketsEstimated = &s, &r, true
	}
}

// milliseconds is nil for what was not measured.
func milliseconds(ns int64) *float64 {
	if ns == 0 {
		return nil
	}
	ms := float64(ns) / 1e6
	return &ms
}

func (s *Server) sessions(list []stats.Session) []wire.Session {
	out := make([]wire.Session, len(list))
	for i := range list {
		out[i] = s.session(&list[i])
	}
	return out
}

func (s *Server) ip(x *stats.IP) wire.IP {
	return wire.IP{
		IP:        x.Addr.String(),
		BytesSent: x.Sent.WireBytes, BytesReceived: x.Received.WireBytes, TotalBytes: x.Sent.WireBytes + x.Received.WireBytes,
		PacketsSent: x.Sent.Packets, PacketsReceived: x.Received.Packets, TotalPackets: x.Sent.Packets + x.Received.Packets,
		RateSent: x.RateSent, RateReceived: x.RateReceived, SessionCount: x.Sessions,
		FirstSeen: wireTime(x.First), LastSeen: wireTime(x.Last),
		Local: x.Local, Location: location(s.deps.Engine.Locate(x.Addr)),
		RetransmitsSent: x.RetransmitsSent, RetransmitsReceived: x.RetransmitsReceived,
		TotalRetransmits: x.RetransmitsSent + x.RetransmitsReceived,
	}
}

// ranks adds the display names that follow from the keys, and the locations of addresses.
func (s *Server) ranks(dimension string, list []stats.Rank) []wire.Rank {
	out := make([]wire.Rank, len(list))
	for i, r := range list {
		out[i] = wire.Rank{
			Key: s.rankKey(dimension, r.Key), Name: rankName(dimension, &r),
			BytesSent: r.Sent.Bytes, BytesReceived: r.Received.Bytes, TotalBytes: r.Sent.Bytes + r.Received.Bytes,
			PacketsSent: r.Sent.Packets, PacketsReceived: r.Received.Packets, TotalPackets: r.Sent.Packets + r.Received.Packets,
			SessionCount: r.Sessions, TotalRetransmits: r.Retransmits, Rate: r.Rate,
		}
		if dimension != stats.DimensionIP {
			continue
		}
		if addr, err := netip.ParseAddr(r.Key); err == nil {
			l := location(s.deps.Engine.Locate(addr))
			out[i].Location = &l
		}
	}
	return out
}

func rankName(dimension string, r *stats.Rank) string {
	switch dimension {
	case stats.DimensionCountry:
		return cmp.Or(r.Name, countryName(r.Key))
	case stats.DimensionProtocol:
		if p, ok := flow.ParseProtocol(r.Key); ok {
			return flow.ProtocolName(p)
		}
	case stats.DimensionPort:
		port, protocol, _ := strings.Cut(r.Key, "/")
		n, err := strconv.ParseUint(port, 10, 16)
		if p, ok := flow.ParseProtocol(protocol); ok && err == nil {
			return flow.ServiceName(p, uint16(n))
		}
	}
	return r.Name
}

func location(l geo.Location) wire.Location {
	w := wire.Location{
		Scope: l.Scope.String(), Country: l.Country, CountryCode: l.CountryCode, City: l.City, ISP: l.ISP, ASN: l.ASN,
	}
	if l.HasPosition {
		w.Latitude, w.Longitude = &l.Latitude, &l.Longitude
	}
	return w
}

func points(samples []stats.Sample, step int64) []wire.HistoryPoint {
	out := make([]wire.HistoryPoint, len(samples))
	for i := range samples {
		x := &samples[i]
		out[i] = wire.HistoryPoint{
			Time:    wireTime(x.Time),
			BytesIn: x.In.Bytes, BytesOut: x.Out.Bytes, BytesOther: x.Other.Bytes,
			PacketsIn: x.In.Packets, PacketsOut: x.Out.Packets, PacketsOther: x.Other.Packets,
			NewSessions: x.NewSessions, ActiveSessions: x.ActiveSessions, Retransmits: x.Retransmits,
			Dropped: x.Input.Dropped, Refused: x.Input.Refused, Truncated: x.Input.Truncated, Duplicates: x.Input.Duplicates,
			Captured: x.Input.Packets, Offloaded: x.Input.Offloaded,
			KernelPackets: x.Input.KernelPackets, KernelMissed: x.Input.KernelMissed, KernelDropped: x.Input.KernelDropped,
			Coverage: x.Input.Coverage(), Observed: min(seconds(x.Observed)/float64(step), 1),
		}
	}
	return out
}

func event(e *store.Event) wire.Event {
	params := e.Params
	if params == nil {
		params = map[string]string{}
	}
	return wire.Event{
		ID: strconv.FormatUint(e.ID, 10), Time: wireTime(e.Time), Level: e.Level.String(),
		Kind: e.Kind, Message: e.Message, Params: params,
	}
}
