package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/mediator"
	"netflow-monitor/internal/store"
)

const (
	// keptReadings is how late, in seconds, a batch may come and still find what the
	// interfaces counted in its time.
	keptReadings = 16
	// lowCoverage is the coverage below which too much is missed.
	lowCoverage = 0.99
	// fewPackets is for how many in ten seconds a coverage means nothing: the ends of the
	// seconds are not quite the same in the kernel and here.
	fewPackets = 200
)

// reconciler puts what the interfaces counted themselves beside what was captured on
// them in the same second, and warns when that is too little for too long.
type reconciler struct {
	interfaces *interfaces
	// captured says on which interfaces packets are captured.
	captured func(netdev.Link) bool
	// filtered says that packets are left out on purpose: then the counts say nothing.
	filtered bool
	record   func(store.Event)
	log      *slog.Logger

	mu       sync.Mutex // guards what follows
	readings []reading
	before   map[int32]netdev.Counters // as of the latest batch
	// introduced are interfaces that were first seen since the latest reading.
	introduced map[int32]bool
	windows    map[flow.Point]*window
}

// reading is what all interfaces had counted at a full second.
type reading struct {
	at    int64
	links []netdev.Link
}

// run reads the interfaces' counters at every full second until ctx ends.
func (r *reconciler) run(ctx context.Context) {
	for {
		next := time.Now().Truncate(time.Second).Add(time.Second)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		links, err := netdev.Links()
		if err != nil {
			r.log.Debug("interface counters not read", "error", err)
			continue
		}
		r.keep(reading{next.UnixNano(), links})
	}
}

// keep adds a reading, and forgets the interfaces that none has any more.
func (r *reconciler) keep(latest reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readings = append(r.readings, latest)
	r.readings = r.readings[max(len(r.readings)-keptReadings, 0):]
	there := make(map[int32]bool)
	maps.Copy(there, r.introduced)
	clear(r.introduced)
	for _, kept := range r.readings {
		for i := range kept.links {
			there[int32(kept.links[i].Index)] = true
		}
	}
	maps.DeleteFunc(r.before, func(index int32, _ netdev.Counters) bool { return !there[index] })
}

// begin is called when a capture has begun: what the interfaces counted before is not
// compared.
func (r *reconciler) begin() {
	links, err := netdev.Links()
	if err != nil {
		r.log.Debug("interface counters not read", "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before, r.windows = make(map[int32]netdev.Counters, len(links)), make(map[flow.Point]*window)
	r.introduced = make(map[int32]bool)
	for _, link := range links {
		r.before[int32(link.Index)] = link.Counters
	}
}

// introduce tells what an interface that is new had counted when it was first seen.
func (r *reconciler) introduce(links map[int32]netdev.Link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for index, link := range links {
		if _, known := r.before[index]; !known && r.before != nil {
			r.before[index], r.introduced[index] = link.Counters, true
		}
	}
}

// complete adds what the interfaces counted to the batch of a second.
func (r *reconciler) complete(b *flow.Batch) {
	links, found := r.at(b.Time)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range links {
		link := &links[i]
		index := int32(link.Index)
		before, known := r.before[index]
		r.before[index] = link.Counters
		if !r.captured(*link) {
			continue
		}
		in := flow.PointInput{Point: r.interfaces.number(link.Name)}
		if b.Since > 0 {
			in.Observed = b.Time - b.Since
		}
		if known && !r.filtered {
			in.Input = counted(link, before)
			b.Input.Add(in.Input)
		}
		mediator.AddPoint(b, in)
	}
	for i := range b.Points {
		if p := &b.Points[i]; p.Packets > 0 && b.Since > 0 { // also of one that went away meanwhile
			p.Observed = b.Time - b.Since
		}
	}
	r.watch(b, found)
}

// at is what the interfaces had counted at a time. If that is no full second, as at the
// end of a capture, it is what they have counted now; found is false then.
func (r *reconciler) at(t int64) (links []netdev.Link, found bool) {
	r.mu.Lock()
	for i := range r.readings {
		if r.readings[i].at == t {
			links = r.readings[i].links
		}
	}
	r.mu.Unlock()
	if links != nil {
		return links, true
	}
	if age := time.Since(time.Unix(0, t)); age > time.Second || age < -time.Second {
		return nil, false // they would not belong to it
	}
	links, _ = netdev.Links()
	return links, false
}

// counted is what an interface counted since then. Each packet passes the loopback twice.
func counted(link *netdev.Link, before netdev.Counters) flow.Input {
	now := link.Counters
	if now.RxPackets < before.RxPackets || now.TxPackets < before.TxPackets {
		return flow.Input{} // its driver began anew
	}
	in := flow.Input{
		KernelPackets: now.RxPackets - before.RxPackets, KernelBytes: now.RxBytes - before.RxBytes,
		KernelMissed: now.RxMissed - before.RxMissed, KernelDropped: now.RxDropped - before.RxDropped,
	}
	if link.Type != "loopback" {
		in.KernelPackets += now.TxPackets - before.TxPackets
		in.KernelBytes += now.TxBytes - before.TxBytes
	}
	return in
}

// watch notes what there was at each point and at all of them, which is point 0 here;
// whole says that a second ends with it.
func (r *reconciler) watch(b *flow.Batch, whole bool) {
	for i := range b.Points {
		if p := &b.Points[i]; p.Point != 0 {
			r.note(p.Point, b.Time, p.Input, whole)
		}
	}
	r.note(0, b.Time, b.Input, whole)
	maps.DeleteFunc(r.windows, func(_ flow.Point, w *window) bool { return b.Time-w.latest > int64(time.Minute) })
}

func (r *reconciler) note(p flow.Point, at int64, in flow.Input, whole bool) {
	const most = 4096 // interfaces that are watched one by one
	w := r.windows[p]
	if w == nil {
		if len(r.windows) >= most {
			return
		}
		w = new(window)
		r.windows[p] = w
	}
	w.latest = at
	w.second.Add(in)
	if !whole {
		return
	}
	name := "all interfaces"
	if p != 0 {
		name = r.interfaces.name(p)
	}
	switch w.add() {
	case fell:
		minute := w.sum(len(w.seconds))
		percent := strconv.FormatFloat(100*minute.Coverage(), 'f', 1, 64)
		r.tell(store.LevelWarning, "coverage_low", fmt.Sprintf("Only %s %% of the packets of %s were captured in the last minute "+
			"(%d lost by the ring, %d by the card); use a larger network.ring_size, more network.workers or a filter.",
			percent, name, minute.Dropped, minute.KernelMissed), name, percent)
	case rose:
		r.tell(store.LevelInfo, "coverage_back", fmt.Sprintf("All packets of %s are captured again.", name), name, "")
	case steady:
	}
}

func (r *reconciler) tell(level store.Level, kind, message, name, percent string) {
	r.record(store.Event{Level: level, Kind: kind, Message: message, Params: map[string]string{"source": name, "percent": percent}})
	r.log.Info("event", "kind", kind, "message", message)
}

// minute is the coverage of a point, or of all for 0, within the last minute; 1 while
// there was nothing to capture.
func (r *reconciler) minute(p flow.Point) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.windows[p]; w != nil {
		in := w.sum(len(w.seconds))
		return in.Coverage()
	}
	return 1
}

// window is the last minute of one point.
type window struct {
	seconds [60]flow.Input
	next    int
	second  flow.Input // that is not over
	latest  int64      // when the latest of them ended
	// below and above are for how many seconds the last ten had too little coverage, or
	// enough; low is true from a minute of too little on.
	below, above int
	low          bool
}

// turning is what became of a coverage.
type turning int

const (
	steady turning = iota
	fell
	rose
)

// add ends a second.
func (w *window) add() turning {
	const short = 10
	w.seconds[w.next], w.second = w.second, flow.Input{}
	w.next = (w.next + 1) % len(w.seconds)
	lately := w.sum(short)
	if max(lately.Packets+lately.Dropped, lately.KernelPackets+lately.KernelMissed) >= fewPackets && lately.Coverage() < lowCoverage {
		w.below++
		w.above = 0
	} else {
		w.above++
		w.below = 0
	}
	switch {
	case !w.low && w.below >= len(w.seconds):
		w.low = true
		return fell
	case w.low && w.above >= short:
		w.low = false
		return rose
	}
	return steady
}

// sum is that of the last seconds.
func (w *window) sum(seconds int) (in flow.Input) {
	for i := range seconds {
		in.Add(w.seconds[(w.next-1-i+len(w.seconds))%len(w.seconds)])
	}
	return in
}
