package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"netflow-monitor/internal/e2e/netns"
)

func TestMain(m *testing.M) {
	if os.Getenv(peerEnv) != "" {
		if err := runPeer(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// testWire joins the test's namespace to the peer's.
type testWire struct {
	t    *testing.T
	near string // the test's interface
	peer *netns.Namespace
}

// layWire makes a veth pair with the peer's servers at the far end.
func layWire(t *testing.T) *testWire {
	t.Helper()
	w := &testWire{t: t, near: "near0", peer: netns.Neighbour(t)}
	w.plug()
	w.serve()
	return w
}

// plug makes the cable, also again after it was taken away.
func (w *testWire) plug() {
	w.t.Helper()
	netns.Pair(w.t, w.near, "far0")
	w.join()
}

// join gives both ends their address, the far one in the peer's namespace.
func (w *testWire) join() {
	t, peer := w.t, w.peer
	t.Helper()
	peer.Take(t, "far0")
	netns.Run(t, "ip", "address", "add", nearAddr+"/32", "peer", farAddr+"/32", "dev", w.near)
	netns.Run(t, "ip", "link", "set", w.near, "up")
	peer.Run(t, "ip", "address", "add", farAddr+"/32", "peer", nearAddr+"/32", "dev", "far0")
	peer.Run(t, "ip", "link", "set", "far0", "addrgenmode", "none") // the move made it forget
	peer.Run(t, "ip", "link", "set", "far0", "up")
}

// serve starts the peer's servers.
func (w *testWire) serve() {
	t := w.t
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	servers := w.peer.Command(t, path)
	servers.Env = append(os.Environ(), peerEnv+"=1")
	servers.Stderr = os.Stderr
	stdin, err := servers.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := servers.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = servers.Wait() // ended by the closed input, or with the test's context
	})
	if ready := bufio.NewScanner(stdout); !ready.Scan() {
		t.Fatal("the peer's servers did not start")
	}
}

// traffic is what the kernel counts at the near interface, both ways.
type traffic struct{ packets, bytes uint64 }

func (c traffic) minus(o traffic) traffic { return traffic{c.packets - o.packets, c.bytes - o.bytes} }

func (w *testWire) counters() traffic {
	c := netns.Count(w.t, w.near)
	return traffic{c.RxPackets + c.TxPackets, c.RxBytes + c.TxBytes}
}

// needTools skips the test where the tools it needs are missing.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			netns.Unavailable(t, "the command "+name+" is missing")
		}
	}
}
