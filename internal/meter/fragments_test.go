package meter

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

const (
	moreFragments  = 0x2000
	fragmentOffset = 185 // in units of 8 bytes
)

// part makes an IPv4 frame the fragment that id and field, flags and offset, say.
func part(p pkt, id uint16, field uint16) capture.Frame {
	f := p.frame()
	f.Data[18], f.Data[19] = byte(id>>8), byte(id)
	f.Data[20], f.Data[21] = byte(field>>8), byte(field)
	return f
}

func TestFragments(t *testing.T) {
	d, e := udp("10.0.0.1", "10.0.0.2", 40000, 53), udp("10.0.0.1", "10.0.0.2", 40001, 53)
	ping := icmp("10.0.0.1", "10.0.0.2", 8, 0)
	long := d.when(31)
	tests := []struct {
		name   string
		frames []capture.Frame
		want   []string
	}{
		{"two datagrams, interleaved", []capture.Frame{
			part(d, 1, moreFragments), part(e, 2, moreFragments), part(d, 1, fragmentOffset|moreFragments), part(e, 2, fragmentOffset), part(d, 1, 2*fragmentOffset),
		}, []string{"10.0.0.1 40000 10.0.0.2 53 3 0 unreplied forced_end", "10.0.0.1 40001 10.0.0.2 53 2 0 unreplied forced_end"}},
		{"large ping", []capture.Frame{part(ping, 3, moreFragments), part(ping, 3, fragmentOffset)}, []string{"10.0.0.1 0 10.0.0.2 0 2 0 unreplied forced_end"}},
		{"first fragment missing", []capture.Frame{part(d, 4, fragmentOffset)}, []string{"10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end"}},
		{"other sender with the same identification", []capture.Frame{part(d, 5, moreFragments), part(d.back(), 5, fragmentOffset)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end", "10.0.0.2 0 10.0.0.1 0 1 0 unreplied forced_end",
		}},
		{"identification used again later", []capture.Frame{part(d, 6, moreFragments), part(d.when(31), 6, fragmentOffset)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end", "10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end",
		}},
		{"last fragment first, answered", []capture.Frame{
			part(d, 7, 2*fragmentOffset), part(d, 7, fragmentOffset|moreFragments), part(d.when(0.5), 7, moreFragments), part(d.back().when(1), 7, 0),
		}, []string{"10.0.0.1 40000 10.0.0.2 53 3 1 active forced_end"}},
		{"backwards and reordered", []capture.Frame{part(d.back(), 8, fragmentOffset), part(d.back(), 8, moreFragments)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 0 2 unreplied forced_end",
		}},
		{"large ping, reordered", []capture.Frame{part(ping, 9, fragmentOffset), part(ping, 9, moreFragments)}, []string{"10.0.0.1 0 10.0.0.2 0 2 0 unreplied forced_end"}},
		{"first fragment comes too late", []capture.Frame{part(d, 10, fragmentOffset), part(long, 10, moreFragments)}, []string{
			"10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end", "10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end",
		}},
	}
	inside := udp("192.168.1.1", "192.168.1.2", 40000, 53).carrying(10).in(udp("10.0.0.1", "10.0.0.2", 0, 0))
	inside.Data[18], inside.Data[19], inside.Data[20] = 0, 11, moreFragments>>8
	rest := part(d, 11, fragmentOffset)
	rest.Data[23] = 4 // IPv4 in IPv4
	tests = append(tests, []struct {
		name   string
		frames []capture.Frame
		want   []string
	}{
		{"tunnel", []capture.Frame{inside, rest}, []string{"192.168.1.1 40000 192.168.1.2 53 2 0 unreplied forced_end"}},
		{"tunnel, reordered", []capture.Frame{rest, inside}, []string{"192.168.1.1 40000 192.168.1.2 53 2 0 unreplied forced_end"}},
	}...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runFrames(t, offline(), tt.frames).records()
			sortByID(got)
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The fragments of many datagrams, in any order, come to the sessions to which they
// come in order.
func TestFragmentsInAnyOrder(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		var ordered []capture.Frame
		for id := range uint16(200) {
			p := udp("10.0.0.1", "10.0.0.2", uint16(1000+r.IntN(5)), uint16(2000+r.IntN(5)))
			if r.IntN(3) == 0 {
				p = icmp("10.0.0.3", "10.0.0.4", []uint8{8, 0, 3}[r.IntN(3)], 1)
			}
			p.payload = 8 * r.IntN(100)
			p.at = float64(id) / 100
			for n := range uint16(1 + r.IntN(4)) {
				ordered = append(ordered, part(p, id, n*fragmentOffset|moreFragments))
			}
		}
		mixed := slices.Clone(ordered)
		for i := range mixed {
			j := min(i+r.IntN(12), len(mixed)-1)
			mixed[i], mixed[j] = mixed[j], mixed[i]
		}
		want, got := byKey(runFrames(t, offline(), ordered)), byKey(runFrames(t, offline(), mixed))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-in order +mixed):\n%s", seed, diff)
		}
	}
}

// byKey adds up the records of each flow, whoever began it.
func byKey(out *sink) map[flow.Key]flow.Counters {
	sums := map[flow.Key]flow.Counters{}
	for _, r := range out.records() {
		if r.Key.Src[15] > r.Key.Dst[15] {
			r.Key = r.Key.Reverse()
		}
		c := sums[r.Key]
		c.Add(r.Sent)
		c.Add(r.Received)
		sums[r.Key] = c
	}
	return sums
}

// Datagrams of which the first fragment never comes keep no more than a bound, and
// leave when their time is over.
func TestFragmentsWithoutFirst(t *testing.T) {
	cfg := offline()
	cfg.Interim = true
	m, out := mustNew(t, cfg), &sink{}
	mustOpen(t, m, &script{}, out)
	p := udp("10.0.0.1", "10.0.0.2", 1, 2)
	for id := range uint16(5000) {
		f := part(p.when(float64(id)/5000), id, fragmentOffset)
		feed(m, &f)
	}
	if m.fragments.waiting == 0 || m.fragments.waiting > fragmentSlots {
		t.Errorf("%d datagrams wait", m.fragments.waiting)
	}
	for _, at := range []float64{20, 40} {
		f := udp("10.0.0.9", "10.0.0.2", 1, 2).when(at).frame()
		feed(m, &f)
	}
	if in := out.input(); in.Packets != 5001 || m.fragments.waiting != 0 {
		t.Errorf("%d packets in batches, %d datagrams still wait", in.Packets, m.fragments.waiting)
	}
}
