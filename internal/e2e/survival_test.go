package e2e

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

// soon is how long an interface may be away after it is back.
const soon = 2 * time.Second

// stream sends on an interface until it is stopped, and survives that it goes away.
type stream struct {
	stop chan struct{}
	done chan struct{}
}

func newStream(t *testing.T, name string) *stream {
	t.Helper()
	s := &stream{make(chan struct{}), make(chan struct{})}
	out := netns.NewSender(t, name)
	go func() {
		defer close(s.done)
		defer out.Close()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-tick.C:
				_ = out.Try(netns.Datagram(1)) // fails while it is away
			}
		}
	}()
	return s
}

func (s *stream) end() {
	close(s.stop)
	<-s.done
}

// TestSurvival takes interfaces away under traffic and gives them back.
func TestSurvival(t *testing.T) {
	needTools(t, "ethtool")
	for name, names := range map[string]string{"one": "a0", "several": "a0,b0", "any": "any"} {
		t.Run(name, func(t *testing.T) {
			if !enter(t) {
				return
			}
			netns.Pair(t, "a0", "a1")
			netns.Pair(t, "b0", "b1")
			m := startMonitor(t, t.TempDir(), "-i", names)
			traffic := func() (stop func()) {
				s := newStream(t, "a1")
				return s.end
			}
			checkAway(t, m, traffic, "deleted", func() {
				netns.Run(t, "ip", "link", "del", "a0")
			}, func() { netns.Pair(t, "a0", "a1") })
			checkAway(t, m, traffic, "down", func() {
				netns.Run(t, "ip", "link", "set", "a0", "down")
			}, func() { netns.Run(t, "ip", "link", "set", "a0", "up") })
			checkAway(t, m, traffic, "renamed", func() {
				netns.Run(t, "ip", "link", "set", "a0", "down")
				netns.Run(t, "ip", "link", "set", "a0", "name", "z0")
				netns.Run(t, "ip", "link", "set", "z0", "up")
			}, func() {
				netns.Run(t, "ip", "link", "set", "z0", "down")
				netns.Run(t, "ip", "link", "set", "z0", "name", "a0")
				netns.Run(t, "ip", "link", "set", "a0", "up")
			})
			want := []string{"interface_gone", "interface_back", "interface_renamed"}
			if names == "any" {
				want = []string{"interface_removed", "interface_added", "interface_renamed"}
			}
			netns.Run(t, "ip", "link", "set", "a0", "mtu", "1300")
			eventually(t, soon, "every change has its event", func() (bool, any) {
				kinds := m.events()
				for _, kind := range append(want, "interface_mtu") {
					if !slices.Contains(kinds, kind) {
						return false, kinds
					}
				}
				return true, nil
			})
			m.stop()
		})
	}
}

// checkAway requires that an interface is captured on within two seconds after it is
// back, and that the time it was away shows as a gap.
func checkAway(t *testing.T, m *monitor, traffic func() (stop func()), what string, away, back func()) {
	t.Helper()
	packets := func() uint64 { return point(m.status(), "a0").Packets }
	stop := traffic()
	before := packets()
	eventually(t, 10*time.Second, what+": packets are captured", func() (bool, any) { p := packets(); return p > before, p })
	left, counted := time.Now(), packets()
	away()
	stop()
	eventually(t, soon, what+": the status says so", func() (bool, any) {
		s := m.status()
		state := point(s, "a0").State
		return s.Monitoring && !slices.Contains(s.Interfaces, "a0") && (state == "" || state == "gone" || state == "down"), s
	})
	time.Sleep(2500 * time.Millisecond) // so that the gap has a whole second at least
	back()
	returned := time.Now()
	stop = traffic()
	defer stop()
	eventually(t, soon, what+": packets are captured again", func() (bool, any) { p := packets(); return p > counted+100, p })
	t.Logf("%s: captured %v after it was back", what, time.Since(returned).Round(time.Millisecond))
	var gap []wire.HistoryPoint
	eventually(t, 5*time.Second, what+": the gap can be seen", func() (bool, any) {
		url := m.base + "api/traffic-history?step=1&interface=a0&from=" + left.UTC().Format(time.RFC3339) + "&to=" + returned.Add(time.Second).UTC().Format(time.RFC3339)
		gap = call[wire.History](t, http.MethodGet, url).Points
		whole := slices.ContainsFunc(gap, func(p wire.HistoryPoint) bool { return p.Observed == 0 && p.Captured == 0 })
		return whole && gap[0].Observed > 0, gap
	})
}

// TestLinkType changes what the packets of an interface are while it is captured on.
func TestLinkType(t *testing.T) {
	for name, names := range map[string]string{"one": "tun0", "any": "any"} {
		t.Run(name, func(t *testing.T) {
			if !enter(t) {
				return
			}
			tun := netns.Tun(t, "tun0")
			m := startMonitor(t, t.TempDir(), "-i", names)
			write := func() {
				t.Helper()
				if _, err := tun.Write(netns.Datagram(1)[14:]); err != nil {
					t.Fatal(err)
				}
			}
			metered := func(want uint64) {
				t.Helper()
				eventually(t, 10*time.Second, "packets of the new type are metered", func() (bool, any) {
					s := m.status()
					return s.Capture.Metered == want && s.Capture.Refused == 0, s
				})
			}
			write()
			metered(1)
			netns.Run(t, "ip", "link", "set", "tun0", "down")
			if err := unix.IoctlSetInt(int(tun.Fd()), unix.TUNSETLINK, unix.ARPHRD_PPP); err != nil {
				t.Fatal(err)
			}
			netns.Run(t, "ip", "link", "set", "tun0", "up")
			eventually(t, soon, "it is captured on again", func() (bool, any) {
				s := m.status()
				kinds := m.events()
				return slices.Contains(s.Interfaces, "tun0") && s.Error == "" && slices.Contains(kinds, "interface_link_type") &&
					(names == "any" || slices.Contains(kinds, "interface_back")), []any{s, kinds}
			})
			write()
			metered(2)
			m.stop()
		})
	}
}

// TestMissingInterface starts on interfaces of which only some are there.
func TestMissingInterface(t *testing.T) {
	if !enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	m := startMonitor(t, t.TempDir(), "-i", "a0,vpn0")
	if p := point(m.status(), "vpn0"); p.State != "gone" {
		t.Errorf("an interface that is not there: %+v", p)
	}
	netns.Pair(t, "vpn0", "vpn1")
	defer newStream(t, "vpn1").end()
	eventually(t, soon, "it is captured on once it is there", func() (bool, any) {
		s := m.status()
		return point(s, "vpn0").Packets > 0 && slices.Equal(s.Interfaces, []string{"a0", "vpn0"}), s
	})
	m.stop()
	launch{dir: t.TempDir(), args: []string{"--host", "127.0.0.1", "-p", "0", "-i", "c0,d0"}}.fails(t, exitFailure, "c0", "there are", "a0")
	launch{dir: t.TempDir(), args: []string{"-i", "any,a0"}}.fails(t, exitUsage, "any", "lo")
}

// TestNoTraffic waits for the warning, and for its end.
func TestNoTraffic(t *testing.T) {
	if !enter(t) {
		return
	}
	netns.Pair(t, "a0", "a1")
	m := launch{dir: t.TempDir(), args: []string{"-i", "any"}, env: []string{"NETFLOW_MONITOR_CAPTURE_TIMEOUT=2"}}.start(t)
	has := func(kind string) func() (bool, any) {
		return func() (bool, any) { kinds := m.events(); return slices.Contains(kinds, kind), kinds }
	}
	eventually(t, 10*time.Second, "silence is told of", has("no_traffic"))
	defer newStream(t, "a1").end()
	eventually(t, 10*time.Second, "so are packets after it", has("traffic_resumed"))
	m.stop()
}

// TestSoak lets twenty interfaces come and go under traffic. Nothing is lost, and the
// program needs no more than at first. NETFLOW_SOAK is how long it takes: 20s if unset.
func TestSoak(t *testing.T) {
	if !enter(t) {
		return
	}
	length := 20 * time.Second
	if text := os.Getenv("NETFLOW_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	m := startMonitor(t, t.TempDir(), "-i", "any", "--debug")
	netns.Pair(t, "stay0", "stay1")
	steady := newStream(t, "stay0")
	var sent uint64
	churn := func(until time.Time) (rounds int) {
		for ; time.Now().Before(until); rounds++ {
			sent += cycle(t, rounds)
		}
		return rounds
	}
	churn(time.Now().Add(length / 4)) // until everything has been needed once
	first := m.resources()
	rounds := churn(time.Now().Add(length * 3 / 4))
	steady.end()
	last := m.resources()
	t.Logf("%d rounds of 20 interfaces, %d packets over them in all: %+v, then %+v", rounds, sent, first, last)
	// The database's caches, bounded by 11 MB of pages, fill while it grows.
	const caches = 24
	if last.descriptors > first.descriptors+4 || last.goroutines > first.goroutines+6 || last.threads > first.threads+6 || last.megabytes > first.megabytes+caches {
		t.Errorf("needs more and more: %+v, then %+v", first, last)
	}
	eventually(t, 10*time.Second, "each packet was seen at both ends of its cable and counted once", func() (bool, any) {
		s := m.status()
		var stayed uint64
		for _, name := range []string{"stay0", "stay1"} {
			stayed += point(s, name).Packets
		}
		c := s.Capture
		return c.Packets-stayed == 2*sent && s.Totals.Packets == c.Packets/2 && c.Duplicates == c.Packets/2 && c.Dropped == 0 &&
			s.Totals.Packets+c.Duplicates == c.Metered, []any{sent, stayed, s}
	})
	m.stop()
}

// cycle makes ten cables, sends over them, and takes them away. It returns how many
// packets it sent.
func cycle(t *testing.T, round int) (sent uint64) {
	t.Helper()
	const cables, packets = 10, 20
	name := func(i int, end string) string { return "x" + strconv.Itoa(i) + end }
	for i := range cables {
		netns.Pair(t, name(i, "a"), name(i, "b"))
	}
	for i := range cables {
		out := netns.NewSender(t, name(i, "a"))
		for range packets {
			out.Send(t, netns.Datagram(100+(round*cables+i)%5000))
			sent++
		}
		out.Close()
	}
	for i := range cables {
		// A deletion throws away what is still on its way.
		eventually(t, 10*time.Second, "all arrived", func() (bool, any) {
			c := netns.Count(t, name(i, "b"))
			return c.RxPackets == packets, c
		})
		netns.Run(t, "ip", "link", "del", name(i, "a"))
	}
	return sent
}
