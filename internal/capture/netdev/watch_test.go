//go:build linux

package netdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/e2e/netns"
)

// until lists the interfaces after each notification, as a user of Watch does, until
// they are as wanted.
func until(t *testing.T, changes <-chan struct{}, what string, wanted func(map[string]Link) bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case _, ok := <-changes:
			if !ok {
				t.Fatalf("%s: the channel is closed", what)
			}
		case <-timeout:
			t.Fatalf("%s was not seen", what)
		}
		if wanted(mustLinks(t)) {
			return
		}
	}
}

// batch runs many commands in one process, quickly.
func batch(t *testing.T, commands ...string) {
	t.Helper()
	ip := exec.CommandContext(t.Context(), "ip", "-batch", "-")
	ip.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if output, err := ip.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// fifty are commands with %d for the numbers of fifty interfaces.
func fifty(commands ...string) (list []string) {
	for i := range 50 {
		for _, c := range commands {
			list = append(list, fmt.Sprintf(c, i))
		}
	}
	return list
}

func TestWatch(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	changes, err := Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		command string
		wanted  func(map[string]Link) bool
	}{
		{"link add old type ifb", func(l map[string]Link) bool { return l["old"].Index != 0 }},
		{"link set old name new", func(l map[string]Link) bool { return l["new"].Index != 0 && l["old"].Index == 0 }},
		{"link set new up", func(l map[string]Link) bool { return l["new"].Up && l["new"].Running }},
		{"link set new mtu 1300", func(l map[string]Link) bool { return l["new"].MTU == 1300 }},
		{"link set new down", func(l map[string]Link) bool { return !l["new"].Up }},
		{"link del new", func(l map[string]Link) bool { return l["new"].Index == 0 }},
	} {
		netns.Run(t, "ip", strings.Fields(step.command)...)
		until(t, changes, step.command, step.wanted)
	}

	// A machine that nobody waits for: all changes are made before the first look.
	const name = "many49"
	batch(t, fifty("link add many%d type ifb")...)
	until(t, changes, "fifty made", func(l map[string]Link) bool { return l[name].Index != 0 })
	batch(t, fifty("link del many%d")...)
	until(t, changes, "fifty deleted", func(l map[string]Link) bool { return l[name].Index == 0 })
	batch(t, fifty("link add short%d type ifb", "link del short%d")...)
	batch(t, "link add last type ifb")
	until(t, changes, "the last", func(l map[string]Link) bool { return l["last"].Index != 0 })
}

func TestWatchAddresses(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	netns.Pair(t, "left", "right")
	index := mustLinks(t)["left"].Index
	changes, err := Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range []struct {
		command string
		count   int
	}{
		{"address add 192.0.2.1/24 dev left", 1},
		{"address add 2001:db8::1/64 dev left", 2},
		{"address del 192.0.2.1/24 dev left", 1},
	} {
		netns.Run(t, "ip", strings.Fields(want.command)...)
		until(t, changes, fmt.Sprintf("step %d: %s", step, want.command), func(map[string]Link) bool {
			addresses, err := Addresses()
			if err != nil {
				t.Fatal(err)
			}
			return len(addresses[index]) == want.count
		})
	}
}

// Messages that do not fit into the socket are lost; the kernel says so once.
func TestWatchLostMessages(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	socket, err := subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	control, err := socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = control.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil { // the least it takes
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	batch(t, fifty("link add many%d type ifb")...)
	if _, err := socket.Read(make([]byte, unix.NLMSG_HDRLEN)); !errors.Is(err, unix.ENOBUFS) {
		t.Fatalf("nothing was lost: %v", err)
	}
	batch(t, fifty("link del many%d")...)

	changes := make(chan struct{}, 1)
	go follow(t.Context(), socket, changes)
	until(t, changes, "fifty deleted", func(l map[string]Link) bool { return l["many49"].Index == 0 })
	netns.Run(t, "ip", "link", "add", "later", "type", "ifb")
	until(t, changes, "a change after the loss", func(l map[string]Link) bool { return l["later"].Index != 0 })
}

func TestWatchLeavesNothing(t *testing.T) {
	if !netns.Enter(t) {
		return
	}
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	watchAll := func() {
		ctx, cancel := context.WithCancel(t.Context())
		var all []<-chan struct{}
		for range 20 {
			changes, err := Watch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, changes)
		}
		netns.Run(t, "ip", "link", "add", "short", "type", "ifb")
		netns.Run(t, "ip", "link", "del", "short")
		cancel()
		late, err := Watch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, changes := range append(all, late) {
			timeout := time.After(patience)
			for open := true; open; { // what was pending is still there
				select {
				case _, open = <-changes:
				case <-timeout:
					t.Fatal("the channel is open after ctx ended")
				}
			}
		}
	}
	watchAll() // what the runtime opens once is open then
	before, goroutines := descriptors(), runtime.NumGoroutine()
	watchAll()
	if after := descriptors(); after != before {
		t.Errorf("%d file descriptors, before %d", after, before)
	}
	for start := time.Now(); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), goroutines)
		}
	}
}
