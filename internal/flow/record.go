package flow

import "errors"

// Counters counts one direction of a biflow. The three byte counters are never
// mixed: wire is the frame without its check sequence, IP is the IP total
// length, payload is what follows the transport header.
type Counters struct {
	Packets      uint64
	WireBytes    uint64
	IPBytes      uint64
	PayloadBytes uint64
}

// Add adds o to c.
func (c *Counters) Add(o Counters) {
	c.Packets += o.Packets
	c.WireBytes += o.WireBytes
	c.IPBytes += o.IPBytes
	c.PayloadBytes += o.PayloadBytes
}

// IsZero reports whether nothing was counted.
func (c *Counters) IsZero() bool { return *c == Counters{} }

// TCPCounters tell how well one direction of a TCP session went, as an observer on
// the way sees it. They are deltas like Counters, and zero for other protocols.
type TCPCounters struct {
	// Retransmits are segments of which all or part had been seen before, and
	// RetransmittedBytes the payload bytes that had (RFC 9293 section 3.8.1).
	Retransmits, RetransmittedBytes uint64
	// OutOfOrder are segments that fill a gap: they were sent before one already seen.
	OutOfOrder uint64
	// ZeroWindows counts the times that the sender of this direction closed its
	// receive window (RFC 9293 section 3.8.6).
	ZeroWindows uint64
	// Resets are segments with RST.
	Resets uint64
	// OffloadedPackets estimates how many more packets were on the wire than were
	// captured, because the network card or the kernel joined segments (TSO, GRO):
	// payload divided by the segment size. 0 where nothing was joined.
	OffloadedPackets uint64
}

// Add adds o to c.
func (c *TCPCounters) Add(o TCPCounters) {
	c.Retransmits += o.Retransmits
	c.RetransmittedBytes += o.RetransmittedBytes
	c.OutOfOrder += o.OutOfOrder
	c.ZeroWindows += o.ZeroWindows
	c.Resets += o.Resets
	c.OffloadedPackets += o.OffloadedPackets
}

// Record is a flow record: what one biflow did since its last record.
type Record struct {
	// ID is stable for the life of the biflow and unique across restarts; see NewID.
	ID  uint64
	Key Key
	// Start and Last are the times of the biflow's first and latest packet, in
	// nanoseconds since the Unix epoch (IE 156, 157).
	Start, Last int64
	// Sent counts initiator to responder, Received the other way; both are deltas
	// since the last record.
	Sent, Received Counters
	// TCPFlagsSent and TCPFlagsReceived are the union of all flags seen so far (IE 6).
	TCPFlagsSent, TCPFlagsReceived uint8
	// SentTCP and ReceivedTCP are the quality of each direction, deltas like Sent.
	SentTCP, ReceivedTCP TCPCounters
	// RTTServer is the time in nanoseconds from the SYN to the SYN-ACK, the way from
	// the observation point to the responder and back; RTTClient that from the
	// SYN-ACK to the initiator's ACK. 0 while not known; their sum is the handshake's
	// round trip time.
	RTTClient, RTTServer int64
	// Tunnel is what the session's packets came in; zero if in none.
	Tunnel Tunnel
	// Counted is the observation point whose packets are counted here; 0 is Key.Point,
	// where the session is shown. Also are further points that saw it.
	Counted Point
	Also    PointList
	// Carried is true if other packets that are metered as well carry those of this
	// record, enciphered: they count for its session and its addresses, not for totals.
	Carried bool
	// ICMPType and ICMPCode are those of the initiator's first message.
	ICMPType, ICMPCode uint8
	State              State
	// ResetByResponder is whether the first RST was the responder's: it decides who
	// aborted a session in StateReset if TCPFlagsSent and TCPFlagsReceived both have it.
	ResetByResponder bool
	// End is EndNone while the biflow lives.
	End EndReason
	// First is true on the first record of a biflow.
	First bool
}

// NewID makes a session identifier that sorts by start time: 42 bits of
// milliseconds since the Unix epoch (until 2109), then 21 bits that tell
// sessions of the same millisecond apart. It is positive as an int64, so SQLite
// stores it as an ordered row identifier.
func NewID(start int64, sequence uint32) uint64 {
	const msBits, seqBits = 42, 21
	ms := uint64(max(start, 0)/1e6) & (1<<msBits - 1)
	return ms<<seqBits | uint64(sequence)&(1<<seqBits-1)
}

// Batch is what leaves a source once a second of its own time, also when nothing happened.
type Batch struct {
	// Time is the source's clock in nanoseconds since the Unix epoch; it never
	// goes backwards within one run of a source. The batch is about [Since, Time); 0 or
	// Time as Since: nothing was watched.
	Time, Since int64
	Records     []Record
	// Input is the sum of all Points. Point 0 is for what can't be told apart by them: what
	// a ring of several interfaces has dropped.
	Input  Input
	Points []PointInput
}

// ErrBusy is returned by a Sink that can't take the batch now. Nothing of it was
// consumed: the caller keeps it and offers it again with what is new.
var ErrBusy = errors.New("sink is busy")

// Sink consumes flow records. The batch is the caller's again on return.
type Sink interface {
	Consume(Batch) error
}
