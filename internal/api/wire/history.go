package wire

import "time"

// Span is the time that an answer is about, where one was asked for: [From, To).
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// At is the moment that was asked for; absent if a time was.
	At *time.Time `json:"at,omitempty"`
	// Resolution is the length in seconds of the finest steps that are kept for then: the
	// numbers are of whole ones that begin within the span.
	Resolution int64 `json:"resolution"`
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
	TotalRetransmits uint64 `json:"total_retransmits"`
	// Rate is wire bytes per second, both ways: now, or the mean of the time that was asked for.
	Rate     float64   `json:"rate"`
	Location *Location `json:"location,omitempty"` // of an address
	// Previous is what the key was in the period before, where a comparison was asked for.
	Previous *PreviousRank `json:"previous,omitempty"`
}

// PreviousRank is what a key of a ranking was in the period of the same length before; all
// is 0 if it was not seen then.
type PreviousRank struct {
	BytesSent        uint64 `json:"bytes_sent"`
	BytesReceived    uint64 `json:"bytes_received"`
	TotalBytes       uint64 `json:"total_bytes"`
	TotalPackets     uint64 `json:"total_packets"`
	SessionCount     uint64 `json:"session_count"`
	TotalRetransmits uint64 `json:"total_retransmits"`
	// Rank is the place it had in the same order, from 1; 0 if it was not among the first 1000.
	Rank int `json:"rank"`
}

// Ranking answers GET /api/rankings: the largest keys of one dimension.
type Ranking struct {
	Dimension string `json:"dimension"`
	OrderBy   string `json:"order_by"`
	// Source says where the numbers come from. "live": what the program saw since it
	// started. "rollups": what was counted for each key within the span; the key "other" is
	// what a minute, hour or day had no room for. "sessions": sums over the sessions that
	// were there within the span and match, each with all it ever did.
	Source string `json:"source"`
	// Estimated is true where the sums, or those of the period before, are made from a
	// sample, because there are very many sessions.
	Estimated bool   `json:"estimated"`
	Rows      []Rank `json:"rows"`
	Span      *Span  `json:"span,omitempty"`
	// Previous is the period of the comparison, where one was asked for.
	Previous *Span `json:"previous,omitempty"`
}

// TopTalkers is a ranking for each dimension, since monitoring began or of the span.
type TopTalkers struct {
	IPs       []Rank `json:"ips"`
	Countries []Rank `json:"countries"`
	ASNs      []Rank `json:"asns"`
	Protocols []Rank `json:"protocols"`
	Ports     []Rank `json:"ports"`
	// More are the rankings of all other dimensions, by the dimension's name.
	More map[string][]Rank `json:"more"`
	Span *Span             `json:"span,omitempty"`
	// Previous is the period of the comparison, where one was asked for.
	Previous *Span `json:"previous,omitempty"`
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
	// Previous is the period of the same length before, where a comparison was asked for: as
	// many points, each with its own time. PreviousFrom is its beginning.
	Previous     []HistoryPoint `json:"previous,omitempty"`
	PreviousFrom *time.Time     `json:"previous_from,omitempty"`
	// Dimension and Series are there where series by dimension were asked for; Rest is what
	// of the points above is in none of them.
	Dimension string      `json:"dimension,omitempty"`
	Series    []KeySeries `json:"series,omitempty"`
	Rest      []RestPoint `json:"rest,omitempty"`
}

// KeySeries is the series of one key of a dimension; its points are at the same times as
// those of the history that it is part of.
type KeySeries struct {
	Key      string      `json:"key"`
	Name     string      `json:"name"` // display name; empty if the key is one
	Location *Location   `json:"location,omitempty"`
	Points   []RankPoint `json:"points"`
}

// RankPoint is what one key of a dimension did within a step.
type RankPoint struct {
	Time             time.Time `json:"time"` // the step's beginning
	BytesSent        uint64    `json:"bytes_sent"`
	BytesReceived    uint64    `json:"bytes_received"`
	TotalBytes       uint64    `json:"total_bytes"`
	PacketsSent      uint64    `json:"packets_sent"`
	PacketsReceived  uint64    `json:"packets_received"`
	TotalPackets     uint64    `json:"total_packets"`
	SessionCount     uint64    `json:"session_count"` // that began
	TotalRetransmits uint64    `json:"total_retransmits"`
}

// RestPoint is the traffic of a step less that of all the series, and not less than 0.
// Where two keys of the dimension share a session, as two addresses do, its traffic is in
// the series of both, and so the rest is too small.
type RestPoint struct {
	Time         time.Time `json:"time"`
	TotalBytes   uint64    `json:"total_bytes"`
	TotalPackets uint64    `json:"total_packets"`
}

// Schema answers GET /api/schema: what can be asked for, for menus.
type Schema struct {
	Dimensions     []Dimension `json:"dimensions"`
	RankColumns    []string    `json:"rank_columns"`
	SessionColumns []string    `json:"session_columns"`
	IPColumns      []string    `json:"ip_columns"`
	EventColumns   []string    `json:"event_columns"`
	// Filters are the values that the filters of sessions take that are a choice: state,
	// direction, tunnel.
	Filters map[string][]string `json:"filters"`
}

// Dimension is what traffic can be grouped by.
type Dimension struct {
	Name      string `json:"name"`
	TitleEn   string `json:"title_en"`
	TitleZh   string `json:"title_zh"`
	Addresses bool   `json:"addresses"` // the keys are addresses
}
