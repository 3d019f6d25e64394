package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"netflow-monitor/internal/capture/filter"
)

// tcpFrame is an Ethernet frame from 10.0.0.1:80 to 10.0.0.2:1024, SYN and ACK set.
const tcpFrame = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00\x00\x28\x00\x01\x00\x00\x40\x06\x00\x00" +
	"\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x50\x04\x00\x00\x00\x00\x01\x00\x00\x00\x02\x50\x12\x20\x00\x00\x00\x00\x00"

func compile(t testing.TB, expr string, linkType uint16, o filter.Options) *filter.Program {
	t.Helper()
	p, err := filter.Compile(expr, linkType, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		expr string
		want bool
	}{
		{"", true},
		{" \t\n", true},
		{"tcp src port 80 and dst host 10.0.0.2", true},
		{"tcp dst port 80 or 443 or 8080", false},
		{"not port 80", false},
		{"tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)", true},
		{"greater 1000", true}, // the length on the wire, not what was captured
		{"len = 1514", true},
		{"less 1513", false},
		{"ip[100] = 0", false},
		{"not ip[100] = 0", false}, // a load beyond the frame rejects it
		{"tcp or ip[100] = 0", true},
		{"len / (len - 1514) = 1 or tcp", false}, // so does a division by zero
		{"2*7%4 = 6", true},
		{"7%4*2 = 7", true},
		{"1 + 2 ^ 3 + 4 = 6", true},
		{"len << len = 0", true},
	} {
		p := compile(t, c.expr, 1, filter.Options{})
		if got := p.Match([]byte(tcpFrame), 1514); got != c.want {
			t.Errorf("%q: %v", c.expr, got)
		}
	}
}

// Jumps reach 255 instructions; beyond that they need stepping stones.
func TestLongPrograms(t *testing.T) {
	for _, count := range []int{10, 60, 130, 400, 900} {
		var hosts, ports strings.Builder
		for i := range count {
			if i > 0 {
				hosts.WriteString(" or ")
				ports.WriteString(" or ")
			}
			fmt.Fprintf(&hosts, "172.16.%d.%d", i/250, i%250)
			fmt.Fprintf(&ports, "tcp[0:2] * 2 + len = %d", 2*(i+50000))
		}
		for _, c := range []struct {
			expr string
			want bool
		}{
			{"host " + hosts.String(), false},
			{"host " + hosts.String() + " or 10.0.0.2", true},
			{"not (host " + hosts.String() + ") and tcp port 80", true},
			{"tcp and not (" + ports.String() + ")", true},
			{"tcp port 80 and (" + ports.String() + " or len = 60)", true},
		} {
			p, err := filter.Compile(c.expr, 1, filter.Options{})
			if err != nil {
				if count < 400 || !strings.Contains(err.Error(), "4096") {
					t.Errorf("%d: %v", count, err)
				}
				continue
			}
			checkProgram(t, p.Raw())
			if got := p.Match([]byte(tcpFrame), 60); got != c.want {
				t.Errorf("%d, %d instructions: %v: %.60s", count, len(p.Raw()), got, c.expr)
			}
			checkMachine(t, p.Raw(), []byte(tcpFrame+strings.Repeat("\x00", 60-len(tcpFrame))), c.want)
		}
	}
}

func TestSnapLen(t *testing.T) {
	for want, o := range map[uint32]filter.Options{256: {SnapLen: 256}, 262144: {}} {
		for _, expr := range []string{"", "tcp"} {
			found := false
			for _, in := range compile(t, expr, 1, o).Raw() {
				found = found || in.Op == 0x06 && in.K == want
			}
			if !found {
				t.Errorf("%q does not return %d", expr, want)
			}
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	p := compile(t, "tcp port 443 or udp port 53 or ip[ip[0] & 0xf] * len > 5", 1, filter.Options{})
	frame := []byte(tcpFrame)
	if n := testing.AllocsPerRun(100, func() { p.Match(frame, 60) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	frame := []byte(tcpFrame)
	for _, expr := range []string{
		"", "tcp", "tcp port 443", "port 53", "host 10.0.0.2 and tcp port 80", "net 192.168.0.0/16 or net 10.0.0.0/8",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
		"not (port 22 or 25 or 53 or 123 or 161 or 443)",
	} {
		b.Run(expr, func(b *testing.B) {
			p := compile(b, expr, 1, filter.Options{})
			b.ReportAllocs()
			for b.Loop() {
				p.Match(frame, 60)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, "tcp port 443 and not net 10.0.0.0/8 and (host 192.0.2.1 or 192.0.2.2)", 1, filter.Options{})
	}
}
