package meter

import (
	"netflow-monitor/internal/flow"
)

// maxVLANs is in how many VLANs flows of the same ends are kept apart. They share a
// hash, so that without a bound someone who sends all tags would make every look-up
// walk through all of them.
const maxVLANs = 16

// acrossVLANs finds the flow of a packet whose VLAN has none. Tags often differ by
// direction, and some ports mirror one packet with its tag and the next without: a
// packet that can't begin a conversation belongs to the one that is there. So does any
// packet where there are too many.
func (m *Meter) acrossVLANs(a *arrival) (i uint32, e *hot, direction uint) {
	oldest, apart := none, 0
	slots, mask := m.table.slots.items, m.table.mask
	for pos := a.hash & mask; slots[pos] != 0; pos = (pos + 1) & mask {
		if slots[pos]>>32 != uint64(a.hash) {
			continue
		}
		i, e = uint32(slots[pos])-1, m.table.hot(uint32(slots[pos])-1)
		way, same := e.sameEnds(a.key)
		if !same {
			continue
		}
		if m.continues(e, a, way) {
			e.marks |= crossed
			return i, e, way
		}
		if apart++; oldest == none {
			oldest, direction = i, way
		}
	}
	if apart < maxVLANs {
		return none, nil, 0
	}
	e = m.table.hot(oldest)
	if m.expired(e, a.time) {
		m.end(oldest, e, idleReason(e))
		return none, nil, 0
	}
	e.marks |= crossed
	return oldest, e, direction
}

// sameEnds reports whether the key is that of the flow but for its VLAN, and in which
// direction.
func (e *hot) sameEnds(k key) (direction uint, same bool) {
	own := e.key()
	own.meta &= metaEnds
	k.meta &= metaEnds
	if own == k {
		return 0, true
	}
	return 1, own == k.reverse() && k.meta>>oneWayBit == 0
}

// continues reports whether a packet from another VLAN goes on with the flow: a TCP
// segment that is no SYN, an answer to what was not answered yet, and whatever comes
// after such a packet. The same request in a second VLAN is another conversation.
func (m *Meter) continues(e *hot, a *arrival, direction uint) bool {
	if m.expired(e, a.time) {
		return false
	}
	if a.headers.Protocol == flow.ProtoTCP && a.headers.TCPFlags&flow.TCPSyn == 0 {
		return true
	}
	return e.marks&(seenSent<<direction) == 0 || e.marks&crossed != 0
}
