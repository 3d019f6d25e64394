package stats

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// Measure is a quantity that is summed. Each one is three columns of sessions and
// of IPs: NAME_sent, NAME_received and total_NAME.
type Measure struct {
	Name string
	of   func(counted) uint64
}

// counted is what measures are taken of: one direction of a session or an IP.
type counted struct {
	*flow.Counters
	retransmits uint64
}

// Measures are all quantities that are counted. Bytes are wire bytes.
var Measures = [...]Measure{
	{"bytes", func(c counted) uint64 { return c.WireBytes }},
	{"packets", func(c counted) uint64 { return c.Packets }},
	{"ip_bytes", func(c counted) uint64 { return c.IPBytes }},
	{"payload_bytes", func(c counted) uint64 { return c.PayloadBytes }},
	{"retransmits", func(c counted) uint64 { return c.retransmits }},
}

// The names of the dimensions.
const (
	DimensionIP        = "ip"
	DimensionCountry   = "country"
	DimensionASN       = "asn"
	DimensionProtocol  = "protocol"
	DimensionPort      = "port"
	DimensionInterface = "interface"
)

// Dimension is what traffic is grouped by.
type Dimension struct {
	// Name is that of the API and the database.
	Name string
	// English and Chinese are what people call its keys.
	English, Chinese string
	// Addresses is true if the keys are addresses: the table of IPs ranks them, and what
	// follows is not needed.
	Addresses bool
	// Keys maps a session to one row or, with Ends, to one for each end; 0 is no row.
	Keys func(Subject) (a, b uint32)
	Ends bool
	// Label is a key's text; Title its display name, from an end's location, nil where
	// there is none.
	Label func(key uint32) string
	Title func(*geo.Location) string
}

// checkDimensions makes sure that a session has room for its rows.
func checkDimensions(dimensions []Dimension) error {
	rows := 0
	for i := range dimensions {
		rows += dimensions[i].rows()
	}
	if rows > maxRankRows {
		return fmt.Errorf("dimensions need %d rows for each session, at most %d are possible", rows, maxRankRows)
	}
	return nil
}

// rows is in how many rows a session counts.
func (d *Dimension) rows() int {
	switch {
	case d.Addresses:
		return 0
	case d.Ends:
		return 2
	default:
		return 1
	}
}

// Subject is what the keys of a session are made of.
type Subject struct {
	Key *flow.Key
	// Point is the observation point that counts.
	Point flow.Point
	// Src and Dst are zero at home, so home has no country.
	Src, Dst Origin
}

// Dimensions are all that traffic is grouped by: rankings, roll-ups, parameters and
// menus follow from them, so another one is another entry.
var Dimensions = []Dimension{
	{Name: DimensionIP, English: "IP addresses", Chinese: "IP 地址", Addresses: true},
	{
		Name: DimensionCountry, English: "Countries", Chinese: "国家和地区", Ends: true,
		Keys:  func(s Subject) (a, b uint32) { return countryKey(s.Src.Country), countryKey(s.Dst.Country) },
		Label: func(key uint32) string { return string([]byte{byte(key >> 8), byte(key)}) },
		Title: func(l *geo.Location) string { return l.Country },
	},
	{
		Name: DimensionASN, English: "Networks (AS)", Chinese: "自治系统", Ends: true,
		Keys:  func(s Subject) (a, b uint32) { return s.Src.ASN, s.Dst.ASN },
		Label: func(key uint32) string { return "AS" + strconv.FormatUint(uint64(key), 10) },
		Title: func(l *geo.Location) string { return l.ISP },
	},
	{
		Name: DimensionProtocol, English: "Protocols", Chinese: "协议",
		// One more than the number, because 0 is a protocol and no key.
		Keys:  func(s Subject) (a, b uint32) { return uint32(s.Key.Protocol) + 1, 0 },
		Label: func(key uint32) string { return protocolLabel(uint8(key - 1)) },
	},
	{
		Name: DimensionPort, English: "Ports", Chinese: "端口",
		Keys:  func(s Subject) (a, b uint32) { return portKey(s.Key), 0 },
		Label: func(key uint32) string { return fmt.Sprintf("%d/%s", key&0xffff, protocolLabel(uint8(key>>16))) },
	},
	{
		// The label is a number, because names are known to those who know interfaces.
		Name: DimensionInterface, English: "Interfaces", Chinese: "接口",
		Keys:  func(s Subject) (a, b uint32) { return uint32(s.Point), 0 },
		Label: func(key uint32) string { return strconv.FormatUint(uint64(key), 10) },
	},
}

func findDimension(name string) (*Dimension, bool) {
	for i := range Dimensions {
		if Dimensions[i].Name == name {
			return &Dimensions[i], true
		}
	}
	return nil, false
}

func countryKey(code [2]byte) uint32 { return uint32(code[0])<<8 | uint32(code[1]) }

// portKey is the responder's port, because the initiator's is chance.
func portKey(k *flow.Key) uint32 {
	_, port := k.Ports()
	if port == 0 {
		return 0
	}
	return uint32(k.Protocol)<<16 | uint32(port)
}

func protocolLabel(p uint8) string { return strings.ToLower(flow.ProtocolName(p)) }

// Column is something that a list can be ordered by.
type Column[T any] struct {
	// Name is the one of the API.
	Name string
	// Stored is false for what only the living have, such as rates: in a store all are 0.
	Stored bool
	// Compare orders ascending, as cmp.Compare does. Addresses compare as
	// netip.Addr.Compare does (IPv4 before IPv6, then by value), the protocol by its
	// number, state and direction by their names.
	Compare func(a, b *T) int
	// Key is the value as words that order alike, for keyset paging. Every column of
	// sessions has one.
	Key func(*T) SortKey
}

// SortKey is a value of any column: word by word, it orders as the column does.
type SortKey [3]uint64

// Compare orders keys of one column.
func (k SortKey) Compare(o SortKey) int { return slices.Compare(k[:], o[:]) }

// SessionColumns are what sessions can be ordered by; IPColumns and RankColumns
// likewise. The first one of each is used where no name is given.
var (
	SessionColumns = sessionColumns()
	IPColumns      = ipColumns()
	RankColumns    = rankColumns()
)

// FindColumn looks a column up by name.
func FindColumn[T any](columns []Column[T], name string) (Column[T], bool) {
	for _, c := range columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column[T]{}, false
}

func column[T any, V cmp.Ordered](name string, stored bool, of func(*T) V) Column[T] {
	return Column[T]{
		Name: name, Stored: stored,
		Compare: func(a, b *T) int { return cmp.Compare(of(a), of(b)) },
		Key:     func(v *T) SortKey { return sortKey(of(v)) },
	}
}

// sortKey makes words that order as the values of one type do; texts by their first 24
// bytes, numbers with a fraction if they are not negative.
func sortKey[V cmp.Ordered](v V) (k SortKey) {
	const sign = 1 << 63
	switch v := any(v).(type) {
	case int64:
		k[2] = uint64(v) ^ sign
	case uint64:
		k[2] = v
	case uint16:
		k[2] = uint64(v)
	case uint8:
		k[2] = uint64(v)
	case float64:
		k[2] = math.Float64bits(v)
	case string:
		var text [24]byte
		copy(text[:], v)
		for i := range k {
			k[i] = binary.BigEndian.Uint64(text[8*i:])
		}
	default:
		panic(fmt.Sprintf("column of %T has no key", v))
	}
	return k
}

// addrKey orders as compareAddrs does.
func addrKey(version uint8, a *[16]byte) SortKey {
	return SortKey{uint64(version), binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])}
}

func sessionColumns() []Column[Session] {
	return slices.Concat([]Column[Session]{
		column("last_seen", true, func(s *Session) int64 { return s.Last }),
		column("session_id", true, func(s *Session) uint64 { return s.ID }),
		{Name: "src_ip", Stored: true, Compare: func(a, b *Session) int {
			return compareAddrs(a.Key.Version, b.Key.Version, &a.Key.Src, &b.Key.Src)
		}, Key: func(s *Session) SortKey { return addrKey(s.Key.Version, &s.Key.Src) }},
		{Name: "dst_ip", Stored: true, Compare: func(a, b *Session) int {
			return compareAddrs(a.Key.Version, b.Key.Version, &a.Key.Dst, &b.Key.Dst)
		}, Key: func(s *Session) SortKey { return addrKey(s.Key.Version, &s.Key.Dst) }},
		column("src_port", true, func(s *Session) uint16 { p, _ := s.Key.Ports(); return p }),
		column("dst_port", true, func(s *Session) uint16 { _, p := s.Key.Ports(); return p }),
		column("protocol", true, func(s *Session) uint8 { return s.Key.Protocol }),
		column("start_time", true, func(s *Session) int64 { return s.Start }),
		column("duration", true, func(s *Session) int64 { return s.Last - s.Start }),
		column("state", true, func(s *Session) string { return s.State.String() }),
		column("direction", true, func(s *Session) string { return s.Direction.String() }),
		column("rate_sent", false, func(s *Session) float64 { return s.RateSent }),
		column("rate_received", false, func(s *Session) float64 { return s.RateReceived }),
		column("rate", false, func(s *Session) float64 { return s.RateSent + s.RateReceived }),
		column("rtt_ms", true, func(s *Session) int64 { return s.RTT() }),
	}, measureColumns(func(s *Session) (sent, received counted) {
		return counted{&s.Sent, s.SentTCP.Retransmits}, counted{&s.Received, s.ReceivedTCP.Retransmits}
	}))
}

func ipColumns() []Column[IP] {
	columns := measureColumns(func(p *IP) (sent, received counted) {
		return counted{&p.Sent, p.RetransmitsSent}, counted{&p.Received, p.RetransmitsReceived}
	})
	return slices.Concat([]Column[IP]{
		// The same as what the measures make of it, here because the first column is the default.
		column("total_bytes", true, func(p *IP) uint64 { return p.Sent.WireBytes + p.Received.WireBytes }),
		{Name: "ip", Stored: true, Compare: func(a, b *IP) int { return a.Addr.Compare(b.Addr) }},
		column("session_count", true, func(p *IP) uint64 { return p.Sessions }),
		column("first_seen", true, func(p *IP) int64 { return p.First }),
		column("last_seen", true, func(p *IP) int64 { return p.Last }),
		column("rate_sent", false, func(p *IP) float64 { return p.RateSent }),
		column("rate_received", false, func(p *IP) float64 { return p.RateReceived }),
		column("rate", false, func(p *IP) float64 { return p.RateSent + p.RateReceived }),
	}, withoutColumn(columns, "total_bytes"))
}

// RankMeasures are the quantities of a ranking's row, in the order in which Rank, RankDelta
// and RankPoint list theirs. What begins with total_ is the sum of both ways.
var RankMeasures = [...]string{
	"bytes_sent", "bytes_received", "packets_sent", "packets_received", "total_retransmits", "session_count",
}

// RankValues are a row's quantities, one for each of RankMeasures.
type RankValues = [len(RankMeasures)]*uint64

func rankValues(sent, received *Volume, retransmits, sessions *uint64) RankValues {
	return RankValues{&sent.Bytes, &received.Bytes, &sent.Packets, &received.Packets, retransmits, sessions}
}

// Values are the row's quantities.
func (r *Rank) Values() RankValues {
	return rankValues(&r.Sent, &r.Received, &r.Retransmits, &r.Sessions)
}

// Values are the delta's quantities.
func (d *RankDelta) Values() RankValues {
	return rankValues(&d.Sent, &d.Received, &d.Retransmits, &d.Sessions)
}

// Values are the point's quantities.
func (p *RankPoint) Values() RankValues {
	return rankValues(&p.Sent, &p.Received, &p.Retransmits, &p.Sessions)
}

// rankColumns are what rankings can be ordered by: what is not split by direction, and
// the sums of what is.
func rankColumns() (columns []Column[Rank]) {
	for i, name := range RankMeasures {
		base, isSent := strings.CutSuffix(name, "_sent")
		switch {
		case isSent: // the next one is what was received
			columns = append(columns, column("total_"+base, true, func(r *Rank) uint64 { v := r.Values(); return *v[i] + *v[i+1] }))
		case !strings.HasSuffix(name, "_received"):
			columns = append(columns, column(name, true, func(r *Rank) uint64 { return *r.Values()[i] }))
		}
	}
	return append(columns, column("rate", false, func(r *Rank) float64 { return r.Rate }))
}

func measureColumns[T any](counters func(*T) (sent, received counted)) []Column[T] {
	columns := make([]Column[T], 0, 3*len(Measures))
	for _, m := range Measures {
		sent := func(v *T) uint64 { s, _ := counters(v); return m.of(s) }
		received := func(v *T) uint64 { _, r := counters(v); return m.of(r) }
		columns = append(columns,
			column(m.Name+"_sent", true, sent),
			column(m.Name+"_received", true, received),
			column("total_"+m.Name, true, func(v *T) uint64 { return sent(v) + received(v) }),
		)
	}
	return columns
}

func withoutColumn[T any](columns []Column[T], name string) []Column[T] {
	kept := columns[:0]
	for _, c := range columns {
		if c.Name != name {
			kept = append(kept, c)
		}
	}
	return kept
}

func compareAddrs(aVersion, bVersion uint8, a, b *[16]byte) int {
	if aVersion != bVersion {
		return cmp.Compare(aVersion, bVersion)
	}
	return bytes.Compare(a[:], b[:])
}
