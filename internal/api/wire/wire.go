// Package wire holds the JSON types of the HTTP API, and nothing else. The
// TypeScript types of the page are generated from it. Times are RFC 3339 in UTC,
// durations seconds, rates per second, bytes plain numbers.
package wire

import "time"

// Page is a page of a list.
type Page[T any] struct {
	Items   []T `json:"items"`
	Total   int `json:"total"` // all that match
	Page    int `json:"page"`  // from 1
	PerPage int `json:"per_page"`
	// OrderBy and OrderDirection ("asc", "desc") are what was used.
	OrderBy        string `json:"order_by"`
	OrderDirection string `json:"order_direction"`
}

// Location is where an address is. Scope is "public" or the kind of special
// range ("private", "loopback", "multicast", …); unknown fields are empty or null.
type Location struct {
	Scope       string   `json:"scope"`
	Country     string   `json:"country"`
	CountryCode string   `json:"country_code"`
	City        string   `json:"city"`
	Latitude    *float64 `json:"latitude"`
	Longitude   *float64 `json:"longitude"`
	ISP         string   `json:"isp"`
	ASN         uint32   `json:"asn"`
}

// Session is one biflow; sent is from source (initiator) to destination.
type Session struct {
	SessionID   string `json:"session_id"` // decimal; too large for a JavaScript number
	CommunityID string `json:"community_id"`
	SrcIP       string `json:"src_ip"`
	DstIP       string `json:"dst_ip"`
	SrcPort     uint16 `json:"src_port"`
	DstPort     uint16 `json:"dst_port"`
	Protocol    string `json:"protocol"`
	IPProtocol  uint8  `json:"ip_protocol"`
	VLAN        uint16 `json:"vlan"`
	InnerVLAN   uint16 `json:"inner_vlan"` // of a second tag
	Interface   string `json:"interface"`  // where it counts
	// AlsoSeen are further interfaces that saw the same packets. Carried is true if the
	// packets are in those of another session, enciphered, and so are in no total.
	AlsoSeen             []string  `json:"also_seen,omitempty"`
	Carried              bool      `json:"carried,omitempty"`
	StartTime            time.Time `json:"start_time"`
	LastSeen             time.Time `json:"last_seen"`
	Duration             float64   `json:"duration"`
	PacketsSent          uint64    `json:"packets_sent"`
	PacketsReceived      uint64    `json:"packets_received"`
	BytesSent            uint64    `json:"bytes_sent"` // wire
	BytesReceived        uint64    `json:"bytes_received"`
	IPBytesSent          uint64    `json:"ip_bytes_sent"`
	IPBytesReceived      uint64    `json:"ip_bytes_received"`
	PayloadBytesSent     uint64    `json:"payload_bytes_sent"`
	PayloadBytesReceived uint64    `json:"payload_bytes_received"`
	TotalPackets         uint64    `json:"total_packets"`
	TotalBytes           uint64    `json:"total_bytes"`
	RateSent             float64   `json:"rate_sent"` // wire bytes per second now
	RateReceived         float64   `json:"rate_received"`
	TCPFlagsSent         string    `json:"tcp_flags_sent"`
	TCPFlagsReceived     string    `json:"tcp_flags_received"`
	ICMPType             *uint8    `json:"icmp_type,omitempty"`
	ICMPCode             *uint8    `json:"icmp_code,omitempty"`
	State                string    `json:"state"`
	Active               bool      `json:"active"`
	EndReason            string    `json:"end_reason"` // empty while active
	Direction            string    `json:"direction"`  // out, in, internal, transit
	// The round trip time of the TCP handshake in milliseconds, and its parts on the two
	// sides of the observation point. Absent if not measured.
	RTTMs       *float64 `json:"rtt_ms,omitempty"`
	RTTClientMs *float64 `json:"rtt_client_ms,omitempty"`
	RTTServerMs *float64 `json:"rtt_server_ms,omitempty"`
	// Segments of which all or part had been seen before, and the payload bytes that had.
	RetransmitsSent            uint64 `json:"retransmits_sent"`
	RetransmitsReceived        uint64 `json:"retransmits_received"`
	RetransmittedBytesSent     uint64 `json:"retransmitted_bytes_sent"`
	RetransmittedBytesReceived uint64 `json:"retransmitted_bytes_received"`
	OutOfOrderSent             uint64 `json:"out_of_order_sent"`
	OutOfOrderReceived         uint64 `json:"out_of_order_received"`
	// How often the sender of that direction closed its receive window.
	ZeroWindowsSent     uint64 `json:"zero_windows_sent"`
	ZeroWindowsReceived uint64 `json:"zero_windows_received"`
	ResetsSent          uint64 `json:"resets_sent"`
	ResetsReceived      uint64 `json:"resets_received"`
	// An estimate of the packets on the wire, where the card or the kernel joined segments
	// (TSO, GRO) and fewer were captured. Absent otherwise.
	WirePacketsSent      *uint64 `json:"wire_packets_sent,omitempty"`
	WirePacketsReceived  *uint64 `json:"wire_packets_received,omitempty"`
	WirePacketsEstimated bool    `json:"wire_packets_estimated,omitempty"`
	// What the packets came in, from the outside in: "vxlan", "gtp-u/teredo". The ends and
	// the identifier (VNI, TEID, key, session) are the outermost tunnel's. Absent if there is none.
	Tunnel      string   `json:"tunnel,omitempty"`
	TunnelSrcIP string   `json:"tunnel_src_ip,omitempty"`
	TunnelDstIP string   `json:"tunnel_dst_ip,omitempty"`
	TunnelID    uint32   `json:"tunnel_id,omitempty"`
	SrcLocation Location `json:"src_location"`
	DstLocation Location `json:"dst_location"`
}

// IP is what one address did.
type IP struct {
	IP              string  `json:"ip"`
	BytesSent       uint64  `json:"bytes_sent"` // wire
	BytesReceived   uint64  `json:"bytes_received"`
	TotalBytes      uint64  `json:"total_bytes"`
	PacketsSent     uint64  `json:"packets_sent"`
	PacketsReceived uint64  `json:"packets_received"`
	TotalPackets    uint64  `json:"total_packets"`
	RateSent        float64 `json:"rate_sent"`
	RateReceived    float64 `json:"rate_received"`
	SessionCount    uint64  `json:"session_count"`
	// TCP segments that the address sent again, that were sent to it again, and both.
	RetransmitsSent     uint64    `json:"retransmits_sent"`
	RetransmitsReceived uint64    `json:"retransmits_received"`
	TotalRetransmits    uint64    `json:"total_retransmits"`
	FirstSeen           time.Time `json:"first_seen"`
	LastSeen            time.Time `json:"last_seen"`
	Local               bool      `json:"local"`
	Location            Location  `json:"location"`
}

// IPDetail is one address with its newest sessions and largest peers.
type IPDetail struct {
	IP
	Sessions      []Session `json:"sessions"`
	SessionsTotal int       `json:"sessions_total"`
	Peers         []Rank    `json:"peers"`
}

// Rank is one row of a ranking.
type Rank struct {
	Key             string `json:"key"`
	Name            string `json:"name"` // display name; empty if the key is one
	BytesSent       uint64 `json:"bytes_sent"`
	BytesReceived   uint64 `json:"bytes_received"`
	TotalBytes      uint64 `json:"total_bytes"`
	PacketsSent     uint64 `json:"packets_sent"`
	PacketsReceived uint64 `json:"packets_received"`
	TotalPackets    uint64 `json:"total_packets"`
	SessionCount    uint64 `json:"session_count"`
	// TCP segments that were sent again, both ways.
	TotalRetransmits uint64    `json:"total_retransmits"`
	Rate             float64   `json:"rate"`               // wire bytes per second, both ways
	Location         *Location `json:"location,omitempty"` // of an address
}

// TopTalkers is a ranking for each dimension, since monitoring began.
type TopTalkers struct {
	IPs       []Rank `json:"ips"`
	Countries []Rank `json:"countries"`
	ASNs      []Rank `json:"asns"`
	Protocols []Rank `json:"protocols"`
	Ports     []Rank `json:"ports"`
}

// HistoryPoint is the traffic of one step.
type HistoryPoint struct {
	Time           time.Time `json:"time"` // the step's beginning
	BytesIn        uint64    `json:"bytes_in"`
	BytesOut       uint64    `json:"bytes_out"`
	BytesOther     uint64    `json:"bytes_other"`
	PacketsIn      uint64    `json:"packets_in"`
	PacketsOut     uint64    `json:"packets_out"`
	PacketsOther   uint64    `json:"packets_other"`
	NewSessions    uint64    `json:"new_sessions"`
	ActiveSessions uint64    `json:"active_sessions"`
	Retransmits    uint64    `json:"retransmits"` // TCP segments
	Dropped        uint64    `json:"dropped"`
	Refused        uint64    `json:"refused"`
	Truncated      uint64    `json:"truncated"`
	Duplicates     uint64    `json:"duplicates"`
	// Captured packets and, of the same time, what the interfaces counted themselves: 0 if
	// they don't, or if a filter leaves packets out.
	Captured      uint64  `json:"captured"`
	Offloaded     uint64  `json:"offloaded"`
	KernelPackets uint64  `json:"kernel_packets"`
	KernelMissed  uint64  `json:"kernel_missed"`
	KernelDropped uint64  `json:"kernel_dropped"`
	Coverage      float64 `json:"coverage"` // 0 to 1
	// Observed is the part of the step in which packets were captured, 0 to 1. Where it is
	// 0 nobody watched: that is a gap, and not silence.
	Observed float64 `json:"observed"`
}

// History is a series of equal steps without gaps.
type History struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Step int64     `json:"step"` // seconds
	// Interface is the one that the series is of; empty: all of them.
	Interface string         `json:"interface"`
	Points    []HistoryPoint `json:"points"`
}

// GeoMap is the traffic by place and between places.
type GeoMap struct {
	Home   *Location `json:"home"` // null if not known
	Places []Place   `json:"places"`
	Arcs   []Arc     `json:"arcs"`
	// Unlocated is the traffic of public addresses without a position.
	UnlocatedBytes uint64 `json:"unlocated_bytes"`
}

// Place is a point of the map.
type Place struct {
	Key      string   `json:"key"`
	Location Location `json:"location"`
	Bytes    uint64   `json:"bytes"`
	Packets  uint64   `json:"packets"`
	Sessions uint64   `json:"sessions"`
	IPs      uint64   `json:"ips"`
	Rate     float64  `json:"rate"`
}

// Arc is the traffic between two places, both ways; "home" is the key of home.
type Arc struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	Bytes    uint64  `json:"bytes"`
	Packets  uint64  `json:"packets"`
	Sessions uint64  `json:"sessions"`
	Rate     float64 `json:"rate"`
}

// Event is an entry of the event log.
type Event struct {
	ID      string            `json:"id"`
	Time    time.Time         `json:"time"`
	Level   string            `json:"level"` // info, warning, error
	Kind    string            `json:"kind"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params"`
}
