// Package demo plays a small network's day, compressed: a capture that shows
// every part of the monitor alive. It sends nothing; it only writes a pcap stream.
package demo

import (
	"container/heap"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"
)

// Limits of what is played.
const (
	capacity  = 24e6                   // bit/s of the network, shared by all
	spacing   = 350 * time.Microsecond // between packets: less than 3000 a second
	maxFlows  = 2000                   // at a time
	dayLength = 10 * time.Minute       // of the rhythm of busy and quiet hours
)

// Config says what is played.
type Config struct {
	// Start is the time of the first packet.
	Start time.Time
	// Duration is how long it plays; 0 is without end.
	Duration time.Duration
	// Seed chooses among plays; the same one gives the same bytes.
	Seed uint64
}

// Default is half an hour from now on.
func Default() Config {
	return Config{Start: time.Now(), Duration: 30 * time.Minute, Seed: 1}
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Duration < 0 {
		return fmt.Errorf("duration %v is negative: give one like 30m, or 0 for no end", c.Duration)
	}
	if first, end := c.Start.Unix(), c.Start.Add(c.Duration).Unix(); first < 0 || end > math.MaxUint32 {
		return fmt.Errorf("start %v is out of a pcap file's range: 1970 to 2106", c.Start)
	}
	return nil
}

// Write plays into out, as a pcap stream ordered by time, until the configured end
// or the first error of out.
func Write(out io.Writer, config Config) error {
	if err := config.Validate(); err != nil {
		return err
	}
	w, err := newPcapWriter(out)
	if err != nil {
		return err
	}
	p := &play{out: w, random: rand.New(rand.NewPCG(config.Seed, 0x6e6574666c6f77))}
	p.begin()
	if err := p.run(config); err != nil {
		return err
	}
	return w.flush()
}

// play is the state of one run. Times are since its start.
type play struct {
	out    *pcapWriter
	random *rand.Rand
	frames builder
	queue  queue
	order  uint64
	flows  int
	now    time.Duration
	free   time.Duration // when the network can take the next packet
}

func (p *play) begin() {
	for _, s := range scenes {
		p.push(&event{at: s.first, scene: &s})
	}
}

func (p *play) run(config Config) error {
	start := config.Start.UnixNano()
	for len(p.queue) > 0 {
		next := p.queue[0]
		p.now = next.at
		if next.scene == nil {
			p.now = max(p.now, p.free)
		}
		if config.Duration > 0 && p.now >= config.Duration {
			return nil
		}
		if next.scene != nil {
			p.act(next)
			continue
		}
		if err := p.send(start, next); err != nil {
			return err
		}
	}
	return nil
}

// act plays a scene and says when it is played again.
func (p *play) act(e *event) {
	if e.scene.every == 0 {
		heap.Pop(&p.queue)
	} else {
		e.at = p.now + p.pause(e.scene)
		heap.Fix(&p.queue, 0)
	}
	if p.flows < maxFlows {
		e.scene.play(p)
	}
}

// pause is random around the scene's mean, and longer in the quiet hours.
func (p *play) pause(s *scene) time.Duration {
	mean := float64(s.every)
	if s.steady {
		return time.Duration(mean * (0.8 + 0.4*p.random.Float64()))
	}
	return time.Duration(mean / rhythm(p.now) * min(p.random.ExpFloat64(), 5))
}

// rhythm is between 0.3 and 1; the play begins in a busy hour.
func rhythm(now time.Duration) float64 {
	return 0.65 + 0.35*math.Cos(2*math.Pi*float64(now)/float64(dayLength))
}

// send writes the packet that is due. The network takes one after the other: when
// it is full, everyone waits.
func (p *play) send(start int64, e *event) error {
	frame, length, wait, more := e.frame, len(e.frame), time.Duration(0), false
	if e.flow != nil {
		var made packet
		wait, more = e.flow.next(&made)
		frame, length = p.frames.build(&made)
	}
	p.free = p.now + max(spacing, gap(length, capacity))
	if more {
		e.at = p.now + wait
		p.order++
		e.order = p.order
		heap.Fix(&p.queue, 0)
	} else {
		heap.Pop(&p.queue)
		p.flows--
	}
	return p.out.packet(start+int64(p.now), frame, length)
}

// start lets a flow begin after a while.
func (p *play) start(after time.Duration, f *flow) {
	if f.seq == [2]uint32{} {
		f.seq = [2]uint32{p.random.Uint32(), p.random.Uint32()}
	}
	for _, part := range [][]step{f.head, f.body, f.tail} {
		for i := range part {
			part[i].size = max(part[i].size, len(part[i].data))
		}
	}
	if f.settle() {
		p.flows++
		p.push(&event{at: p.now + after + f.steps()[f.at].after, flow: f})
	}
}

// single lets one frame pass that belongs to no flow.
func (p *play) single(after time.Duration, frame []byte) {
	p.flows++
	p.push(&event{at: p.now + after, frame: frame})
}

func (p *play) push(e *event) {
	p.order++
	e.order = p.order
	heap.Push(&p.queue, e)
}

// event is what happens at a time: a scene, a flow's next packet, or a frame.
type event struct {
	at    time.Duration
	order uint64 // among those at the same time
	scene *scene
	flow  *flow
	frame []byte
}

type queue []*event

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].order < q[j].order
}
func (q *queue) Push(x any) {
	if e, ok := x.(*event); ok {
		*q = append(*q, e)
	}
}
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
