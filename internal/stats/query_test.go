package stats

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

func TestSessionQueryMatch(t *testing.T) {
	s := Session{Key: key("10.0.0.1", "11.0.0.1", 1000, 443), Start: 100, Last: 200, State: flow.StateEstablished}
	ping := Session{Key: key("fd00::1", "2a00::1", 128, 129), Start: 100, Last: 100, End: flow.EndIdleTimeout}
	ping.Key.Protocol = flow.ProtoICMPv6
	s.Tunnel.Kinds = [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGTPU, flow.TunnelTeredo}
	network := netip.MustParsePrefix
	tcp, established, yes, no := uint8(6), flow.StateEstablished, true, false
	tests := []struct {
		name       string
		q          SessionQuery
		tcp, icmp6 bool
	}{
		{"all", SessionQuery{}, true, true},
		{"source", SessionQuery{Src: network("10.0.0.0/8")}, true, false},
		{"source is not destination", SessionQuery{Src: network("11.0.0.1/32")}, false, false},
		{"destination", SessionQuery{Dst: network("2a00::1/128")}, false, true},
		{"either end", SessionQuery{IP: network("11.0.0.1/32")}, true, false},
		{"both", SessionQuery{IP: network("11.0.0.1/32"), Src: network("10.0.0.2/32")}, false, false},
		{"all of IPv6", SessionQuery{IP: network("::/0")}, false, true},
		{"protocol", SessionQuery{Protocol: &tcp}, true, false},
		{"source port", SessionQuery{Port: 1000}, true, false},
		{"destination port", SessionQuery{Port: 443}, true, false},
		{"an ICMP type is no port", SessionQuery{Port: 128}, false, false},
		{"state", SessionQuery{State: &established}, true, false},
		{"outer tunnel", SessionQuery{Tunnel: flow.TunnelGTPU.Set()}, true, false},
		{"inner tunnel", SessionQuery{Tunnel: flow.TunnelTeredo.Set() | flow.TunnelGRE.Set()}, true, false},
		{"another tunnel", SessionQuery{Tunnel: flow.TunnelVXLAN.Set()}, false, false},
		{"any tunnel", SessionQuery{Tunnel: flow.AllTunnels}, true, false},
		{"no tunnel", SessionQuery{Tunnel: flow.TunnelNone.Set()}, false, true},
		{"active", SessionQuery{Active: &yes}, true, false},
		{"ended", SessionQuery{Active: &no}, false, true},
		{"from", SessionQuery{From: 200}, true, false},
		{"after", SessionQuery{From: 201}, false, false},
		{"to is not within", SessionQuery{To: 100}, false, false},
		{"to", SessionQuery{From: 1, To: 101}, true, true},
	}
	for _, tt := range tests {
		if got := [2]bool{tt.q.Match(&s), tt.q.Match(&ping)}; got != [2]bool{tt.tcp, tt.icmp6} {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// Every order, page and direction is the slice that sorting everything gives.
func TestListsAreOrdered(t *testing.T) {
	e := newEngine(t, nil)
	g := newTraffic(3, 60)
	for range 10 {
		if err := e.Consume(g.batch(15, 50, 8)); err != nil {
			t.Fatal(err)
		}
	}
	everySession, _ := e.Sessions(SessionQuery{})
	everyIP, _ := e.IPs(IPQuery{})
	page := func(c, total int) (offset, limit int) { return rand.IntN(total + 3), c % 4 * 9 }
	for i, c := range SessionColumns {
		for _, descending := range []bool{false, true} {
			q := SessionQuery{OrderBy: c.Name, Descending: descending}
			q.Offset, q.Limit = page(i, len(everySession))
			got, total := e.Sessions(q)
			want := slices.Clone(everySession)
			checkPage(t, c.Name, want, got, q.compare(), total, q.Offset, q.Limit)
		}
	}
	for i, c := range IPColumns {
		for _, descending := range []bool{false, true} {
			q := IPQuery{OrderBy: c.Name, Descending: descending}
			q.Offset, q.Limit = page(i, len(everyIP))
			got, total := e.IPs(q)
			want := slices.Clone(everyIP)
			checkPage(t, c.Name, want, got, q.compare(), total, q.Offset, q.Limit)
		}
	}
}

func checkPage[T any](t *testing.T, name string, want, got []T, compare func(a, b *T) int, total, offset, limit int) {
	t.Helper()
	all := len(want)
	slices.SortFunc(want, func(a, b T) int { return compare(&a, &b) })
	want = want[min(offset, len(want)):]
	if limit > 0 {
		want = want[:min(limit, len(want))]
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" || total != all {
		t.Errorf("%s, %d from %d: total %d: %s", name, limit, offset, total, d)
	}
}

func TestColumns(t *testing.T) {
	for _, name := range []string{
		"session_id", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "start_time", "last_seen", "duration",
		"packets_sent", "packets_received", "bytes_sent", "bytes_received", "total_packets", "total_bytes", "state",
		"rate_sent", "rate_received", "rate", "rtt_ms", "retransmits_sent", "retransmits_received", "total_retransmits",
	} {
		if _, ok := FindColumn(SessionColumns, name); !ok {
			t.Errorf("sessions can't be ordered by %s", name)
		}
	}
	for _, name := range []string{
		"ip", "bytes_sent", "bytes_received", "total_bytes", "packets_sent", "packets_received", "total_packets",
		"session_count", "first_seen", "last_seen", "rate_sent", "rate_received", "rate", "total_retransmits",
	} {
		if _, ok := FindColumn(IPColumns, name); !ok {
			t.Errorf("IPs can't be ordered by %s", name)
		}
	}
	seen := map[string]int{}
	for _, c := range IPColumns {
		seen[c.Name]++
	}
	if seen["total_bytes"] != 1 {
		t.Errorf("columns of IPs: %v", seen)
	}
	for _, c := range RankColumns {
		if _, ok := FindColumn(IPColumns, c.Name); !ok {
			t.Errorf("IPs can't be ranked by %s", c.Name)
		}
	}
}

func TestRTT(t *testing.T) {
	for _, c := range []struct{ client, server, want int64 }{{0, 0, 0}, {0, 5, 0}, {5, 0, 0}, {2, 5, 7}} {
		s := Session{RTTClient: c.client, RTTServer: c.server}
		if got := s.RTT(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestAddressesCompareByValue(t *testing.T) {
	c, _ := FindColumn(SessionColumns, "src_ip")
	addrs := []string{"2.0.0.1", "10.0.0.1", "255.0.0.1", "::1", "2001:db8::1", "2001:db8::a"}
	for i := range len(addrs) - 1 {
		a, b := Session{Key: key(addrs[i], addrs[i], 0, 0)}, Session{Key: key(addrs[i+1], addrs[i+1], 0, 0)}
		if c.Compare(&a, &b) != -1 || c.Compare(&b, &a) != 1 || c.Compare(&a, &a) != 0 {
			t.Errorf("%s is not before %s", addrs[i], addrs[i+1])
		}
	}
}

func TestTop(t *testing.T) {
	e := newEngine(t, nil)
	consume(t, e, epoch+second, record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, 1000, 0))
	consume(t, e, epoch+2*second,
		record(2, key("192.168.1.2", "11.0.0.2", 1, 53), epoch, 10, 10), record(3, key("192.168.1.2", "11.0.0.2", 2, 53), epoch, 10, 10))
	for column, want := range map[string]string{"total_bytes": "443/tcp", "session_count": "53/tcp", "rate": "53/tcp", "": "443/tcp", "?": "443/tcp"} {
		if got := e.TopBy(DimensionPort, column, 1); len(got) != 1 || got[0].Key != want {
			t.Errorf("by %q: %+v", column, got)
		}
	}
	var ips []string
	for _, r := range e.Top(DimensionIP, 2) {
		ips = append(ips, r.Key)
	}
	if d := cmp.Diff([]string{"192.168.1.2", "11.0.0.1"}, ips); d != "" {
		t.Error(d)
	}
	if got := e.Top("colour", 5); len(got) != 0 {
		t.Errorf("unknown dimension: %+v", got)
	}
}
