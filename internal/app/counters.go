package app

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
	"netflow-monitor/internal/packet"
)

// counters sum what the meters of all runs counted.
type counters struct {
	flow.Input
	faults [packet.FaultCount]uint64
	// crowded are sessions that ended because the flow table was full.
	crowded uint64
	// overflow are packets of sessions that found no room in it at all.
	overflow uint64
	// uncorrelated are flows that were not compared with those of other interfaces.
	uncorrelated uint64
}

// sum adds o to c.
func (c *counters) sum(o counters) {
	c.Input.Add(o.Input)
	for i, n := range o.faults {
		c.faults[i] += n
	}
	c.crowded += o.crowded
	c.overflow += o.overflow
	c.uncorrelated += o.uncorrelated
}

func (c *counters) add(m meter.Counters) {
	c.Input.Add(m.Input)
	for i, n := range m.Faults {
		c.faults[i] += n
	}
	c.crowded += m.Ended[flow.EndLackOfResources]
	c.overflow += m.Overflow
}

// byReason names the refused packets' faults.
func (c *counters) byReason() map[string]uint64 {
	reasons := make(map[string]uint64)
	for i, n := range c.faults {
		if n > 0 {
			reasons[packet.Fault(i).String()] = n
		}
	}
	return reasons
}
