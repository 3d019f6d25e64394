package columnar

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// Field is one column of a block.
type Field uint8

// The fields. Their numbers are stored: a new one goes before Addresses and makes the
// index be built anew (see Version).
const (
	ID Field = iota
	Last
	Duration
	Src
	Dst
	SrcPort
	DstPort
	Protocol
	State
	End
	Direction
	PacketsSent
	PacketsReceived
	BytesSent
	BytesReceived
	// The overhead of a frame is nearly always the same, so it is what is kept.
	OverheadSent
	OverheadReceived
	PayloadSent
	PayloadReceived
	FlagsSent
	FlagsReceived
	ICMP
	ICMPPorts
	VLAN
	InnerVLAN
	Point
	RTTClient
	RTTServer
	RetransmitsSent
	RetransmitsReceived
	RetransmittedSent
	RetransmittedReceived
	OutOfOrderSent
	OutOfOrderReceived
	ZeroWindowsSent
	ZeroWindowsReceived
	ResetsSent
	ResetsReceived
	OffloadedSent
	OffloadedReceived
	TunnelKinds
	TunnelID
	TunnelSrc
	TunnelDst
	AlsoFirst
	AlsoRest
	Carried
	SrcCountry
	DstCountry
	SrcASN
	DstASN
	// Addresses is the directory of all addresses in the block.
	Addresses
	// FieldCount is how many columns there may be.
	FieldCount = Addresses + 1
)

// Version changes with the fields and their encoding.
const Version = 1

const signBit = 1 << 63

// field says how a column is taken out of a session and put back, in the order of the
// fields. Of get and end one is set: a number, or an address.
type field struct {
	get func(*stats.Session) uint64
	set func(*stats.Session, uint64)
	end func(*stats.Session) address
	put func(*stats.Session, address)
}

// number is a field that is a number in the session.
func number[T uint8 | uint16 | uint32 | uint64 | flow.State | flow.EndReason | flow.Point | stats.Direction](at func(*stats.Session) *T) field {
	return field{
		get: func(s *stats.Session) uint64 { return uint64(*at(s)) },
		set: func(s *stats.Session, v uint64) { *at(s) = T(v) },
	}
}

// signed keeps the order of numbers that may be negative.
func signed(get func(*stats.Session) int64, set func(*stats.Session, int64)) field {
	return field{
		get: func(s *stats.Session) uint64 { return uint64(get(s)) ^ signBit },
		set: func(s *stats.Session, v uint64) { set(s, int64(v^signBit)) },
	}
}

func endpoint(at func(*stats.Session) *[16]byte) field {
	return field{
		end: func(s *stats.Session) address { return address{s.Key.Version == 4, *at(s)} },
		put: func(s *stats.Session, a address) {
			*at(s), s.Key.Version = a.bytes, 6
			if a.isIPv4 {
				s.Key.Version = 4
			}
		},
	}
}

func tunnelEnd(at func(*stats.Session) *[16]byte) field {
	return field{
		end: func(s *stats.Session) address { return address{bytes: *at(s)} },
		put: func(s *stats.Session, a address) { *at(s) = a.bytes },
	}
}

func country(at func(*stats.Session) *stats.Origin) field {
	return field{
		get: func(s *stats.Session) uint64 { return countryWord(at(s).Country) },
		set: func(s *stats.Session, v uint64) { at(s).Country = [2]byte{byte(v >> 8), byte(v)} },
	}
}

func countryWord(c [2]byte) uint64 { return uint64(c[0])<<8 | uint64(c[1]) }

var fields = [FieldCount]field{
	ID: number(func(s *stats.Session) *uint64 { return &s.ID }),
	Last: signed(func(s *stats.Session) int64 { return s.Last },
		// The duration comes later and completes it.
		func(s *stats.Session, v int64) { s.Start, s.Last = v, v }),
	Duration: signed(func(s *stats.Session) int64 { return s.Last - s.Start },
		func(s *stats.Session, v int64) { s.Start = s.Last - v }),
	Src: endpoint(func(s *stats.Session) *[16]byte { return &s.Key.Src }),
	Dst: endpoint(func(s *stats.Session) *[16]byte { return &s.Key.Dst }),
	// Protocol and ICMPPorts come later, and put back what an ICMP session has instead.
	SrcPort: {
		get: func(s *stats.Session) uint64 { src, _ := s.Key.Ports(); return uint64(src) },
		set: func(s *stats.Session, v uint64) { s.Key.SrcPort = uint16(v) },
	},
	DstPort: {
		get: func(s *stats.Session) uint64 { _, dst := s.Key.Ports(); return uint64(dst) },
		set: func(s *stats.Session, v uint64) { s.Key.DstPort = uint16(v) },
	},
	Protocol:         number(func(s *stats.Session) *uint8 { return &s.Key.Protocol }),
	State:            number(func(s *stats.Session) *flow.State { return &s.State }),
	End:              number(func(s *stats.Session) *flow.EndReason { return &s.End }),
	Direction:        number(func(s *stats.Session) *stats.Direction { return &s.Direction }),
	PacketsSent:      number(func(s *stats.Session) *uint64 { return &s.Sent.Packets }),
	PacketsReceived:  number(func(s *stats.Session) *uint64 { return &s.Received.Packets }),
	BytesSent:        number(func(s *stats.Session) *uint64 { return &s.Sent.WireBytes }),
	BytesReceived:    number(func(s *stats.Session) *uint64 { return &s.Received.WireBytes }),
	OverheadSent:     overhead(func(s *stats.Session) *flow.Counters { return &s.Sent }),
	OverheadReceived: overhead(func(s *stats.Session) *flow.Counters { return &s.Received }),
	PayloadSent:      number(func(s *stats.Session) *uint64 { return &s.Sent.PayloadBytes }),
	PayloadReceived:  number(func(s *stats.Session) *uint64 { return &s.Received.PayloadBytes }),
	FlagsSent:        number(func(s *stats.Session) *uint8 { return &s.TCPFlagsSent }),
	FlagsReceived:    number(func(s *stats.Session) *uint8 { return &s.TCPFlagsReceived }),
	ICMP: {
		get: func(s *stats.Session) uint64 { return uint64(s.ICMPType)<<8 | uint64(s.ICMPCode) },
		set: func(s *stats.Session, v uint64) { s.ICMPType, s.ICMPCode = uint8(v>>8), uint8(v) },
	},
	ICMPPorts: {
		get: func(s *stats.Session) uint64 {
			if !s.Key.IsICMP() {
				return 0
			}
			return uint64(s.Key.SrcPort)<<16 | uint64(s.Key.DstPort)
		},
		set: func(s *stats.Session, v uint64) {
			if s.Key.IsICMP() {
				s.Key.SrcPort, s.Key.DstPort = uint16(v>>16), uint16(v)
			}
		},
	},
	VLAN:      number(func(s *stats.Session) *uint16 { return &s.Key.VLAN }),
	InnerVLAN: number(func(s *stats.Session) *uint16 { return &s.Key.InnerVLAN }),
	Point:     number(func(s *stats.Session) *flow.Point { return &s.Key.Point }),
	RTTClient: signed(func(s *stats.Session) int64 { return s.RTTClient }, func(s *stats.Session, v int64) { s.RTTClient = v }),
	RTTServer: signed(func(s *stats.Session) int64 { return s.RTTServer }, func(s *stats.Session, v int64) { s.RTTServer = v }),

	RetransmitsSent:       number(func(s *stats.Session) *uint64 { return &s.SentTCP.Retransmits }),
	RetransmitsReceived:   number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.Retransmits }),
	RetransmittedSent:     number(func(s *stats.Session) *uint64 { return &s.SentTCP.RetransmittedBytes }),
	RetransmittedReceived: number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.RetransmittedBytes }),
	OutOfOrderSent:        number(func(s *stats.Session) *uint64 { return &s.SentTCP.OutOfOrder }),
	OutOfOrderReceived:    number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.OutOfOrder }),
	ZeroWindowsSent:       number(func(s *stats.Session) *uint64 { return &s.SentTCP.ZeroWindows }),
	ZeroWindowsReceived:   number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.ZeroWindows }),
	ResetsSent:            number(func(s *stats.Session) *uint64 { return &s.SentTCP.Resets }),
	ResetsReceived:        number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.Resets }),
	OffloadedSent:         number(func(s *stats.Session) *uint64 { return &s.SentTCP.OffloadedPackets }),
	OffloadedReceived:     number(func(s *stats.Session) *uint64 { return &s.ReceivedTCP.OffloadedPackets }),

	TunnelKinds: {get: tunnelKinds, set: setTunnelKinds},
	TunnelID:    number(func(s *stats.Session) *uint32 { return &s.Tunnel.ID }),
	TunnelSrc:   tunnelEnd(func(s *stats.Session) *[16]byte { return &s.Tunnel.Src }),
	TunnelDst:   tunnelEnd(func(s *stats.Session) *[16]byte { return &s.Tunnel.Dst }),
	AlsoFirst: {
		get: func(s *stats.Session) uint64 { return pointWord(s.Also[:4]) },
		set: func(s *stats.Session, v uint64) { setPoints(s.Also[:4], v) },
	},
	AlsoRest: {
		get: func(s *stats.Session) uint64 { return pointWord(s.Also[4:]) },
		set: func(s *stats.Session, v uint64) { setPoints(s.Also[4:], v) },
	},
	Carried: {
		get: func(s *stats.Session) uint64 {
			if s.Carried {
				return 1
			}
			return 0
		},
		set: func(s *stats.Session, v uint64) { s.Carried = v == 1 },
	},
	SrcCountry: country(func(s *stats.Session) *stats.Origin { return &s.SrcOrigin }),
	DstCountry: country(func(s *stats.Session) *stats.Origin { return &s.DstOrigin }),
	SrcASN:     number(func(s *stats.Session) *uint32 { return &s.SrcOrigin.ASN }),
	DstASN:     number(func(s *stats.Session) *uint32 { return &s.DstOrigin.ASN }),
}

// frameOverhead is what an Ethernet frame has besides its IP packet, in bytes.
const frameOverhead = 14

// overhead is how far the IP bytes are from what Ethernet frames would leave of the wire bytes.
func overhead(at func(*stats.Session) *flow.Counters) field {
	return field{
		get: func(s *stats.Session) uint64 {
			c := at(s)
			return (c.WireBytes - c.IPBytes - frameOverhead*c.Packets) ^ signBit
		},
		set: func(s *stats.Session, v uint64) {
			c := at(s)
			c.IPBytes = c.WireBytes - frameOverhead*c.Packets - (v ^ signBit)
		},
	}
}

// tunnelKinds has the outermost encapsulation in the lowest byte.
func tunnelKinds(s *stats.Session) (v uint64) {
	for i, k := range s.Tunnel.Kinds {
		v |= uint64(k) << (8 * i)
	}
	return v
}

func setTunnelKinds(s *stats.Session, v uint64) {
	for i := range s.Tunnel.Kinds {
		s.Tunnel.Kinds[i] = flow.TunnelKind(v >> (8 * i))
	}
}

// pointWord packs up to four points.
func pointWord(list []flow.Point) (v uint64) {
	for i, p := range list {
		v |= uint64(p) << (16 * i)
	}
	return v
}

func setPoints(list []flow.Point, v uint64) {
	for i := range list {
		list[i] = flow.Point(v >> (16 * i))
	}
}
