package api

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/flow"
)

// lossy consumes two records of a bad session in a tunnel and returns its identifier.
func (f *fixture) lossy(t *testing.T, end flow.EndReason) string {
	t.Helper()
	at := f.now.UnixNano()
	first := testRecord(at, 0)
	first.Key.VLAN, first.Key.InnerVLAN = 10, 20
	first.RTTServer = int64(20 * time.Millisecond)
	first.Tunnel = flow.Tunnel{
		Src: netip.MustParseAddr("192.168.1.2").As16(), Dst: netip.MustParseAddr("2001:db8::1").As16(), ID: 42,
		Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGTPU, flow.TunnelTeredo},
	}
	second := first
	second.First, second.End = false, end
	second.RTTClient = int64(250 * time.Microsecond)
	second.SentTCP = flow.TCPCounters{
		Retransmits: 3, RetransmittedBytes: 4380, OutOfOrder: 2, ZeroWindows: 1, Resets: 1, OffloadedPackets: 40,
	}
	second.ReceivedTCP = flow.TCPCounters{Retransmits: 1, OutOfOrder: 4, ZeroWindows: 5, Resets: 6}
	for _, r := range []flow.Record{first, second} {
		f.now = f.now.Add(time.Second)
		if err := f.engine.Consume(flow.Batch{Time: f.now.UnixNano(), Records: []flow.Record{r}}); err != nil {
			t.Fatal(err)
		}
	}
	page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?order_by=start_time"), 200)
	return page.Items[0].SessionID
}

// The quality of a session is the same while it lives and once it is stored.
func TestQuality(t *testing.T) {
	for name, end := range map[string]flow.EndReason{"live": flow.EndNone, "stored": flow.EndOfFlow} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.lossy(t, end)
			if err := f.writer.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?tunnel=teredo"), 200).Items[0]
			want := got
			total, client, server := 20.25, 0.25, 20.0
			want.RTTMs, want.RTTClientMs, want.RTTServerMs = &total, &client, &server
			want.RetransmitsSent, want.RetransmittedBytesSent, want.OutOfOrderSent = 3, 4380, 2
			want.ZeroWindowsSent, want.ResetsSent = 1, 1
			want.RetransmitsReceived, want.RetransmittedBytesReceived, want.OutOfOrderReceived = 1, 0, 4
			want.ZeroWindowsReceived, want.ResetsReceived = 5, 6
			sent, received := uint64(42), uint64(4)
			want.WirePacketsSent, want.WirePacketsReceived, want.WirePacketsEstimated = &sent, &received, true
			want.VLAN, want.InnerVLAN = 10, 20
			want.Tunnel, want.TunnelID, want.TunnelSrcIP, want.TunnelDstIP = "gtp-u/teredo", 42, "192.168.1.2", "2001:db8::1"
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("session (-want +got):\n%s", diff)
			}
			ip := decode[wire.Page[wire.IP]](t, f.get(t, "/api/ip-stats?order_by=total_retransmits"), 200).Items[0]
			if ip.TotalRetransmits != 4 {
				t.Errorf("IP %+v", ip)
			}
			var again uint64
			// The packets' clock runs ahead of the machine's here.
			span := fmt.Sprintf("from=%d&to=%d&step=1", f.now.Unix()-60, f.now.Unix()+1)
			for _, p := range decode[wire.History](t, f.get(t, "/api/traffic-history?"+span), 200).Points {
				again += p.Retransmits
			}
			if again != 4 {
				t.Errorf("history has %d retransmissions", again)
			}
			top := decode[wire.TopTalkers](t, f.get(t, "/api/top-talkers?order_by=total_retransmits"), 200)
			for _, r := range []wire.Rank{top.IPs[0], top.Countries[0], top.Protocols[0], top.Ports[0]} {
				if r.TotalRetransmits != 4 {
					t.Errorf("rank %+v", r)
				}
			}
			peer := decode[wire.IPDetail](t, f.get(t, "/api/ip-stats/203.0.113.9"), 200)
			if peer.RetransmitsSent != 1 || peer.RetransmitsReceived != 3 {
				t.Errorf("peer %+v", peer.IP)
			}
		})
	}
}

// What was not measured is not there, so that no one takes it for 0.
func TestQualityAbsent(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 1)
	page := decode[wire.Page[json.RawMessage]](t, f.get(t, "/api/sessions"), 200)
	text := string(page.Items[0])
	for _, name := range []string{"rtt_", "wire_packets", "tunnel"} {
		if strings.Contains(text, `"`+name) {
			t.Errorf("%s is in %s", name, text)
		}
	}
	for _, name := range []string{"retransmits_sent", "zero_windows_received", "inner_vlan"} {
		if !strings.Contains(text, `"`+name+`":0`) {
			t.Errorf("%s is not in %s", name, text)
		}
	}
}

func TestTunnelFilterAndOrder(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 20)
	lossy := f.lossy(t, flow.EndNone)
	for query, want := range map[string]int{
		"tunnel=gtp-u": 1, "tunnel=teredo": 1, "tunnel=any": 1, "tunnel=none": 20, "tunnel=vxlan": 0, "tunnel=": 21,
	} {
		if got := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?"+query), 200).Total; got != want {
			t.Errorf("%s: %d sessions, want %d", query, got, want)
		}
	}
	for _, column := range []string{"rtt_ms", "total_retransmits", "retransmits_sent"} {
		page := decode[wire.Page[wire.Session]](t, f.get(t, "/api/sessions?order_direction=desc&order_by="+column), 200)
		if page.Items[0].SessionID != lossy {
			t.Errorf("by %s the first is %+v", column, page.Items[0])
		}
	}
}
