package meter

import (
	"errors"
	"fmt"
	"time"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

const (
	// batchLimit bounds the records that wait for the sink. What a tick has more
	// leaves in further batches of the same time.
	batchLimit = 1 << 16
	// finalBatch is the number of records at which a batch leaves at once where no
	// tick collects them.
	finalBatch = 1 << 8
	// stopPatience is how long a sink may stay busy once the meter must stop.
	stopPatience = 5 * time.Second
	// retryAfter is for how long, in nanoseconds, a busy sink is not asked again while
	// packets come.
	retryAfter = int64(2 * time.Millisecond)
)

var errStuck = errors.New("records lost: nothing took them")

// output is the hand-off of records: those that wait for the sink, and the list of
// flows that have news.
type output struct {
	source  capture.Source
	sink    flow.Sink
	stop    <-chan struct{}
	pending []flow.Record
	limit   int      // of pending: a batch
	most    int      // of pending, with what can't wait though a batch does
	dirty   []uint32 // entries marked queued
	clock   int64    // of the latest batch
	busy    bool     // the sink refused the pending records
	err     error    // final; from then on records are dropped
	// inputs account for the packets since the latest batch. The first one is that of the
	// only observation point, or of none; it has what the source dropped.
	inputs  []flow.PointInput
	dropped uint64 // by the source in all, as of the latest batch
	since   int64  // when the latest batch that was taken ended
	retryAt int64  // when a busy sink is asked again, if no tick comes before
}

// queue notes that the entry has news. An entry stays queued when its flow ends, so
// the list is never longer than the table.
func (m *Meter) queue(i uint32, e *hot) {
	if e.marks&queued == 0 {
		e.marks |= queued
		m.dirty = append(m.dirty, i)
	}
}

// record appends the entry's record and begins new deltas.
func (m *Meter) record(i uint32, e *hot, end flow.EndReason) {
	if len(m.pending) >= m.most && !m.makeRoom() {
		return
	}
	c := m.table.cold(i)
	r := flow.Record{
		ID: c.id, Key: e.flowKey(), Start: c.start, Last: e.last,
		Sent: m.table.takeCount(i, e, 0), Received: m.table.takeCount(i, e, 1),
		TCPFlagsSent: e.flags[0], TCPFlagsReceived: e.flags[1],
		ICMPType: c.icmpType, ICMPCode: c.icmpCode,
		State: e.state, End: end, First: e.marks&recorded == 0,
		ResetByResponder: e.marks&responderReset != 0,
	}
	if e.protocol() == flow.ProtoTCP {
		m.table.report(i, e, &r)
		if n := r.SentTCP.OffloadedPackets + r.ReceivedTCP.OffloadedPackets; n > 0 {
			m.inputs[m.inputOf(r.Key.Point)].Offloaded += n
		}
	}
	if e.marks&tunnelled != 0 {
		r.Tunnel = *m.table.tunnel(i)
	}
	m.pending = append(m.pending, r)
	e.marks |= recorded
	m.totals.Records++
}

// congested reports whether a batch of records waits that the sink does not take.
func (m *Meter) congested(t int64) bool {
	if !m.interim || len(m.pending) < m.limit {
		return false
	}
	if t < m.retryAt && t > m.retryAt-2*retryAfter {
		return true
	}
	m.output.clock = max(m.output.clock, m.clock)
	m.retryAt = t + retryAfter
	return !m.deliver()
}

// makeRoom hands the pending records over, waiting for a busy sink: meanwhile packets
// pile up in the ring, and what doesn't fit there is counted there.
func (m *Meter) makeRoom() bool {
	m.output.clock = max(m.output.clock, m.clock)
	return m.deliverPatiently()
}

func (m *Meter) deliverPatiently() bool {
	var deadline time.Time
	for wait := time.Millisecond; !m.deliver(); wait = min(2*wait, 50*time.Millisecond) {
		if m.output.err != nil {
			return false
		}
		select {
		case <-m.stop:
			if deadline.IsZero() {
				deadline = time.Now().Add(stopPatience)
			} else if time.Now().After(deadline) {
				m.output.err = fmt.Errorf("%d flow %w", len(m.pending), errStuck)
			}
			time.Sleep(wait)
		case <-time.After(wait):
		}
	}
	return true
}

// flush offers the records of all flows with news. If the sink is busy, the rest stays
// where it is: deltas add up in the entries until the next tick.
func (m *Meter) flush() {
	if m.busy && !m.deliver() {
		return
	}
	for {
		m.drain()
		if !m.deliver() || len(m.dirty) == 0 {
			return
		}
	}
}

// drain makes records of flows with news, as many as one batch holds.
func (m *Meter) drain() {
	n := 0
	for ; n < len(m.dirty) && len(m.pending) < m.limit; n++ {
		i := m.dirty[n]
		e := m.table.hot(i)
		e.marks &^= queued
		if e.tick != 0 {
			m.record(i, e, flow.EndNone)
		}
	}
	m.dirty = m.dirty[:copy(m.dirty, m.dirty[n:])]
}

// deliver offers one batch. It reports whether the sink took it.
func (m *Meter) deliver() bool {
	if m.output.err != nil {
		m.pending = m.pending[:0]
		return false
	}
	m.countDropped()
	b := flow.Batch{Time: m.output.clock, Since: m.since, Records: m.pending, Input: m.input(), Points: m.inputs}
	err := m.sink.Consume(b)
	m.busy = errors.Is(err, flow.ErrBusy)
	switch {
	case err == nil:
		m.totals.Batches++
		m.totals.Input.Add(b.Input)
		m.clearInput()
		m.since = m.output.clock
		m.pending = m.pending[:0]
		return true
	case m.busy:
		m.totals.Refusals++
	default:
		m.output.err = fmt.Errorf("hand over flow records: %w", err)
	}
	return false
}

// countDropped adds what the source lost since the last call. A source that can't
// tell just now tells it the next time.
func (m *Meter) countDropped() {
	stats, err := m.source.Stats()
	if err != nil || stats.Dropped < m.dropped {
		return
	}
	m.inputs[0].Dropped += stats.Dropped - m.dropped
	m.dropped = stats.Dropped
}

// finish hands over the last records and the last counts.
func (m *Meter) finish() {
	m.output.clock = max(m.output.clock, m.clock)
	m.dirty = m.dirty[:0]
	m.deliverPatiently()
}
