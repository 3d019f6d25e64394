package meter

import (
	"netflow-monitor/internal/flow"
)

// acrossVLANs finds the flow of a packet whose VLAN has none. Tags often differ by
// direction, and some ports mirror one packet with its tag and the next without: a
// packet that can't begin a conversation belongs to the one that is there.
func (m *Meter) acrossVLANs(a *arrival) (i uint32, e *hot, direction uint) {
	slots, mask := m.table.slots.items, m.table.mask
	for pos := a.hash & mask; slots[pos] != 0; pos = (pos + 1) & mask {
		if slots[pos]>>32 != uint64(a.hash) {
			continue
		}
		i := uint32(slots[pos]) - 1
		e := m.table.hot(i)
		if direction, same := e.sameEnds(a.key); same && m.continues(e, a, direction) {
			e.marks |= crossed
			return i, e, direction
		}
	}
	return none, nil, 0
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
