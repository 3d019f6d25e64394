package meter

import "netflow-monitor/internal/flow"

// Points names the observation points of a source with several interfaces. The meter
// asks it from its own goroutine while packets wait, so it answers from memory.
type Points interface {
	// Point is the observation point of the interface with the kernel's index.
	Point(iface int32) flow.Point
	// Changes rises whenever a known interface became another observation point.
	Changes() uint64
}

const (
	// sightSlots is how many interfaces are remembered without a look-up. A power of two.
	sightSlots = 256
	// maxInputs bounds the observation points that are accounted for one by one in a
	// batch; what comes from further ones is in the first account.
	maxInputs = 4096
)

// sight is what is known of an interface.
type sight struct {
	point uint64 // as in key.meta
	iface int32
	input uint16 // index of inputs
}

// sights are the interfaces met lately, by the lowest bits of their index.
type sights struct {
	slots [sightSlots]sight
	// known are up to maxInputs of all that were met, for those that share a slot.
	known   map[int32]sight
	changes uint64
}

func (s *sights) at(iface int32) *sight { return &s.slots[uint32(iface)%sightSlots] }

// meet gives an interface its place.
func (m *Meter) meet(s *sight, iface int32) {
	if known, ok := m.sights.known[iface]; ok {
		*s = known
		return
	}
	point := m.cfg.Point
	if iface != 0 && m.cfg.Points != nil {
		point = m.cfg.Points.Point(iface)
	}
	*s = sight{point: uint64(min(point, flow.MaxPoint)) << pointShift, iface: iface, input: m.inputOf(point)}
	if len(m.sights.known) < maxInputs {
		m.sights.known[iface] = *s
	}
}

// inputOf is the account of an observation point.
func (m *Meter) inputOf(p flow.Point) uint16 {
	for i := range m.inputs {
		if m.inputs[i].Point == p {
			return uint16(i)
		}
	}
	if len(m.inputs) == maxInputs {
		return m.reuseInput(p)
	}
	m.inputs = append(m.inputs, flow.PointInput{Point: p})
	return uint16(len(m.inputs) - 1)
}

// reuseInput gives the point an account that has nothing in it and that no packet is
// on its way to. All interfaces are asked for again, as one may have had it.
func (m *Meter) reuseInput(p flow.Point) uint16 {
	awaited := [maxInputs]bool{0: true}
	for i := range m.pipeline.groups {
		g := &m.pipeline.groups[i]
		for j := range g.packets[:g.count] {
			awaited[g.packets[j].sight] = true
		}
	}
	for i := range m.inputs {
		if !awaited[i] && m.inputs[i].Input == (flow.Input{}) {
			m.inputs[i].Point = p
			m.forgetInterfaces()
			return uint16(i)
		}
	}
	return 0
}

// followPoints asks again for all interfaces if an answer may have changed.
func (m *Meter) followPoints() {
	if m.cfg.Points == nil {
		return
	}
	if n := m.cfg.Points.Changes(); n != m.sights.changes {
		m.sights.changes = n
		m.forgetInterfaces()
	}
}

func (m *Meter) forgetInterfaces() {
	for i := range m.sights.slots {
		m.sights.slots[i].iface = -1
	}
	m.sights.known = make(map[int32]sight)
	m.meet(m.sights.at(0), 0)
}

// input sums the accounts.
func (m *Meter) input() (sum flow.Input) {
	for i := range m.inputs {
		sum.Add(m.inputs[i].Input)
	}
	return sum
}

// clearInput begins all accounts anew.
func (m *Meter) clearInput() {
	for i := range m.inputs {
		m.inputs[i].Input = flow.Input{}
	}
}
