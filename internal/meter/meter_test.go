package meter

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

const (
	fin = flow.TCPFin
	syn = flow.TCPSyn
	rst = flow.TCPRst
	ack = flow.TCPAck
)

// summary is what most tests look at: one line for each record.
func summary(records []flow.Record) []string {
	lines := make([]string, 0, len(records))
	for _, r := range records {
		src, dst := r.Key.Ports()
		line := []string{
			r.Key.SrcAddr().String(), itoa(uint64(src)), r.Key.DstAddr().String(), itoa(uint64(dst)),
			itoa(r.Sent.Packets), itoa(r.Received.Packets), r.State.String(), r.End.String(),
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}

func itoa(n uint64) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestSessions(t *testing.T) {
	c := tcp("10.0.0.1", "10.0.0.2", 40000, 80)
	d := udp("10.0.0.1", "10.0.0.2", 40000, 53)
	tests := []struct {
		name    string
		packets []pkt
		want    []string
	}{
		{"handshake, data, close", []pkt{
			c.with(syn), c.back().with(syn | ack), c.with(ack), c.back().with(fin | ack), c.with(fin | ack), c.back().with(ack),
		}, []string{"10.0.0.1 40000 10.0.0.2 80 3 3 closed end_of_flow"}},
		{"unanswered syn", []pkt{c.with(syn), c.with(syn).when(1)}, []string{"10.0.0.1 40000 10.0.0.2 80 2 0 syn_sent forced_end"}},
		{"half open times out", []pkt{c.with(syn), d.when(31)}, []string{
			"10.0.0.1 40000 10.0.0.2 80 1 0 syn_sent idle_timeout", "10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end",
		}},
		{"refused", []pkt{c.with(syn), c.back().with(rst | ack)}, []string{"10.0.0.1 40000 10.0.0.2 80 1 1 reset end_of_flow"}},
		{"syn-ack seen first", []pkt{c.back().with(syn | ack), c.with(ack)}, []string{"10.0.0.1 40000 10.0.0.2 80 1 1 established forced_end"}},
		{"midstream, server first", []pkt{c.back().with(ack), c.with(ack)}, []string{"10.0.0.1 40000 10.0.0.2 80 1 1 midstream forced_end"}},
		{"syn beats port", []pkt{c.with(ack), c.back().with(syn)}, []string{"10.0.0.2 80 10.0.0.1 40000 1 1 midstream forced_end"}},
		{"one side closed", []pkt{c.with(syn), c.back().with(syn | ack), c.with(ack), c.with(fin | ack)}, []string{
			"10.0.0.1 40000 10.0.0.2 80 3 1 closing forced_end",
		}},
		{"trailing ack, then a new connection", []pkt{
			c.with(syn), c.with(fin | ack), c.back().with(fin | ack), c.with(ack).when(1),
			{at: 2, src: c.src, dst: c.dst, sport: c.sport, dport: c.dport, proto: c.proto, flags: syn, seq: 9},
		}, []string{
			"10.0.0.1 40000 10.0.0.2 80 3 1 closed end_of_flow", "10.0.0.1 40000 10.0.0.2 80 1 0 syn_sent forced_end",
		}},
		{"syn repeated after rst", []pkt{c.with(syn), c.back().with(rst), c.with(syn).when(1)}, []string{
			"10.0.0.1 40000 10.0.0.2 80 2 1 reset end_of_flow",
		}},
		{"ports used again without a close", []pkt{
			c.with(syn), c.back().with(syn | ack).acks(1), c.with(ack), c.with(syn).from(1 << 28).when(1), c.with(syn).from(1 << 28).when(2),
			c.back().with(syn | ack).from(1 << 29).acks(1<<28 + 1).when(2), c.with(ack).from(1<<28 + 1).when(3),
		}, []string{"10.0.0.1 40000 10.0.0.2 80 2 1 established end_of_flow", "10.0.0.1 40000 10.0.0.2 80 3 1 established forced_end"}},
		{"syn from nowhere during the handshake", []pkt{
			c.with(syn), c.back().with(syn | ack).acks(1), c.with(syn).from(1 << 28).when(1), c.back().with(ack).from(1).acks(1), c.with(ack).from(1),
		}, []string{"10.0.0.1 40000 10.0.0.2 80 3 2 established forced_end"}},
		{"roles exchanged", []pkt{
			c.with(ack), c.back().with(ack), c.back().with(syn).from(1 << 28).when(1), c.with(syn | ack).from(1 << 29).acks(1<<28 + 1).when(2),
		}, []string{"10.0.0.1 40000 10.0.0.2 80 1 1 midstream end_of_flow", "10.0.0.2 80 10.0.0.1 40000 1 1 syn_received forced_end"}},
		{"syn from nowhere, challenged", []pkt{
			c.with(syn), c.back().with(syn | ack).acks(1), c.with(ack), c.with(syn).from(1 << 28).when(1), c.back().with(ack).from(1).acks(1),
		}, []string{"10.0.0.1 40000 10.0.0.2 80 3 2 established forced_end"}},
		{"closed, long silence, stray packet", []pkt{c.with(rst), c.with(ack).when(10)}, []string{
			"10.0.0.1 40000 10.0.0.2 80 1 0 reset end_of_flow", "10.0.0.1 40000 10.0.0.2 80 1 0 midstream forced_end",
		}},
		{"tcp gap", []pkt{c.with(ack), c.with(ack).when(299), c.with(ack).when(599)}, []string{
			"10.0.0.1 40000 10.0.0.2 80 2 0 midstream idle_timeout", "10.0.0.1 40000 10.0.0.2 80 1 0 midstream forced_end",
		}},
		{"udp answered", []pkt{d, d.back().when(0.1)}, []string{"10.0.0.1 40000 10.0.0.2 53 1 1 active forced_end"}},
		{"udp answer only", []pkt{d.back()}, []string{"10.0.0.1 40000 10.0.0.2 53 0 1 unreplied forced_end"}},
		{"udp gap", []pkt{d, d.when(60)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 1 0 unreplied idle_timeout", "10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end",
		}},
		{"high ports, first seen", []pkt{udp("10.0.0.9", "10.0.0.1", 50001, 40001)}, []string{"10.0.0.9 50001 10.0.0.1 40001 1 0 unreplied forced_end"}},
		{"privileged client", []pkt{udp("10.0.0.9", "10.0.0.1", 2049, 800)}, []string{"10.0.0.1 800 10.0.0.9 2049 0 1 unreplied forced_end"}},
		{"both ends alike", []pkt{udp("10.0.0.9", "10.0.0.9", 123, 123)}, []string{"10.0.0.9 123 10.0.0.9 123 1 0 unreplied forced_end"}},
		{"ping", []pkt{icmp("10.0.0.1", "10.0.0.2", 8, 0), icmp("10.0.0.2", "10.0.0.1", 0, 0)}, []string{"10.0.0.1 0 10.0.0.2 0 1 1 active forced_end"}},
		{"unreachable both ways is two", []pkt{icmp("10.0.0.1", "10.0.0.2", 3, 3), icmp("10.0.0.2", "10.0.0.1", 3, 3)}, []string{
			"10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end", "10.0.0.2 0 10.0.0.1 0 1 0 unreplied forced_end",
		}},
		{"neighbour discovery", []pkt{icmp("fe80::1", "fe80::2", 135, 0), icmp("fe80::2", "fe80::1", 136, 0)}, []string{"fe80::1 0 fe80::2 0 1 1 active forced_end"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, offline(), tt.packets...).records()
			sortByID(got)
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVLANs(t *testing.T) {
	in := func(vlan uint16, p pkt) pkt {
		p.vlan = vlan
		return p
	}
	request := udp("10.0.0.1", "10.0.0.2", 40000, 2000)
	syn, ack := tcp("10.0.0.1", "10.0.0.2", 1000, 80), tcp("10.0.0.1", "10.0.0.2", 1000, 80)
	syn.flags, ack.flags = flow.TCPSyn, flow.TCPAck
	const priority = 0xe000 // is no part of the identifier
	tests := []struct {
		name    string
		packets []pkt
		want    [][3]uint64 // VLAN, packets each way
	}{
		{"asked and answered in each", []pkt{request, in(7|priority, request), request.back(), in(7, request.back())}, [][3]uint64{{0, 1, 1}, {7, 1, 1}}},
		{"answered in another", []pkt{in(7, request), in(8, request.back()), in(8, request.back()), in(7, request)}, [][3]uint64{{7, 2, 2}}},
		{"asked in two", []pkt{in(7, request), in(8, request)}, [][3]uint64{{7, 1, 0}, {8, 1, 0}}},
		{"segments with and without a tag", []pkt{syn, in(7, ack)}, [][3]uint64{{0, 2, 0}}},
		{"connections in two", []pkt{syn, in(7, syn), in(7, ack), ack}, [][3]uint64{{0, 2, 0}, {7, 2, 0}}},
	}
	for _, tt := range tests {
		records := run(t, offline(), tt.packets...).records()
		sortByID(records)
		var got [][3]uint64
		for _, r := range records {
			got = append(got, [3]uint64{uint64(r.Key.VLAN), r.Sent.Packets, r.Received.Packets})
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Whoever sends all tags there are makes no more than a few flows, expired ones
// included, and each packet is counted.
func TestManyVLANs(t *testing.T) {
	for name, apart := range map[string]float64{"at once": 0, "each when the one before is idle": 1000} {
		var packets []pkt
		for n := range 100 {
			p := udp("10.0.0.1", "10.0.0.2", 40000, 2000).when(float64(n) * apart)
			p.vlan = uint16(n + 1)
			packets = append(packets, p)
		}
		cfg := offline()
		cfg.Retain = len(packets) // nothing is swept
		m := mustNew(t, cfg)
		src := &script{frames: frames(packets)}
		out := &sink{}
		most := uint32(0)
		mustOpen(t, m, src, out)
		for _, f := range src.frames {
			m.take(&f)
			m.meterAll()
			most = max(most, m.table.used)
		}
		m.endAll()
		m.finish()
		var sent uint64
		for _, r := range out.records() {
			sent += r.Sent.Packets
		}
		if most > 16 || sent != 100 {
			t.Errorf("%s: %d flows at a time, %d packets", name, most, sent)
		}
	}
}

// A tag that the kernel took out counts as on the wire, but is no part of what the
// link carried: an offloaded packet whose IP header has no length ends before it.
func TestStrippedTagIsNoPayload(t *testing.T) {
	p := tcp("10.0.0.1", "10.0.0.2", 2000, 80)
	p.vlan, p.payload = 7, 30_000
	offloaded := p.frameInto(nil)
	offloaded.Data[16], offloaded.Data[17] = 0, 0
	malformed := p.frameInto(nil)
	malformed.Data[14], malformed.WireLen = 0x05, uint32(len(malformed.Data)+tagLen)
	out := runFrames(t, offline(), []capture.Frame{offloaded, malformed})
	want := flow.Counters{Packets: 1, WireBytes: 14 + tagLen + 30_040, IPBytes: 30_040, PayloadBytes: 30_000}
	if got := out.records(); len(got) != 1 || got[0].Sent != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if in := out.input(); in.Truncated != 0 || in.Refused != 1 {
		t.Errorf("a whole frame counts as cut: %+v", in)
	}
}

func TestNoTimeoutsNeverSplit(t *testing.T) {
	c := tcp("10.0.0.1", "10.0.0.2", 40000, 80)
	reopened := c.with(syn).when(5e6)
	reopened.seq = 77
	got := run(t, offline().WithTimeouts(0, 0), c.with(syn), c.with(rst), c.with(ack).when(1e6), reopened).records()
	if len(got) != 1 || got[0].Sent.Packets != 4 || got[0].End != flow.EndOfFlow {
		t.Errorf("got %q", summary(got))
	}
}

func TestActiveTimeoutSplits(t *testing.T) {
	c := tcp("10.0.0.2", "10.0.0.1", 80, 40000) // a server's packets: direction stays
	var packets []pkt
	for i := range 10 {
		packets = append(packets, c.with(ack).when(float64(i)))
	}
	got := run(t, offline().WithTimeouts(5*time.Second, 4*time.Second), packets...).records()
	sortByID(got)
	want := []string{
		"10.0.0.1 40000 10.0.0.2 80 0 4 midstream active_timeout",
		"10.0.0.1 40000 10.0.0.2 80 0 4 midstream active_timeout",
		"10.0.0.1 40000 10.0.0.2 80 0 2 midstream forced_end",
	}
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFullTableEndsTheFlowIdleForLongest(t *testing.T) {
	cfg := offline()
	cfg.MaxSessions = 3
	var packets []pkt
	for i := range 5 {
		packets = append(packets, udp("10.0.0.1", "10.0.0.2", uint16(1000+i), 53).when(float64(2*i)))
	}
	packets = append(packets[:3], append([]pkt{packets[0].when(5)}, packets[3:]...)...)
	out := run(t, cfg, packets...)
	ended := map[uint16]flow.EndReason{}
	for _, r := range out.records() {
		ended[r.Key.SrcPort] = r.End
	}
	want := map[uint16]flow.EndReason{
		1000: flow.EndForced, 1001: flow.EndLackOfResources, 1002: flow.EndLackOfResources, 1003: flow.EndForced, 1004: flow.EndForced,
	}
	if diff := cmp.Diff(want, ended); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBatchesTellTheClock(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	p := udp("10.0.0.1", "10.0.0.2", 1000, 53)
	ctx, cancel := context.WithCancel(context.Background())
	out := &sink{refuse: func(call int) error {
		if call == 4 {
			cancel()
		}
		return nil
	}}
	m := mustNew(t, cfg)
	src := &script{frames: frames([]pkt{p.when(0.5), p.when(0.7), p.when(1.5)}), idle: true, dropped: 3}
	if err := m.Run(ctx, src, out); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	checkInvariants(t, m, out)
	type line struct {
		Seconds float64
		Records int
		Packets uint64
		Dropped uint64
	}
	var got []line
	for _, b := range out.batches {
		got = append(got, line{float64(b.Time-epoch) / 1e9, len(b.Records), b.Input.Packets, b.Input.Dropped})
	}
	want := []line{{1, 1, 2, 3}, {2, 1, 1, 0}, {3, 0, 0, 0}, {4, 0, 0, 0}, {4, 1, 0, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongGapCostsOneBatch(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	p := udp("10.0.0.1", "10.0.0.2", 1000, 53)
	out := run(t, cfg, p, p.when(86400*365))
	if len(out.batches) != 2 {
		t.Errorf("%d batches", len(out.batches))
	}
}

func TestClockSetBack(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	p, q := udp("10.0.0.1", "10.0.0.2", 1000, 53), udp("10.0.0.1", "10.0.0.2", 1001, 53)
	out := run(t, cfg,
		p.when(1e6), p.when(1e6-1), // jitter
		q.when(0.5), q.when(1.5), q.when(2.5), // set back
		q.when(1e6)) // and forth
	got := out.records()
	if len(out.batches) < 4 {
		t.Errorf("%d batches: the clock stood still", len(out.batches))
	}
	var ends []string
	for _, r := range got {
		if r.End != flow.EndNone {
			ends = append(ends, r.End.String())
		}
	}
	if diff := cmp.Diff([]string{"idle_timeout", "idle_timeout", "forced_end"}, ends); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAbsurdTimes(t *testing.T) {
	p := udp("10.0.0.1", "10.0.0.2", 1000, 53).frame()
	var fs []capture.Frame
	for _, at := range []int64{0, -1 << 63, 1<<63 - 1, 5, 1<<63 - 1, 1 << 62} {
		p.Time = at
		fs = append(fs, p)
	}
	cfg := offline()
	cfg.Interim = true
	runFrames(t, cfg, fs)
}

func TestSourceErrorKeepsWhatWasMetered(t *testing.T) {
	m, out := mustNew(t, offline()), &sink{}
	gone := &script{frames: frames([]pkt{udp("10.0.0.1", "10.0.0.2", 1, 2)}), final: capture.ErrInterfaceGone}
	if err := m.Run(context.Background(), gone, out); !errors.Is(err, capture.ErrInterfaceGone) {
		t.Errorf("got error %v", err)
	}
	checkInvariants(t, m, out)
	if got := out.records(); len(got) != 1 || got[0].End != flow.EndForced {
		t.Errorf("got %+v", got)
	}
}

func TestRefusedPacketsAreCounted(t *testing.T) {
	p := udp("10.0.0.1", "10.0.0.2", 1, 2).frame()
	arp, cut, strange := p, p, p
	arp.Data = append([]byte(nil), p.Data...)
	arp.Data[13] = 6
	cut.Data = p.Data[:20]
	strange.LinkType = 9999
	out := runFrames(t, offline(), []capture.Frame{p, arp, cut, strange})
	if in := out.input(); in.Packets != 4 || in.Refused != 3 || in.Truncated != 1 {
		t.Errorf("got %+v", in)
	}
}

func TestConfig(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	_, err := New(Config{IdleTCP: -1, MaxSessions: 0})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"tcp idle", "max sessions 0", "interval 0s"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}
