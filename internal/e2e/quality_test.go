package e2e

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
)

// TestQuality watches TCP over a cable that is slow and loses packets.
func TestQuality(t *testing.T) {
	needTools(t, "nsenter")
	if !enter(t) {
		return
	}
	w, r := layRelay(t)
	t.Run("round trip", func(t *testing.T) { checkRoundTrip(t, w, r) })
	t.Run("loss after the monitor", func(t *testing.T) { checkLossAfter(t, w, r) })
	t.Run("loss before the monitor", func(t *testing.T) { checkLossBefore(t, w, r) })
}

// checkRoundTrip expects the delay on the side where it is: at the near end it is the
// server's for calls from here, and the client's for calls from the peer.
func checkRoundTrip(t *testing.T, w *testWire, r *relay) {
	const (
		calls  = 5
		oneWay = 20 * time.Millisecond
		both   = 2 * float64(oneWay/time.Millisecond)
		// late is what the quickest call may take longer on a busy machine.
		late = both / 4
	)
	r.delay.Store(int64(oneWay))
	defer r.delay.Store(0)
	m := startMonitor(t, t.TempDir(), "-i", w.near)
	address := hangUp(t)
	for range calls {
		transfer(t, farAddr+":80", 1, 1)
		post(t, "http://"+farAddr+":"+otherPort+"/?n=0&call="+address, 0, 1)
	}
	var out, in []wire.Session
	eventually(t, 10*time.Second, "the calls of both ends are listed", func() (bool, any) {
		out = m.sessions("protocol=tcp&port=80").Items
		in = m.sessions("protocol=tcp&src_ip=" + farAddr).Items
		return len(out) == calls && len(in) == calls && allClosed(out) && allClosed(in), []any{out, in}
	})
	best := func(of []wire.Session, rtt func(wire.Session) *float64) float64 {
		t.Helper()
		low := 1e9
		for _, s := range of {
			if rtt(s) == nil {
				t.Fatalf("no round trip time: %+v", s)
			}
			low = min(low, *rtt(s))
		}
		return low
	}
	total := func(s wire.Session) *float64 { return s.RTTMs }
	client := func(s wire.Session) *float64 { return s.RTTClientMs }
	server := func(s wire.Session) *float64 { return s.RTTServerMs }
	for _, c := range []struct {
		what     string
		got, low float64
	}{
		{"here to there, total", best(out, total), both},
		{"here to there, server", best(out, server), both},
		{"here to there, client", best(out, client), 0},
		{"there to here, total", best(in, total), both},
		{"there to here, client", best(in, client), both},
		{"there to here, server", best(in, server), 0},
	} {
		t.Logf("%s: %.3f ms", c.what, c.got)
		if c.got < c.low || c.got > c.low+late {
			t.Errorf("%s: %.3f ms, want %v and little more", c.what, c.got, c.low)
		}
	}
	m.stop()
}

// hangUp answers calls by ending them, and returns where.
func hangUp(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(nearAddr, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func allClosed(sessions []wire.Session) bool {
	for _, s := range sessions {
		if s.State != "closed" {
			return false
		}
	}
	return true
}

// The transfers with losses. A round trip keeps segments in flight while some are lost.
const (
	lossy      = 30 // of 1000
	lossyDelay = time.Millisecond
	lossyBytes = 4_000_000
)

// checkLossAfter is about a sender beside the monitor: every segment that the kernel
// sends again is one that was seen before.
func checkLossAfter(t *testing.T, w *testWire, r *relay) {
	before := retransmitted(t, contents(t, "/proc/self/net/snmp"))
	s, lost := lossyTransfer(t, w, r, 1, lossyBytes)
	kernel := retransmitted(t, contents(t, "/proc/self/net/snmp")) - before
	t.Logf("%d lost, the kernel sent %d again, seen %d and %d out of order", lost, kernel, s.RetransmitsSent, s.OutOfOrderSent)
	if kernel == 0 || !within(s.RetransmitsSent, kernel, 0.05) {
		t.Errorf("%d retransmissions, the kernel counts %d", s.RetransmitsSent, kernel)
	}
	if s.OutOfOrderSent != 0 || s.RetransmitsReceived != 0 {
		t.Errorf("nothing was out of order here, and little was received: %+v", s)
	}
	if got := s.PayloadBytesSent - s.RetransmittedBytesSent; got < lossyBytes || got > lossyBytes+1000 {
		t.Errorf("%d bytes of payload without what was sent again, want %d and headers", got, lossyBytes)
	}
}

// checkLossBefore is about a sender beyond the losses: what it sends again fills a gap.
func checkLossBefore(t *testing.T, w *testWire, r *relay) {
	counters := func() []byte { return w.peer.Run(t, "cat", "/proc/net/snmp") }
	before := retransmitted(t, counters())
	s, lost := lossyTransfer(t, w, r, lossyBytes, 1)
	kernel := retransmitted(t, counters()) - before
	again := s.RetransmitsReceived + s.OutOfOrderReceived
	t.Logf("%d lost, the kernel sent %d again, seen %d and %d out of order", lost, kernel, s.RetransmitsReceived, s.OutOfOrderReceived)
	// Some of them were lost too, and some were the last of their flight: no gap.
	if kernel == 0 || again > kernel || !within(again, kernel, 0.25) {
		t.Errorf("%d retransmissions and segments out of order, the kernel sent %d again", again, kernel)
	}
	// More may be in flight at once than the meter remembers gaps; the rest counts as
	// sent again.
	if s.RetransmitsReceived > again/2 || s.RetransmitsSent != 0 || s.OutOfOrderSent != 0 {
		t.Errorf("losses before the monitor are gaps: %+v", s)
	}
	// What arrived is what was sent and sent again, without what was lost.
	twice := (kernel - min(lost, kernel)) * bulkSegment
	if got := s.PayloadBytesReceived; got < lossyBytes || got > lossyBytes+1000+twice {
		t.Errorf("%d bytes of payload, want %d, headers and up to %d twice", got, lossyBytes, twice)
	}
}

// lossyTransfer is the session of one transfer, and how many frames it lost.
func lossyTransfer(t *testing.T, w *testWire, r *relay, receive, send int) (s wire.Session, lost uint64) {
	t.Helper()
	m := startMonitor(t, t.TempDir(), "-i", w.near)
	before := r.lost.Load()
	r.delay.Store(int64(lossyDelay))
	r.loss.Store(lossy)
	transfer(t, farAddr+":80", receive, send)
	r.loss.Store(0)
	eventually(t, 10*time.Second, "the transfer is listed", func() (bool, any) {
		page := m.sessions("protocol=tcp")
		if page.Total != 1 || page.Items[0].State != "closed" {
			return false, page
		}
		s = page.Items[0]
		return true, page
	})
	if c := m.status().Capture; c.Dropped != 0 {
		t.Errorf("the capture lost packets: %+v", c)
	}
	m.stop()
	return s, r.lost.Load() - before
}

func within(got, want uint64, part float64) bool {
	slack := max(part*float64(want), 2)
	return float64(got) >= float64(want)-slack && float64(got) <= float64(want)+slack
}

// retransmitted is TCP's RetransSegs in /proc/net/snmp: a line of names, one of values.
func retransmitted(t *testing.T, snmp []byte) uint64 {
	t.Helper()
	var names []string
	for line := range strings.Lines(string(snmp)) {
		fields := strings.Fields(line)
		if fields[0] != "Tcp:" {
			continue
		}
		for i, name := range names {
			if name != "RetransSegs" {
				continue
			}
			n, err := strconv.ParseUint(fields[i], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		names = fields
	}
	t.Fatal("the kernel does not count retransmissions")
	return 0
}
