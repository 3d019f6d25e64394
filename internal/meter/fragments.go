package meter

import (
	"time"

	"netflow-monitor/internal/packet"
)

const (
	fragmentSlots = 512
	// fragmentLife is how long later fragments may follow the first (RFC 1122
	// section 3.3.2: 60 to 120 s at most; senders send them at once).
	fragmentLife = int64(30 * time.Second)
)

// fragments remembers which ports the first fragments of recent datagrams had, for
// the later ones, which carry none. A newer datagram takes the place of an older one:
// its late fragments are then metered without ports, as are those that come first.
type fragments [fragmentSlots]fragment

type fragment struct {
	key  key
	time int64
	id   uint32
}

// resolve remembers the key of a first fragment and completes that of a later one.
func (f *fragments) resolve(h *packet.Headers, k *key, t int64) {
	slot := &f[fold(k.src.lo+uint64(h.FragmentID), k.dst.lo^0x9e3779b97f4a7c15)%fragmentSlots]
	if h.Fragment == packet.FragmentFirst {
		*slot = fragment{*k, t, h.FragmentID}
		return
	}
	age := t - slot.time
	same := slot.id == h.FragmentID && slot.key.src == k.src && slot.key.dst == k.dst &&
		slot.key.meta&^(1<<oneWayBit) == k.meta
	if same && max(age, -age) <= fragmentLife {
		*k = slot.key
	}
}
