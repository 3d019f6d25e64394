package meter

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

// benchFrames are packets of n conversations, both ways, in random order.
func benchFrames(flows, n int) []capture.Frame {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 0, n*54)
	all := make([]capture.Frame, n)
	for i := range all {
		f := r.IntN(flows)
		p := tcp(fmt.Sprintf("10.%d.%d.%d", f>>16&255, f>>8&255, f&255), "192.0.2.1", uint16(20000+f%40000), 443).with(flow.TCPAck)
		p.at = float64(i) * 1e-6
		if r.IntN(2) == 0 {
			p = p.back()
		}
		start := len(data)
		all[i] = p.frameInto(data[start:start:cap(data)])
		data = data[:start+len(all[i].Data)]
	}
	return all
}

type discard struct{}

func (discard) Consume(flow.Batch) error { return nil }

// BenchmarkPacket is the packet path: decode, look up, count, without reading.
func BenchmarkPacket(b *testing.B) {
	for _, flows := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			all := benchFrames(flows, 1<<19)
			cfg := Default()
			cfg.MaxSessions = 1 << 20
			m := mustNew(b, cfg)
			mustOpen(b, m, &script{}, discard{})
			for i := range all {
				m.take(&all[i])
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				m.take(&all[i])
				i = (i + 1) & (len(all) - 1)
			}
		})
	}
}

// BenchmarkNewFlow is the worst case: each packet begins a flow, and each second
// the flows of an earlier one end.
func BenchmarkNewFlow(b *testing.B) {
	cfg := Default()
	cfg.IdleHalfOpen = 2 * 1e9
	cfg.MaxSessions = 1 << 20
	m := mustNew(b, cfg)
	mustOpen(b, m, &script{}, discard{})
	f := tcp("10.0.0.1", "192.0.2.1", 1, 443).with(flow.TCPSyn).frame()
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		f.Time += 5000
		f.Data[28], f.Data[29], f.Data[34], f.Data[35] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
		m.take(&f)
	}
}
