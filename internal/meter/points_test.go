package meter

import (
	"context"
	"testing"

	"netflow-monitor/internal/flow"
)

// register is what names observation points: the interface's index and 100, until moved.
type register struct {
	asked   int
	moved   flow.Point
	changes uint64
}

func (r *register) Point(iface int32) flow.Point {
	r.asked++
	return flow.Point(iface) + 100 + r.moved
}

func (r *register) Changes() uint64 { return r.changes }

// The same packets at two interfaces are two flows, each accounted at its own point.
func TestPointsAreApart(t *testing.T) {
	cfg, names := offline(), new(register)
	cfg.Points = names
	c := tcp("10.0.0.1", "10.0.0.2", 40000, 80)
	all := frames([]pkt{c.with(syn), c.with(syn), c.back().with(syn | ack), c.back().with(syn | ack), c.with(ack), c.with(ack)})
	for i := range all {
		all[i].Interface = int32(1 + i%2)
	}
	all[5].Data = all[5].Data[:20] // too short to be metered
	out := &sink{}
	m := mustNew(t, cfg)
	if err := m.Run(context.Background(), &script{frames: all}, out); err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, m, out)
	seen := map[flow.Point]uint64{}
	for _, r := range out.records() {
		seen[r.Key.Point] += r.Sent.Packets + r.Received.Packets
	}
	inputs := map[flow.Point]flow.Input{}
	for _, b := range out.batches {
		for _, p := range b.Points {
			in := inputs[p.Point]
			in.Add(p.Input)
			inputs[p.Point] = in
		}
	}
	if len(seen) != 2 || seen[101] != 3 || seen[102] != 2 || inputs[101].Packets != 3 || inputs[102].Packets != 3 || inputs[102].Refused != 1 {
		t.Errorf("records %v, accounts %+v", seen, inputs)
	}
	if names.asked != 2 {
		t.Errorf("asked %d times for two interfaces", names.asked)
	}
}

// packetsOfPoints is a sink that sums the accounts.
type packetsOfPoints map[flow.Point]uint64

func (s packetsOfPoints) Consume(b flow.Batch) error {
	for _, p := range b.Points {
		s[p.Point] += p.Packets
	}
	return nil
}

// However many interfaces there were, a new one has an account of its own.
func TestAccountsOfGoneInterfacesAreReused(t *testing.T) {
	cfg := offline()
	cfg.Points, cfg.MaxSessions = new(register), 100
	m, seen := mustNew(t, cfg), make(packetsOfPoints)
	mustOpen(t, m, &script{}, seen)
	const interfaces = 2 * maxInputs
	for i := range int32(interfaces) {
		for range 2 {
			f := udp("10.0.0.1", "10.0.0.2", 1, 53).frame()
			f.Interface = i + 1
			m.take(&f)
		}
		m.deliver() // some are still on their way
	}
	m.meterAll()
	m.deliver()
	for p := range flow.Point(interfaces) {
		if n := seen[p+101]; n != 2 {
			t.Fatalf("%d packets of interface %d", n, p+1)
		}
	}
	if len(m.inputs) > maxInputs {
		t.Errorf("%d accounts", len(m.inputs))
	}
}

// Interfaces that share a slot are asked for once each all the same.
func TestInterfacesThatShareASlot(t *testing.T) {
	cfg, names := offline(), new(register)
	cfg.Points = names
	m, out := mustNew(t, cfg), &sink{}
	mustOpen(t, m, &script{}, out)
	for i := range 100 {
		f := udp("10.0.0.1", "10.0.0.2", 1, 53).frame()
		f.Interface = 2 + int32(i%2)*sightSlots
		feed(m, &f)
	}
	if names.asked != 2 {
		t.Errorf("asked %d times for two interfaces", names.asked)
	}
}

// Fragments of the same datagram at two interfaces must not mix.
func TestFragmentsOfPointsAreApart(t *testing.T) {
	cfg := offline()
	cfg.Points = new(register)
	m := mustNew(t, cfg)
	a, b := arrival{time: 1}, arrival{time: 1}
	a.headers.FragmentID, b.headers.FragmentID = 7, 7
	a.key.meta, b.key.meta = 101<<pointShift, 102<<pointShift
	d, _ := m.fragments.find(&a)
	*d = datagram{key: a.key, time: 1, id: 7}
	for _, outer := range []bool{false, true} {
		d.outer = outer
		if !d.has(&a) || d.has(&b) {
			t.Errorf("outer %v: its own %v, another's %v", outer, d.has(&a), d.has(&b))
		}
	}
}

// After a change, packets of the same interface belong to another point.
func TestRenamedInterface(t *testing.T) {
	cfg, names := offline(), new(register)
	cfg.Points, cfg.Interim = names, true
	m, out := mustNew(t, cfg), &sink{}
	mustOpen(t, m, &script{}, out)
	for i, at := range []float64{1, 2.5, 4} {
		f := udp("10.0.0.1", "10.0.0.2", 1, 53).when(at).frame()
		f.Interface = 7
		feed(m, &f)
		if i == 0 {
			names.moved, names.changes = 50, 1
		}
	}
	m.endAll()
	m.finish()
	points := map[flow.Point]uint64{}
	for _, r := range out.records() {
		points[r.Key.Point] += r.Sent.Packets
	}
	if points[107]+points[157] != 3 || points[157] == 0 {
		t.Errorf("packets by point: %v", points)
	}
}

// More interfaces than there is room for share an account; no packet is lost to that.
func TestManyInterfaces(t *testing.T) {
	cfg := offline()
	cfg.Points, cfg.MaxSessions = new(register), 3*maxInputs
	const packets = 2*maxInputs + 5
	m, out := mustNew(t, cfg), &sink{}
	mustOpen(t, m, &script{}, out)
	for i := range packets {
		f := udp("10.0.0.1", "10.0.0.2", 1, 53).frame()
		f.Interface = int32(i + 1)
		feed(m, &f)
	}
	if in := m.input(); in.Packets != packets || len(m.inputs) != maxInputs {
		t.Errorf("%d packets in %d accounts", in.Packets, len(m.inputs))
	}
}

// A flood of new flows while the statistics are busy never makes a packet wait. All of
// them are counted, most of them without a name.
func TestFloodDoesNotWait(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	cfg.MaxSessions = 100
	busy := true
	m, out := mustNew(t, cfg), &sink{refuse: busyUnless(func(int) bool { return !busy })}
	mustOpen(t, m, &script{}, out)
	m.limit, m.most = 64, 128
	const flood = 50_000
	f := udp("10.0.0.1", "10.0.0.2", 0, 0).frame()
	step := func(i int) {
		f.Time += 1000
		f.Data[34], f.Data[35], f.Data[36], f.Data[37] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
		m.take(&f)
	}
	i := 0
	for ; i < 1000; i++ {
		step(i)
	}
	if allocs := testing.AllocsPerRun(flood-1001, func() { step(i); i++ }); allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
	m.meterAll()
	if out.calls > flood/1000 { // 50 ms of packets, asked every 2
		t.Errorf("a busy sink was asked %d times", out.calls)
	}
	if len(m.pending) > 128 {
		t.Errorf("%d records wait", len(m.pending))
	}
	busy = false
	m.endAll()
	m.finish()
	m.publish()
	checkInvariants(t, m, out)
	c := m.Counters()
	var nameless uint64
	for _, r := range out.records() {
		if r.Key.Protocol == 255 {
			nameless += r.Sent.Packets
			if r.Key.SrcAddr().String() != "0.0.0.0" || r.Key.DstAddr().String() != "0.0.0.0" {
				t.Errorf("%+v", r)
			}
		}
	}
	if c.Overflow == 0 || nameless != c.Overflow || c.Input.Packets != flood {
		t.Errorf("%d packets, %d of flows without room, %d in records", c.Input.Packets, c.Overflow, nameless)
	}
}

// Expiry stops while records wait, and goes on when they are taken.
func TestExpiryWaitsForTheSink(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	busy := true
	m, out := mustNew(t, cfg), &sink{refuse: busyUnless(func(int) bool { return !busy })}
	mustOpen(t, m, &script{}, out)
	m.limit, m.most = 16, 32
	const flows = 500
	for i := range flows {
		f := udp("10.0.0.1", "10.0.0.2", uint16(i), 53).frame()
		feed(m, &f)
	}
	late := func(at float64) {
		f := udp("10.0.0.9", "10.0.0.8", 1, 53).when(at).frame()
		feed(m, &f)
	}
	for i := range 200 {
		late(100 + float64(i)*0.001)
	}
	if m.table.used < flows-32 {
		t.Errorf("%d of %d flows are left though nobody takes their records", m.table.used, flows)
	}
	busy = false
	for i := range 200 {
		late(102 + float64(i)*0.01)
	}
	if m.table.used != 1 {
		t.Errorf("%d flows are left", m.table.used)
	}
}
