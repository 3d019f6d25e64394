package app

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/e2e/netns"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// tally sums what a capture hands over.
type tally struct {
	mu     sync.Mutex // guards what follows
	input  flow.Input
	counts uint64
}

func (c *tally) Consume(b flow.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.input.Add(b.Input)
	for i := range b.Records {
		c.counts += b.Records[i].Sent.Packets + b.Records[i].Received.Packets
	}
	return nil
}

// TestLiveCapture runs all that a live capture consists of, by the race detector too:
// workers, mediator, the watch of the interfaces and their counters.
func TestLiveCapture(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	out, log, e := new(tally), slog.New(slog.DiscardHandler), new(events)
	f := newInterfaces(nil, func(context.Context, flow.Point, string) error { return nil }, log)
	if _, _, err := f.look(); err != nil {
		t.Fatal(err)
	}
	config := afpacket.Default()
	config.Interfaces, config.Workers, config.RingBytes = []string{afpacket.Any}, 2, 4<<20
	l := &live{config: config, meters: meter.Default(), deduplicate: true, interfaces: f, out: out, log: log, lanes: newLanes(2)}
	l.reconciler = &reconciler{interfaces: f, captured: l.captures, record: e.record, log: log}
	m := &monitor{source: l, silence: time.Minute, woken: make(chan struct{}, 1), record: e.record, log: log, started: time.Now()}

	ctx, cancel := context.WithCancel(t.Context())
	var helpers sync.WaitGroup
	helpers.Go(func() {
		f.follow(ctx, func(_, now map[int32]netdev.Link) {
			l.reconciler.introduce(now)
			m.interfacesChanged()
		})
	})
	helpers.Go(func() { l.reconciler.run(ctx) })

	const rounds, packets = 3, 500
	for range rounds {
		if _, err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		netns.Pair(t, "b0", "b1")
		for i, name := range []string{"a0", "b1"} {
			cable := netns.NewSender(t, name)
			for number := range packets {
				cable.Send(t, netns.Datagram(100*i+number%50))
			}
			cable.Close()
		}
		time.Sleep(1200 * time.Millisecond)
		if s := m.Status(); len(s.Points) != 4 || s.Points[0].State != api.PointCapturing || s.Workers != 2 {
			t.Errorf("status %+v", s)
		}
		netns.Run(t, "ip", "link", "del", "b0")
		if _, err := m.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	helpers.Wait()
	const sent = rounds * 2 * packets
	if in := out.input; in.Packets != 2*sent || out.counts != sent || in.Duplicates != sent || in.Dropped != 0 || in.Refused != 0 {
		t.Errorf("%d packets sent, each seen twice; counted %d: %+v", sent, out.counts, in)
	}
	if in := out.input; in.KernelPackets < 2*sent-2*rounds*packets {
		t.Errorf("the interfaces counted %d", in.KernelPackets)
	}
}
