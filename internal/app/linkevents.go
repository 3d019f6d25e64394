package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/store"
)

// linkEvents are what became of the interfaces that are captured on: which came, which
// went, and what is different of those that stayed. What becomes of the only interface
// of a capture, the monitor tells, because the capture ends and begins with it.
func (l *live) linkEvents(before, now map[int32]netdev.Link) []store.Event {
	var events []store.Event
	if l.several() {
		events = l.comings(present(before), present(now))
	}
	for _, index := range byIndex(before, now) {
		was, is := before[index], now[index]
		if was.Name == "" || is.Name == "" || !l.wants(was) && !l.wants(is) {
			continue
		}
		name, params := is.Name, map[string]string{"source": is.Name, "before": was.Name}
		switch {
		case was.Name != is.Name:
			events = append(events, store.Event{
				Level: store.LevelWarning, Kind: "interface_renamed", Params: params,
				Message: fmt.Sprintf("The interface %s is called %s now; interfaces are captured on by their name.", was.Name, name),
			})
		case was.Hardware != is.Hardware:
			events = append(events, changeEvent("interface_link_type", name, "link type", int(was.Hardware), int(is.Hardware)))
		case was.MTU != is.MTU:
			events = append(events, changeEvent("interface_mtu", name, "MTU", was.MTU, is.MTU))
		}
	}
	return events
}

func changeEvent(kind, name, what string, was, is int) store.Event {
	return store.Event{
		Level: store.LevelInfo, Kind: kind, Message: fmt.Sprintf("The %s of %s changed from %d to %d.", what, name, was, is),
		Params: map[string]string{"source": name, "before": strconv.Itoa(was), "after": strconv.Itoa(is)},
	}
}

// comings tells which interfaces are captured on from now on, and which not any more. An
// interface that was made anew under its old name both went and came.
func (l *live) comings(before, now map[string]netdev.Link) (events []store.Event) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if link := before[name]; l.captures(link) && now[name].Index != link.Index {
			events = append(events, l.wentEvent(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if link := now[name]; l.captures(link) && before[name].Index != link.Index {
			events = append(events, l.cameEvent(name))
		}
	}
	return events
}

func (l *live) wentEvent(name string) store.Event {
	e := store.Event{Params: map[string]string{"source": name}}
	if slices.Contains(l.config.Interfaces, name) {
		e.Level, e.Kind = store.LevelError, "interface_gone"
		e.Message = "interface is gone or down: " + name + "; it is captured on again when it is back."
		return e
	}
	e.Kind, e.Message = "interface_removed", "The interface "+name+" is gone or down."
	return e
}

func (l *live) cameEvent(name string) store.Event {
	e := store.Event{Params: map[string]string{"source": name}}
	if slices.Contains(l.config.Interfaces, name) {
		e.Kind, e.Message = "interface_back", name+" is back; monitoring goes on."
		return e
	}
	e.Kind, e.Message = "interface_added", "The interface "+name+" is captured on now."
	return e
}

// present are the interfaces that are up, by name.
func present(links map[int32]netdev.Link) map[string]netdev.Link {
	up := make(map[string]netdev.Link, len(links))
	for _, link := range links {
		if link.Up {
			up[link.Name] = link
		}
	}
	return up
}
