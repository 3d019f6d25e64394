package flow

// Input accounts for everything a source was offered since the last batch.
// Packets = metered + Refused, always.
type Input struct {
	// Packets and WireBytes are what the source delivered.
	Packets, WireBytes uint64
	// Refused are delivered packets that could not be metered, RefusedBytes their wire bytes.
	Refused, RefusedBytes uint64
	// Dropped are packets that the kernel or the ring lost before delivery.
	Dropped uint64
	// Truncated are delivered packets that the capture had cut below their headers.
	Truncated uint64
	// Duplicates are metered packets that count at another observation point, and
	// DuplicateBytes their wire bytes.
	Duplicates, DuplicateBytes uint64
	// Offloaded estimates how many more packets were on the wire than were delivered;
	// see TCPCounters.OffloadedPackets.
	Offloaded uint64
	// KernelPackets and KernelBytes are what the interface itself counted in the same
	// time, both ways (struct rtnl_link_stats64, linux/if_link.h). Both are 0 for what is
	// no interface.
	KernelPackets, KernelBytes uint64
	// KernelMissed are packets that the card lost for want of memory (rx_missed_errors),
	// and KernelDropped those that the kernel discarded (rx_dropped); neither is in
	// KernelPackets.
	KernelMissed, KernelDropped uint64
}

// Add adds o to i.
func (i *Input) Add(o Input) {
	i.Packets += o.Packets
	i.WireBytes += o.WireBytes
	i.Refused += o.Refused
	i.RefusedBytes += o.RefusedBytes
	i.Dropped += o.Dropped
	i.Truncated += o.Truncated
	i.Duplicates += o.Duplicates
	i.DuplicateBytes += o.DuplicateBytes
	i.Offloaded += o.Offloaded
	i.KernelPackets += o.KernelPackets
	i.KernelBytes += o.KernelBytes
	i.KernelMissed += o.KernelMissed
	i.KernelDropped += o.KernelDropped
}

// Coverage is the part of what there was that was delivered, from 0 to 1. What was
// dropped is known exactly. What the interface counted is compared with what was on the
// wire by our estimate, because either may be larger: cards join segments before we see
// them, virtual interfaces count them joined as we do.
func (i *Input) Coverage() float64 {
	covered := 1.0
	if offered := i.Packets + i.Dropped; i.Dropped > 0 {
		covered = float64(i.Packets) / float64(offered)
	}
	if offered := i.KernelPackets + i.KernelMissed; offered > 0 {
		covered = min(covered, float64(i.Packets+i.Offloaded)/float64(offered))
	}
	return covered
}

// PointInput is the Input of one observation point, and how much of the batch's time it
// was watched, in nanoseconds.
type PointInput struct {
	Point    Point
	Observed int64
	Input
}

// PointList is a short list of observation points; 0 ends it.
type PointList [5]Point

// Has reports whether p is in the list.
func (l *PointList) Has(p Point) bool {
	for _, q := range l {
		if q == p {
			return p != 0
		}
	}
	return false
}

// Add appends p if it is not in the list. It reports false if there is no room for it.
func (l *PointList) Add(p Point) bool {
	for i, q := range l {
		if q == 0 {
			l[i] = p
		}
		if l[i] == p {
			return true
		}
	}
	return false
}

// Remove takes p out of the list.
func (l *PointList) Remove(p Point) {
	kept := PointList{}
	for _, q := range l {
		if q != p && q != 0 {
			kept.Add(q)
		}
	}
	*l = kept
}
