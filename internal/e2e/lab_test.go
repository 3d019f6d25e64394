package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// lab is a small network around the test's namespace: a bridge with two machines on it,
// one of which runs the peer's servers.
type lab struct {
	*testWire
	client *netns.Namespace
}

// The bridge's own address, and those of the two machines.
const (
	bridgeAddr = "10.9.0.1"
	clientAddr = "10.9.0.11"
	serverAddr = "10.9.0.12"
)

func layLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{testWire: &testWire{t: t, near: "server0", peer: netns.Neighbour(t)}, client: netns.Neighbour(t)}
	netns.Run(t, "ip", "link", "add", "br0", "type", "bridge")
	netns.Run(t, "ip", "link", "set", "br0", "addrgenmode", "none")
	netns.Run(t, "ip", "address", "add", bridgeAddr+"/24", "dev", "br0")
	netns.Run(t, "ip", "link", "set", "br0", "up")
	l.plugIn("client0", l.client, clientAddr)
	l.plugIn("server0", l.peer, serverAddr)
	l.peer.Run(t, "ip", "address", "add", farAddr+"/32", "dev", "lo") // where its DNS listens
	l.serve()
	return l
}

// plugIn joins a machine to the bridge.
func (l *lab) plugIn(port string, machine *netns.Namespace, address string) {
	t := l.t
	t.Helper()
	netns.Pair(t, port, "eth0")
	machine.Take(t, "eth0")
	netns.Run(t, "ip", "link", "set", port, "master", "br0")
	machine.Run(t, "ip", "link", "set", "eth0", "addrgenmode", "none")
	machine.Run(t, "ip", "address", "add", address+"/24", "dev", "eth0")
	machine.Run(t, "ip", "link", "set", "eth0", "up")
}

// point is what the status says of an interface.
func point(s wire.Status, name string) wire.ObservationPoint {
	for _, p := range s.Points {
		if p.Name == name {
			return p
		}
	}
	return wire.ObservationPoint{}
}

// counts are the kernel's of some interfaces.
type counts map[string]netns.Counters

// count waits until nothing passes any more, so that what comes next is what a monitor
// sees that is started now.
func count(t *testing.T, names ...string) counts {
	t.Helper()
	var c counts
	eventually(t, 10*time.Second, "the interfaces are quiet", func() (bool, any) {
		last := c
		c = counts{}
		for _, name := range names {
			c[name] = netns.Count(t, name)
		}
		time.Sleep(200 * time.Millisecond)
		return maps.Equal(last, c), c
	})
	return c
}

// requireAccounted expects that each packet that was captured is counted once, counted
// at another point, or refused, and that the interfaces have counted as many since then.
func requireAccounted(t *testing.T, m *monitor, before counts) wire.Status {
	t.Helper()
	var s wire.Status
	after := count(t, slices.Collect(maps.Keys(before))...)
	time.Sleep(1300 * time.Millisecond) // until the second is over
	eventually(t, 10*time.Second, "all packets are accounted for", func() (bool, any) {
		s = m.status()
		c := s.Capture
		for name, was := range before {
			is, p := after[name], point(s, name)
			want := is.RxPackets + is.TxPackets - was.RxPackets - was.TxPackets
			if p.KernelPackets == nil {
				return false, []any{name, p}
			}
			// Few strays may have passed while the monitor was starting.
			const strays = 3
			if kernel := *p.KernelPackets; p.Packets != kernel || kernel > want || kernel+strays < want || p.Coverage != 1 {
				return false, []any{name, want, kernel, p}
			}
		}
		return s.Totals.Packets+c.Duplicates == c.Metered && c.Metered+c.Refused == c.Packets &&
			s.Totals.Bytes+c.DuplicateBytes <= c.Bytes && c.Packets == c.KernelPackets && c.Dropped == 0 && c.Coverage == 1, s
	})
	return s
}

// resources are what a program must not need more and more of.
type resources struct{ descriptors, threads, goroutines, megabytes int }

// resources asks the kernel, and the program itself, which must run with --debug.
func (m *monitor) resources() resources {
	m.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", m.cmd.Process.Pid)
	count := func(folder string) int {
		entries, err := os.ReadDir(proc + folder)
		if err != nil {
			m.t.Fatal(err)
		}
		return len(entries)
	}
	r := resources{descriptors: count("fd"), threads: count("task")}
	for line := range strings.Lines(string(contents(m.t, proc+"status"))) {
		if text, found := strings.CutPrefix(line, "RssAnon:"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")))
			if err != nil {
				m.t.Fatal(err)
			}
			r.megabytes = kilobytes >> 10
		}
	}
	text, err := fetch(m.t.Context(), http.MethodGet, m.base+"debug/pprof/goroutine?debug=1")
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "goroutine profile: total %d", &r.goroutines); err != nil {
		m.t.Fatal(err)
	}
	return r
}
