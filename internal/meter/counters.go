package meter

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// Counters are cumulative counts of one run, as of the latest tick.
type Counters struct {
	// Input is what the source delivered. Input.Packets - Input.Refused were metered.
	Input flow.Input
	// Faults are the refused packets by reason; their sum is Input.Refused.
	Faults [packet.FaultCount]uint64
	// Started are the sessions begun, Ended those ended, by reason.
	Started uint64
	Ended   [flow.EndLackOfResources + 1]uint64
	// Overflow are the packets of sessions that found no room at all.
	Overflow uint64
	// Active are the sessions in the table.
	Active uint64
	// Records and Batches left; Refusals counts batches that the sink had no room for.
	Records, Batches, Refusals uint64
}

// Metered is the number of packets that were counted on a flow.
func (c *Counters) Metered() uint64 { return c.Input.Packets - c.Input.Refused }

// Counters may be called from any goroutine.
func (m *Meter) Counters() Counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.published
}

func (m *Meter) publish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.published = m.totals
	m.published.Input.Add(m.input())
	m.published.Active = uint64(m.table.used)
}

// Add adds o to c.
func (c *Counters) Add(o *Counters) {
	c.Input.Add(o.Input)
	for i, n := range o.Faults {
		c.Faults[i] += n
	}
	for i, n := range o.Ended {
		c.Ended[i] += n
	}
	c.Started += o.Started
	c.Overflow += o.Overflow
	c.Active += o.Active
	c.Records += o.Records
	c.Batches += o.Batches
	c.Refusals += o.Refusals
}
