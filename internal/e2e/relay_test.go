package e2e

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netflow-monitor/internal/e2e/netns"
)

// relay is a bad cable: two tap interfaces, and between them a process that delays and
// loses frames. It needs no queueing discipline of the kernel, which many lack.
type relay struct {
	delay atomic.Int64 // ns each way
	loss  atomic.Int64 // frames with data lost, of 1000
	lost  atomic.Uint64
}

// layRelay is layWire with a relay between the ends.
func layRelay(t *testing.T) (*testWire, *relay) {
	t.Helper()
	w := &testWire{t: t, near: "near0", peer: netns.Neighbour(t)}
	near, far := openTap(t, w.near), openTap(t, "far0")
	for _, name := range []string{w.near, "far0"} {
		netns.Run(t, "ip", "link", "set", name, "txqueuelen", "10000", "addrgenmode", "none")
	}
	w.join()
	r := new(relay)
	var running sync.WaitGroup
	running.Go(func() { r.forward(t, near, far, 1) })
	running.Go(func() { r.forward(t, far, near, 2) })
	t.Cleanup(func() {
		_, _ = near.Close(), far.Close()
		running.Wait()
	})
	w.serve()
	return w, r
}

// openTap makes an interface whose cable ends in this process.
func openTap(t *testing.T, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		netns.Unavailable(t, "no tap interface can be made: "+err.Error())
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		_ = unix.Close(fd)
		netns.Unavailable(t, "no tap interface can be made: "+err.Error())
	}
	return os.NewFile(uintptr(fd), name)
}

// forward carries frames one way until the interface is closed, each as late as the
// delay says, and in their order.
func (r *relay) forward(t *testing.T, from, to *os.File, seed uint64) {
	type late struct {
		frame []byte
		due   time.Time
	}
	queue := make(chan late, 1<<16)
	var writing sync.WaitGroup
	writing.Go(func() {
		for l := range queue {
			time.Sleep(time.Until(l.due))
			if _, err := to.Write(l.frame); err != nil && !errors.Is(err, fs.ErrClosed) && !errors.Is(err, unix.EIO) {
				t.Errorf("relay: %v", err) // EIO: the interface is down
			}
		}
	})
	defer writing.Wait()
	defer close(queue)
	chance := rand.New(rand.NewPCG(seed, seed)) // the same losses in each run
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			if !errors.Is(err, fs.ErrClosed) {
				t.Errorf("relay: %v", err)
			}
			return
		}
		// A lost SYN or FIN would be another test.
		if n > 1000 && chance.Int64N(1000) < r.loss.Load() {
			r.lost.Add(1)
			continue
		}
		queue <- late{append([]byte(nil), buf[:n]...), time.Now().Add(time.Duration(r.delay.Load()))}
	}
}
