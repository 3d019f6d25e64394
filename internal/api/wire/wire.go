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
	// TotalEstimated is true where counting all would take longer than it is worth.
	TotalEstimated bool `json:"total_estimated"`
	// Next is what to give as after= for the entries that follow; null at the end, and for
	// lists that are paged by number only.
	Next *string `json:"next"`
	// Span is the time that the list is of, where one was asked for.
	Span *Span `json:"span,omitempty"`
	// Source says where the numbers of IPs come from if they are not all that was counted:
	// rollups, sessions, as in Ranking.
	Source string `json:"source,omitempty"`
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
	// TCP segments that the address sent again, that were sent to it again, and both. Of a
	// span only both are known.
	RetransmitsSent     uint64    `json:"retransmits_sent"`
	RetransmitsReceived uint64    `json:"retransmits_received"`
	TotalRetransmits    uint64    `json:"total_retransmits"`
	FirstSeen           time.Time `json:"first_seen"`
	LastSeen            time.Time `json:"last_seen"`
	Local               bool      `json:"local"`
	Location            Location  `json:"location"`
}

// IPDetail is one address: what it did within the span, or since the database was made.
// FirstSeen and LastSeen are always of all there is.
type IPDetail struct {
	IP
	// Source says where the totals come from. "totals": all that was counted since the
	// database was made. "rollups", "sessions": of the span, as in Ranking. TotalsEstimated
	// is true where they are made from a sample of very many sessions.
	Source          string `json:"source"`
	TotalsEstimated bool   `json:"totals_estimated"`
	// Sessions are the newest of those that were there, SessionsTotal counts all of them.
	Sessions               []Session `json:"sessions"`
	SessionsTotal          int       `json:"sessions_total"`
	SessionsTotalEstimated bool      `json:"sessions_total_estimated"`
	// The largest by bytes, of the sessions that were there. Sent is what a peer sent, and
	// what was sent from a country. RanksEstimated is true where they are made from a sample,
	// because there are very many sessions.
	RanksEstimated bool   `json:"ranks_estimated"`
	Peers          []Rank `json:"peers"`
	Ports          []Rank `json:"ports"`
	Countries      []Rank `json:"countries"`
	Protocols      []Rank `json:"protocols"`
	// Series has a point every Step seconds, from SeriesSource (rollups, sessions). They are
	// there where a time was asked for. SeriesEstimated is true where there are so many
	// sessions that only the newest of them are in it.
	Series          []RankPoint `json:"series,omitempty"`
	SeriesSource    string      `json:"series_source,omitempty"`
	SeriesEstimated bool        `json:"series_estimated,omitempty"`
	Step            int64       `json:"step,omitempty"` // seconds
	Span            *Span       `json:"span,omitempty"`
}

// GeoMap is the traffic by place and between places.
type GeoMap struct {
	Home   *Location `json:"home"` // null if not known
	Places []Place   `json:"places"`
	Arcs   []Arc     `json:"arcs"`
	// Unlocated is the traffic of public addresses without a position.
	UnlocatedBytes uint64 `json:"unlocated_bytes"`
	// Span is the time that was asked for. The places are then countries, the arcs lead
	// from home to them, and their IPs are not known: 0.
	Span *Span `json:"span,omitempty"`
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
