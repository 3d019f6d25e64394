// Package stats knows what is going on now: it folds flow records into live
// sessions, IPs, rankings and series. Nothing here looks at packets.
package stats

import (
	"net/netip"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// Session is a biflow with its totals so far.
type Session struct {
	ID  uint64
	Key flow.Key
	// Start and Last are the first and latest packet's times in nanoseconds since the Unix epoch.
	Start, Last int64
	// Sent counts initiator to responder, Received the other way, since the start.
	Sent, Received flow.Counters
	// RateSent and RateReceived are wire bytes per second in the latest second; 0 once ended.
	RateSent, RateReceived         float64
	TCPFlagsSent, TCPFlagsReceived uint8
	// SentTCP and ReceivedTCP are the quality of each direction since the start.
	SentTCP, ReceivedTCP flow.TCPCounters
	// RTTClient and RTTServer are nanoseconds as in flow.Record; 0 while not known.
	RTTClient, RTTServer int64
	// Tunnel is what the packets came in; zero if in none.
	Tunnel flow.Tunnel
	// Also are the observation points besides Key.Point that saw it.
	Also flow.PointList
	// Carried is true if its packets are in others that are counted, enciphered.
	Carried            bool
	ICMPType, ICMPCode uint8
	State              flow.State
	End                flow.EndReason
	Direction          Direction
	// Origins are where the ends are, as it was known when the session began.
	SrcOrigin, DstOrigin Origin
}

// Origin is the country and the autonomous system of an address outside; zero at home,
// and where nothing is known.
type Origin struct {
	Country [2]byte // ISO 3166-1 alpha-2
	ASN     uint32
}

// CountryCode is the country's code, empty if it is not known.
func (o Origin) CountryCode() string {
	if o.Country[0] == 0 {
		return ""
	}
	return string(o.Country[:])
}

// Active reports whether the session has not ended.
func (s *Session) Active() bool { return s.End == flow.EndNone }

// RTT is the round trip time of the TCP handshake in nanoseconds; 0 unless both of
// its parts are known.
func (s *Session) RTT() int64 {
	if s.RTTClient == 0 || s.RTTServer == 0 {
		return 0
	}
	return s.RTTClient + s.RTTServer
}

// Direction is a conversation's direction as seen from home.
type Direction uint8

// The directions. In and Out say where the initiator is: Out starts at home.
const (
	DirectionTransit  Direction = iota // neither end is at home
	DirectionIn                        // from outside to home
	DirectionOut                       // from home to outside
	DirectionInternal                  // both ends are at home
)

var directionNames = [...]string{"transit", "in", "out", "internal"}

// String is the direction's name in the API and the database.
func (d Direction) String() string { return directionNames[d&3] }

// IP is what one address did. In a Drained batch the counters are deltas.
type IP struct {
	Addr netip.Addr
	// Sent is what the address sent, Received what was sent to it.
	Sent, Received flow.Counters
	// RetransmitsSent are TCP segments that the address sent again, RetransmitsReceived
	// those that were sent to it again.
	RetransmitsSent, RetransmitsReceived uint64
	// Sessions counts the sessions it took part in.
	Sessions uint64
	// First and Last are in nanoseconds since the Unix epoch.
	First, Last int64
	// RateSent and RateReceived are wire bytes per second in the latest second.
	RateSent, RateReceived float64
	// Local is true for addresses at home.
	Local bool
}

// Volume is an amount of traffic.
type Volume struct {
	Bytes   uint64 // wire bytes
	Packets uint64
}

// Sample is the traffic of one step of time.
type Sample struct {
	// Time is the step's beginning in nanoseconds since the Unix epoch.
	Time int64
	// Point is the observation point that it is of; 0: all of them.
	Point flow.Point
	// Observed is for how much of the step packets were captured, in nanoseconds. A step
	// in which nobody watched is not the same as one in which nothing happened.
	Observed int64
	// In and Out are toward home and from home, per packet and not per session;
	// Other stays inside or passes through.
	In, Out, Other Volume
	// NewSessions began within the step; ActiveSessions is the largest number alive in it.
	NewSessions, ActiveSessions uint64
	// Retransmits are TCP segments that were sent again in the step.
	Retransmits uint64
	// Input is what the source was offered in the step, for what was not seen.
	Input flow.Input
}

// Totals is the overview since the engine was made.
type Totals struct {
	// Since is the first batch's time, Time the latest one's: the engine's clock.
	Since, Time int64
	// In, Out and Other as in Sample; Input is what the sources were offered.
	In, Out, Other Volume
	Input          flow.Input
	// RateIn … are per second, of the latest full second; rates are wire bytes.
	RateIn, RateOut, RateOther, PacketRate float64
	ActiveSessions, TotalSessions          uint64
	IPs                                    uint64
	// Evicted counts what the bounds made the engine forget early, by structure.
	Evicted map[string]uint64
}

// PointTotals is the overview of one observation point.
type PointTotals struct {
	Point flow.Point
	// In, Out and Other are what counts there, Input is what it was offered.
	In, Out, Other Volume
	Input          flow.Input
	// RateIn … are per second, of the latest full second: of what counts there. Seen is
	// wire bytes per second of all that was captured there.
	RateIn, RateOut, RateOther, PacketRate, Seen float64
}

// Rank is one row of a ranking.
type Rank struct {
	// Key identifies the row within its dimension: an address, "CN", "AS64500", "tcp", "443/tcp".
	Key string
	// Name is the display name where there is another one: of a country, of an AS.
	Name           string
	Sent, Received Volume
	Sessions       uint64
	// Retransmits are TCP segments, both ways.
	Retransmits uint64
	// Rate is wire bytes per second, both ways, in the latest second.
	Rate float64
}

// RankDelta is what one key of a dimension took part in within a minute, or within a part
// of it: roll-ups are sums of these.
type RankDelta struct {
	// Time is the minute's beginning in nanoseconds since the Unix epoch; that of its hour
	// if the store was away for so long that minutes could not be kept.
	Time      int64
	Dimension string
	// Key, Name, Sent, Received, Sessions and Retransmits are as in Rank.
	Key, Name             string
	Sent, Received        Volume
	Sessions, Retransmits uint64
	// Local is true for an address at home: where there is no room for all, those stay.
	Local bool
}

// RankPoint is what one key of a dimension took part in within a step.
type RankPoint struct {
	Time                  int64 // the step's beginning
	Sent, Received        Volume
	Sessions, Retransmits uint64
}

// Place is a point of the map: all addresses that share a location.
type Place struct {
	Key      string // country code, or country code and city
	Location geo.Location
	Volume   Volume
	Sessions uint64
	IPs      uint64
	Rate     float64 // wire bytes per second in the latest second
}

// Arc is the traffic between two places; From and To are Place keys. Home's key is "home".
type Arc struct {
	From, To string
	Volume   Volume // both ways
	Sessions uint64
	Rate     float64
}

// Drained is what changed since the previous Drain, for the store.
type Drained struct {
	// Sessions are totals: those that ended, and living ones that were due.
	Sessions []Session
	// IPs are deltas.
	IPs []IP
	// Samples are deltas, one a second for each observation point and for all of them,
	// complete seconds only.
	Samples []Sample
	// Ranks are deltas, by minute and dimension; RankOther is what there was no room for.
	// As in rankings, what others carry counts, though it is in no total.
	Ranks []RankDelta
}
