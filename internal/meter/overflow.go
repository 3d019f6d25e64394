package meter

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// overflow is the flow of all packets that found none of their own, because the table
// was full and the records of those that had to go waited for a busy sink. So a flood of
// new flows costs neither packets nor their count, only their names: the flow has the
// unspecified address at both ends and no protocol (255, reserved).
type overflow struct {
	index uint32
	id    uint64
}

// is reports whether the flow is there: like others it ends when it is idle for long.
func (o *overflow) is(m *Meter) bool {
	return o.id != 0 && m.table.cold(o.index).id == o.id && m.table.hot(o.index).tick != 0
}

// take gives the packet to the flow.
func (o *overflow) take(m *Meter, a *arrival) (i uint32, e *hot, direction uint) {
	e = m.table.hot(o.index)
	m.totals.Overflow++
	a.headers.Protocol = 0 // it is no segment of a stream that the flow had
	if e.tick != m.tick {
		m.refresh(o.index, e)
	}
	return o.index, e, 0
}

// prepareOverflow makes the flow, unless it is there. The table has been full, and has
// room for one.
func (m *Meter) prepareOverflow(a *arrival) {
	if !m.interim || m.overflow.is(m) || m.table.max < 2 {
		return
	}
	const reserved = 255
	b := arrival{time: a.time, headers: packet.Headers{Version: 4, Protocol: reserved}}
	b.headers.Src[10], b.headers.Src[11], b.headers.Dst[10], b.headers.Dst[11] = 0xff, 0xff, 0xff, 0xff
	b.key.load(&b.headers, uint64(min(m.cfg.Point, flow.MaxPoint))<<pointShift)
	b.hash = b.key.hash(&m.table.seed)
	i, _, _ := m.insert(&b)
	m.overflow = overflow{i, m.table.cold(i).id}
	m.evict(a.time)
}
