package mediator

import (
	"bytes"

	"netflow-monitor/internal/flow"
)

// amount is what one direction of a record counts; everything in it adds up.
type amount [10]uint64

const packetsOf, wireBytesOf = 0, 1 // indices of an amount

func amountOf(c *flow.Counters, q *flow.TCPCounters) amount {
	return amount{
		c.Packets, c.WireBytes, c.IPBytes, c.PayloadBytes,
		q.Retransmits, q.RetransmittedBytes, q.OutOfOrder, q.ZeroWindows, q.Resets, q.OffloadedPackets,
	}
}

func (a *amount) counters() flow.Counters {
	return flow.Counters{Packets: a[packetsOf], WireBytes: a[wireBytesOf], IPBytes: a[2], PayloadBytes: a[3]}
}

func (a *amount) quality() flow.TCPCounters {
	return flow.TCPCounters{
		Retransmits: a[4], RetransmittedBytes: a[5], OutOfOrder: a[6], ZeroWindows: a[7], Resets: a[8], OffloadedPackets: a[9],
	}
}

func (a *amount) add(b *amount) {
	for i := range a {
		a[i] += b[i]
	}
}

// less takes away from a what was owed, and that from what is owed.
func (a *amount) less(owed *amount) {
	for i := range a {
		n := min(a[i], owed[i])
		a[i] -= n
		owed[i] -= n
	}
}

// ends are a conversation's, the same whoever began it.
type ends struct {
	low, high         [16]byte
	lowPort, highPort uint16
	vlan, inner       uint16
	point             flow.Point
	protocol, version uint8
}

func endsOf(k *flow.Key) ends {
	e := ends{
		low: k.Src, high: k.Dst, lowPort: k.SrcPort, highPort: k.DstPort,
		vlan: k.VLAN, inner: k.InnerVLAN, protocol: k.Protocol, version: k.Version,
	}
	if order := bytes.Compare(k.Src[:], k.Dst[:]); order > 0 || order == 0 && k.SrcPort > k.DstPort {
		e.low, e.high, e.lowPort, e.highPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	}
	return e
}

// biflow is a conversation as all its observation points saw it.
type biflow struct {
	key         flow.Key // as its first record said; Point is the one that it is shown at
	id          uint64
	ends        ends
	start, last int64
	// counted is how much in each direction left, and countedAt the round of the latest.
	counted   [2]amount
	countedAt [2]uint32
	sightings uint32 // the first of them
	lives     uint32 // flows that have not ended
	rtt       [2]int64
	flags     [2]uint8
	state     flow.State
	end       flow.EndReason
	also      flow.PointList
	carried   bool
	told      bool // a record left
	resetBy   bool
}

// sighting is what one observation point saw of a biflow.
type sighting struct {
	// owed is what others counted and this point is still to see, or never will: that
	// does not count again. It is forgotten when nobody else counts any more.
	owed   [2]amount
	owedAt [2]uint32
	seenAt uint32 // round
	next   uint32
	// sources that metered it, a bit each; of one point several do if they share its
	// packets by other fields than those of the session.
	sources uint64
	point   flow.Point
	height  uint8
}

// turn makes the record one of the opposite direction.
func turn(r *flow.Record) {
	r.Key = r.Key.Reverse()
	r.Sent, r.Received = r.Received, r.Sent
	r.SentTCP, r.ReceivedTCP = r.ReceivedTCP, r.SentTCP
	r.TCPFlagsSent, r.TCPFlagsReceived = r.TCPFlagsReceived, r.TCPFlagsSent
	r.RTTClient, r.RTTServer = r.RTTServer, r.RTTClient
	r.Tunnel.Src, r.Tunnel.Dst = r.Tunnel.Dst, r.Tunnel.Src
	if (r.TCPFlagsSent|r.TCPFlagsReceived)&flow.TCPRst != 0 {
		r.ResetByResponder = !r.ResetByResponder
	}
}

// progress orders states by how much they know. What two points saw of a conversation
// together is what the one knows that knows more.
func progress(s flow.State) int {
	return [...]int{
		flow.StateUnreplied: 0, flow.StateSynSent: 0, flow.StateMidstream: 1, flow.StateActive: 2, flow.StateSynReceived: 2,
		flow.StateEstablished: 3, flow.StateClosing: 4, flow.StateReset: 5, flow.StateClosed: 6,
	}[s]
}

// severity orders end reasons: a conversation that ended at one point and was forgotten
// at another has ended.
func severity(r flow.EndReason) int {
	return [...]int{
		flow.EndNone: 0, flow.EndLackOfResources: 1, flow.EndForced: 2, flow.EndActiveTimeout: 3, flow.EndIdleTimeout: 3, flow.EndOfFlow: 4,
	}[r]
}

// learn takes what a record says besides its counts, and reports whether that matters
// without any.
func (b *biflow) learn(r *flow.Record) (news bool) {
	flags, rtt, state := b.flags, b.rtt, b.state
	b.start, b.last = min(b.start, r.Start), max(b.last, r.Last)
	b.flags[0] |= r.TCPFlagsSent
	b.flags[1] |= r.TCPFlagsReceived
	if b.rtt[0] == 0 {
		b.rtt[0] = r.RTTClient
	}
	if b.rtt[1] == 0 {
		b.rtt[1] = r.RTTServer
	}
	if progress(r.State) > progress(b.state) {
		b.state = r.State
	}
	b.resetBy = b.resetBy || r.ResetByResponder
	return b.flags != flags || b.rtt != rtt || b.state != state
}

// complete finds what only all points together know: the answer of a conversation whose
// directions take different ways.
func (b *biflow) complete() {
	both := b.counted[0][packetsOf] > 0 && b.counted[1][packetsOf] > 0
	switch {
	case !both:
	case b.state == flow.StateUnreplied:
		b.state = flow.StateActive
	case (b.state == flow.StateSynSent || b.state == flow.StateSynReceived) && b.flags[0]&b.flags[1]&flow.TCPSyn != 0:
		if b.state = flow.StateSynReceived; b.flags[0]&flow.TCPAck != 0 {
			b.state = flow.StateEstablished
		}
	}
}
