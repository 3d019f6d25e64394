package filter_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"netflow-monitor/internal/capture/filter"
)

// writer makes expressions by chance.
type writer struct{ *rand.Rand }

func (w writer) pick(list ...string) string { return list[w.IntN(len(list))] }

func (w writer) expression(depth int) string {
	if depth == 0 || w.IntN(4) == 0 {
		return w.primitive()
	}
	switch w.IntN(5) {
	case 0:
		return "not " + w.expression(depth-1)
	case 1:
		return "(" + w.expression(depth-1) + ")"
	default:
		return w.expression(depth-1) + w.pick(" and ", " or ", " && ", " || ") + w.expression(depth-1)
	}
}

func (w writer) primitive() string {
	address := w.pick("127.0.0.1", "10.0.0.1", "192.168.1.1", "224.0.0.251", "255.255.255.255", "::1", "ff02::fb", "fe80::1")
	port := w.pick("80", "53", "443", "22", "domain", "http", "0", "5060", "1024")
	switch w.IntN(9) {
	case 0:
		return w.pick("", "src ", "dst ", "src or dst ", "src and dst ") + w.pick("host ", "net ") + address + w.pick("", " or 10.0.0.2", " or not 127.0.0.1")
	case 1:
		return w.pick("", "tcp ", "udp ") + w.pick("", "src ", "dst ") + "port " + port + w.pick("", " or 8080", " or (123 or 161)", " and not 53")
	case 2:
		return w.pick("portrange 0-1023", "tcp portrange 80-443", "src portrange 1024-65535", "udp dst portrange 53-53")
	case 3:
		return w.pick("ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6", "igmp", "sctp", "esp", "pim", "stp", "ipx", "iso")
	case 4:
		return w.pick("vlan", "vlan 1", "mpls", "pppoes", "multicast", "broadcast", "ip multicast", "ip6 multicast", "ether host ff:ff:ff:ff:ff:ff")
	case 5:
		return w.pick("net 10.0.0.0/8", "net 192.168", "src net 172.16.0.0/12", "net fe80::/10", "dst net 224.0.0.0/4", "ip proto 17 or 6", "proto 58", "ether proto 0x86dd or 0x806")
	case 6:
		return w.pick("less ", "greater ") + w.pick("60", "100", "0x40", "1500")
	default:
		return w.sum(2) + w.pick(" = ", " != ", " > ", " < ", " >= ", " <= ") + w.sum(1)
	}
}

func (w writer) sum(depth int) string {
	if depth == 0 || w.IntN(3) == 0 {
		return w.pick("len", "ip[8]", "ip[2:2]", "tcp[13]", "tcp[0:2]", "udp[4:2]", "ip6[6]", "ether[12:2]", "ip[12:4]", "icmp[0]", "icmp6[0]",
			"1", "5", "64", "0x800", "100", "tcp[tcpflags]", "tcp-syn", "ip[ip[0] & 0xf]", "link[len - 20]", "arp[7]")
	}
	return w.pick("(", "") + w.sum(depth-1) + w.pick(" + ", " - ", " * ", " & ", " | ", " ^ ", " % ", " / ", " >> 2 + ", " << 1 | ") + w.sum(depth-1)
}

// balance closes what sum left open.
func balance(s string) string {
	return s + strings.Repeat(")", max(0, strings.Count(s, "(")-strings.Count(s, ")")))
}

// Whatever can be written must mean the same to libpcap, or be refused by both.
func TestRandomExpressionsAgree(t *testing.T) {
	const rounds = 150
	path, all := tcpdump(t), samples(t)
	// Which loads are left of a condition that contradicts itself is libpcap's secret.
	frames := keep(all[1], func(b []byte) bool { return len(b) >= 100 })
	file := writePcap(t, 1, frames)
	w := writer{rand.New(rand.NewPCG(3, 4))}
	for range rounds {
		expr := balance(w.expression(3))
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			p, err := filter.Compile(expr, 1, filter.Options{})
			j := compare(t, path, file, expr, p, frames)
			var fault *filter.Error
			switch {
			case err == nil && strings.Contains(j.refusal, "by zero"):
				// It takes the index of the divisor for the divisor.
			case err == nil && strings.Contains(j.refusal, "rejects all packets"):
				// It sees through more contradictions, but nothing may match.
				if wrong := differ(p, frames, nil); len(wrong) > 0 {
					t.Errorf("libpcap says that none can match, but %d frames do", len(wrong))
				}
			case err == nil:
				j.report(t, frames)
			case errors.As(err, &fault) && fault.Reason == "no packet can match":
				if j.matched > 0 {
					t.Errorf("refused as contradicting itself, but %d packets match", j.matched)
				}
			case j.refusal == "" && fault.Reason != "shift by more than 31 bits":
				t.Errorf("libpcap accepts it: %v", err)
			}
		})
	}
}
