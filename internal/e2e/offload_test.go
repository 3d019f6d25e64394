package e2e

import (
	"math"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/e2e/netns"
)

const (
	bulkBytes = 20_000_000
	// bulkSegment is what fits beside IPv4 and TCP headers and TCP's time stamps.
	bulkSegment = 1500 - 20 - 32
	// bulkFrame is a full one on the wire.
	bulkFrame = 14 + 1500
)

// TestOffload transfers the same bytes with and without joined segments. A captured
// packet is what the kernel or the card made of them; the truth is what is on the wire.
func TestOffload(t *testing.T) {
	needTools(t, "nsenter", "ethtool")
	if !enter(t) {
		return
	}
	w := layWire(t)
	t.Run("joined by the sender", func(t *testing.T) {
		w.offload("on", "off")
		s := w.bulk(t, true)
		if s.WirePacketsSent == nil || s.WirePacketsReceived == nil || !s.WirePacketsEstimated {
			t.Fatalf("no estimate: %+v", s)
		}
		if s.BytesReceived < 2*bulkFrame*s.PacketsReceived || s.BytesSent < 2*bulkFrame*s.PacketsSent {
			t.Errorf("hardly anything was joined: %+v", s)
		}
		requireNear(t, "received", *s.WirePacketsReceived, s.PayloadBytesReceived, s.PacketsSent)
		requireNear(t, "sent", *s.WirePacketsSent, s.PayloadBytesSent, s.PacketsReceived)
	})
	t.Run("joined by the receiver", func(t *testing.T) {
		w.offload("off", "on")
		before := netns.Count(t, w.near)
		s := w.bulk(t, false)
		kernel := netns.Count(t, w.near)
		if s.WirePacketsReceived == nil || *s.WirePacketsReceived <= s.PacketsReceived {
			t.Fatalf("nothing was joined: %+v", s)
		}
		// What leaves is not joined any more. What arrives is, after it was counted.
		for _, c := range []struct {
			what      string
			got, want uint64
		}{
			{"sent", s.PacketsSent, kernel.TxPackets - before.TxPackets},
			{"received", *s.WirePacketsReceived, kernel.RxPackets - before.RxPackets},
		} {
			t.Logf("%s: %d packets, the interface counts %d", c.what, c.got, c.want)
			if off := math.Abs(float64(c.got)/float64(c.want) - 1); off > 0.1 {
				t.Errorf("%s: %d packets, the interface counts %d", c.what, c.got, c.want)
			}
		}
	})
	t.Run("as on the wire", func(t *testing.T) {
		w.offload("off", "off")
		s := w.bulk(t, true)
		if s.WirePacketsSent != nil || s.WirePacketsReceived != nil || s.WirePacketsEstimated {
			t.Errorf("an estimate of what was not joined: %+v", s)
		}
		if s.BytesReceived > s.PacketsReceived*bulkFrame || s.BytesSent > s.PacketsSent*bulkFrame {
			t.Errorf("frames are larger than the MTU: %+v", s)
		}
		requireNear(t, "received", s.PacketsReceived, s.PayloadBytesReceived, s.PacketsSent)
		requireNear(t, "sent", s.PacketsSent, s.PayloadBytesSent, s.PacketsReceived)
	})
}

// offload turns joining segments before sending and after receiving on or off.
func (w *testWire) offload(sender, receiver string) {
	w.t.Helper()
	for feature, state := range map[string]string{"tso": sender, "gso": sender, "gro": receiver} {
		netns.Run(w.t, "ethtool", "-K", w.near, feature, state)
		w.peer.Run(w.t, "ethtool", "-K", "far0", feature, state)
	}
}

// bulk is the session of a transfer both ways, by a monitor of its own. Its totals equal
// the interface's where that counts what is captured.
func (w *testWire) bulk(t *testing.T, alike bool) wire.Session {
	t.Helper()
	before := w.counters()
	m := startMonitor(t, t.TempDir(), "-i", w.near)
	transfer(t, farAddr+":80", bulkBytes, bulkBytes/2)
	var page wire.Page[wire.Session]
	eventually(t, 10*time.Second, "the transfer is listed, closed", func() (bool, any) {
		page = m.sessions("protocol=tcp")
		return page.Total == 1 && page.Items[0].State == "closed", page
	})
	if alike {
		eventually(t, 10*time.Second, "the monitor's totals equal the interface's", func() (bool, any) {
			want, got := w.counters().minus(before), m.status().Capture
			return got.Packets == want.packets && got.Bytes == want.bytes, []any{want, got}
		})
		page = m.sessions("protocol=tcp")
	}
	// Whether the interface counts what was joined as one packet or as many.
	eventually(t, 5*time.Second, "nothing is said to be missed", func() (bool, any) {
		s := m.status()
		p := point(s, w.near)
		return s.Capture.Coverage >= 0.99 && p.Coverage >= 0.99 && *p.KernelPackets > 0, s
	})
	m.stop()
	s := page.Items[0]
	// Without what was sent again, the payload is what was transferred, and HTTP's headers.
	for what, n := range map[string]uint64{
		"received": s.PayloadBytesReceived - s.RetransmittedBytesReceived - bulkBytes,
		"sent":     s.PayloadBytesSent - s.RetransmittedBytesSent - bulkBytes/2,
	} {
		if n > 1000 {
			t.Errorf("%s: %d bytes more than were transferred: %+v", what, int64(n), s)
		}
	}
	return s
}

// requireNear expects as many packets as full segments hold the payload, and up to one
// for each packet of the other side: acknowledgements.
func requireNear(t *testing.T, what string, packets, payload, answers uint64) {
	t.Helper()
	full := math.Ceil(float64(payload) / bulkSegment)
	t.Logf("%s: %d packets for %.0f full segments, %d the other way", what, packets, full, answers)
	if got := float64(packets); got < full || got > 1.05*full+float64(answers) {
		t.Errorf("%s: %d packets, want about %.0f", what, packets, full)
	}
}
