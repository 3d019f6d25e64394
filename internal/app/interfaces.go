package app

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/mediator"
)

// How often the interfaces are listed though nothing told of a change, and how long a new
// number may wait to be stored: less than the first session that has it.
const (
	relist   = 10 * time.Second
	keepSoon = time.Second
)

// interfaces follows the machine's interfaces, and gives each name a number as an
// observation point: the same one in every run.
type interfaces struct {
	save func(context.Context, flow.Point, string) error
	log  *slog.Logger
	// changes rises whenever an index is new or stands for another name.
	changes atomic.Uint64
	keeping sync.Mutex // one at a time stores numbers

	mu      sync.Mutex // guards what follows
	links   map[int32]netdev.Link
	heights map[int32]uint8
	// gone are the names of interfaces that were there: their last packets are still read.
	gone    map[int32]string
	numbers map[string]flow.Point
	names   map[flow.Point]string
	newest  flow.Point
	unsaved []flow.Point
}

// newInterfaces begins with the observation points that the database knows.
func newInterfaces(names map[flow.Point]string, save func(context.Context, flow.Point, string) error, log *slog.Logger) *interfaces {
	f := &interfaces{save: save, log: log, names: make(map[flow.Point]string), numbers: make(map[string]flow.Point)}
	for p, name := range names {
		f.numbers[name], f.names[p] = p, name
		f.newest = max(f.newest, p)
	}
	return f
}

// number is that of an observation point, a new one if the name is new. When there are
// no more numbers, all further names share the last one.
func (f *interfaces) number(name string) flow.Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.numberOf(name)
}

func (f *interfaces) numberOf(name string) flow.Point {
	if p, known := f.numbers[name]; known {
		return p
	}
	if f.newest == flow.MaxPoint {
		return f.newest
	}
	f.newest++
	if f.newest == flow.MaxPoint {
		name = "other"
	}
	f.numbers[name], f.names[f.newest] = f.newest, name
	f.unsaved = append(f.unsaved, f.newest)
	return f.newest
}

// name is that of an observation point, empty for none.
func (f *interfaces) name(p flow.Point) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names[p]
}

// find is the inverse of name.
func (f *interfaces) find(name string) (flow.Point, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.numbers[name]
	return p, known
}

// keep stores the numbers that are new. What fails is tried again the next time.
func (f *interfaces) keep(ctx context.Context) error {
	f.keeping.Lock()
	defer f.keeping.Unlock()
	f.mu.Lock()
	unsaved := slices.Clone(f.unsaved)
	f.mu.Unlock()
	for _, p := range unsaved {
		if err := f.save(ctx, p, f.name(p)); err != nil { // packets don't wait for it
			return err
		}
		f.mu.Lock()
		f.unsaved = f.unsaved[1:]
		f.mu.Unlock()
	}
	return nil
}

// Point implements meter.Points. An index that was not listed yet is asked for.
func (f *interfaces) Point(iface int32) flow.Point {
	f.mu.Lock()
	defer f.mu.Unlock()
	if link, known := f.links[iface]; known {
		return f.numberOf(link.Name)
	}
	if device, err := net.InterfaceByIndex(int(iface)); err == nil {
		return f.numberOf(device.Name)
	}
	if name, known := f.gone[iface]; known {
		return f.numberOf(name)
	}
	return 0 // it came and went before anybody looked
}

// Changes implements meter.Points.
func (f *interfaces) Changes() uint64 { return f.changes.Load() }

// list is the interfaces by index, as of the latest look.
func (f *interfaces) list() map[int32]netdev.Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.links
}

// look lists the interfaces, and returns those before and now.
func (f *interfaces) look() (before, now map[int32]netdev.Link, err error) {
	list, err := netdev.Links()
	if err != nil {
		return nil, nil, err
	}
	now = make(map[int32]netdev.Link, len(list))
	for _, link := range list {
		now[int32(link.Index)] = link
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before = f.links
	for index, link := range now {
		if was, known := before[index]; !known || was.Name != link.Name {
			f.changes.Add(1) // it may have been asked for before, under another name
		}
	}
	const most = 4096
	if len(f.gone) > most {
		f.gone = nil
	}
	for index, link := range before {
		if _, there := now[index]; !there {
			if f.gone == nil {
				f.gone = make(map[int32]string)
			}
			f.gone[index] = link.Name
		}
	}
	f.links, f.heights = now, heights(now)
	return before, now, nil
}

// heights is how many interfaces lie between each one and the wire: ports of a bridge or
// a bond below it, and what an interface of its own kind lies on.
func heights(links map[int32]netdev.Link) map[int32]uint8 {
	const tallest = 16 // also ends where a table that changes goes round in circles
	h := make(map[int32]uint8, len(links))
	for range tallest {
		risen := false
		raise := func(upper, lower int32) {
			if _, known := links[upper]; known && h[upper] <= h[lower] && h[lower] < tallest {
				h[upper], risen = h[lower]+1, true
			}
		}
		for index, link := range links {
			raise(int32(link.Master), index)
			if link.Parent != 0 {
				raise(index, int32(link.Parent))
			}
		}
		if !risen {
			break
		}
	}
	return h
}

// traits describes an observation point for the mediator.
func (f *interfaces) traits(p flow.Point) (t mediator.Traits) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := f.names[p]
	for index, link := range f.links {
		if link.Name != name {
			continue
		}
		t.Height, t.Carried = f.heights[index], enciphers(link)
		// The outermost tag is that of the interface nearest to the wire.
		for depth := 0; link.VLAN != 0 && depth < 2; depth++ {
			t.VLAN, t.InnerVLAN = link.VLAN, t.VLAN
			link = f.links[int32(link.Parent)]
		}
		break
	}
	return t
}

// enciphers reports whether what goes through the interface leaves the machine in packets
// that can't be looked into.
func enciphers(link netdev.Link) bool {
	switch link.Type {
	case "wireguard", "tun", "xfrm", "vti", "vti6":
		return true
	}
	return false
}

// follow tells of every change of the interfaces until ctx ends.
func (f *interfaces) follow(ctx context.Context, changed func(before, now map[int32]netdev.Link)) {
	changes, err := netdev.Watch(ctx)
	if err != nil {
		f.log.Warn("interfaces are listed only now and then", "error", err)
	}
	tick, soon := time.NewTicker(relist), time.NewTicker(keepSoon)
	defer tick.Stop()
	defer soon.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-soon.C:
			f.tryKeep(ctx)
			continue
		case <-changes:
		case <-tick.C:
		}
		before, now, err := f.look()
		if err != nil {
			f.log.Warn("interfaces are not known", "error", err)
			continue
		}
		changed(before, now)
	}
}

func (f *interfaces) tryKeep(ctx context.Context) {
	if err := f.keep(ctx); err != nil {
		f.log.Warn("number of an interface not stored", "error", err)
	}
}

// byIndex are the indices of both in order.
func byIndex(a, b map[int32]netdev.Link) []int32 {
	all := maps.Clone(a)
	if all == nil {
		all = make(map[int32]netdev.Link)
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
