package filter_test

import (
	"errors"
	"strings"
	"testing"

	"netflow-monitor/internal/capture/filter"
)

// refusedByBoth are no expressions for libpcap either.
var refusedByBoth = []string{
	"1.2.3.4", "80", "5", "len", "ip[0]", "(", ")", "()", "not", "and", "tcp and", "and tcp", "tcp and && udp", "tcp udp", "tcp = 5", "tcp & udp", "tcp port", "port", "host", "net", "src", "dst port",
	"src or port 80", "src and src port 80", "src proto 6", "tcp 80", "ip 10.0.0.1", "port 80 or", "port 80 80", "port 80 and tcp or 443", "port 80 and (tcp or 443)", "(port 80) or 443", "tcp or 80", "vlan 5 or 6",
	"TCP", "Port 80", "@", "#", "tcp;udp", "tcp, udp", "a", "a b", `\`, `\tcp`, "$1", "port = 80", "port 80-90", "port 70000", "port 080", "port 1.2.3", "port ::1", "port nosuchservice", "portrange 80-",
	"portrange 0-65536", "portrange ftp-data-25", "portrange 1 - 2", "udp port http", "tcp port ntp", "sctp port ssh", "icmp port 80", "ip port 80", "ip6 port 80", "ether port 80", "arp port 80",
	"host 300.1.1.1", "host 1.2.3.4.5", "host 10..1", "host 10.0.0.0/8", "src 10.0.0.0/8", "host 10.0.0.0 mask 255.0.0.0", "net 10/8", "net 10.0.0.0/33", "net 10.1.0.0/255", "net 10.0.0.0/",
	"net 10.0.0.1/8", "net 10.0.0.0 mask 8", "net 10 mask 255.0.0.0", "net 10.0.0.1 mask 255.0.0.0", "net 2001:db8::1/32", "net ::/129", "host ::/64", "host 1::2::3", "ip host ::1", "ip6 host 1.2.3.4", "arp host ::1",
	"tcp host 10.0.0.1", "tcp net 10.0.0.0/8", "icmp src 10.0.0.1", "ether host 10.0.0.1", "ether net 10.0.0.0/8", "host 1:2:3:4:5:6", "src 1:2:3:4:5:6", "ip host 1:2:3:4:5:6", "ether 1:2:3:4:5:6", "ether host 1:2:3:4:5", "net 0x0a.1", "proto 1.2", "ip[8] = 256 and ip[8] = 1", "ether",
	"ether proto ip", "ether proto foo", `ether proto \tcp`, "ip proto tcp", "ip proto nosuch", "proto tcp", "proto", "tcp proto 6", "ether proto", "icmp proto 1", "arp proto 5", "ip6 broadcast", "tcp broadcast", "arp multicast", "tcp multicast",
	"vlan 4096", "vlan foo", "mpls 1048576", "pppoes 65536", "mpls and vlan", "mpls and arp", "mpls and pppoes", "pppoes and vlan", "pppoes and ether host 1:2:3:4:5:6", "pppoes and broadcast", "inbound", "outbound", "ifindex 1", "ifindex",
	"less", "less tcp", "less (64)", "greater x", "tcp[", "tcp[]", "tcp[0", "tcp[0:2", "tcp[0:3] = 1", "tcp[0:0] = 1", "tcp[0:len] = 1", "tcp[0] =", "tcp[0] = = 1", "= 5", "tcp[0] + = 5", "tcp[0] = 1 = 1", "ah[0] = 1", "esp[0] = 1", "iso[0] = 1", "aarp[0] = 1",
	"host[0] = 1", "radio[0] = 1", "len-5 = 3", "len / 0 = 1", "len % 0 = 1", "len << 32 = 1", "len >> 33 = 1", "len / (1 - 1) = 1", "0x100000000 = 1", "4294967296 = len", "len = 08", "ip[8] >> 30 + 2 = 0", "mpls and ip[0] + arp[0] = 1", "icmpv6", "ipv6", "dns", "tcp[13] & tcp-foo != 0", "gateway foo", "type data",
	"ip and arp", "5 = 6", "arp and tcp", "tcp and udp and ip6 and ip", "ip and vlan", "ip proto 6 and ip proto 17", "not ip and tcp and not ip6", "ip and not net 0.0.0.0/0", "port http or nosuch", "on eth0", "rnr 5", "fisu", "lane", "vpi 5",
	"((((((tcp", "tcp))", "not (", "ip[(0]) = 1", "ip[0)] = 1", "[0] = 1", "tcp[0:2:3] = 1", "1 + 2", "(1 + 2)", "(1 + 2) and tcp", "- 5", "tcp !", "! and tcp", "tcp or || udp", "tcp not udp", "host 10.0.0.1 10.0.0.2", "port ftp or ssh or foo",
}

// refusedHere are expressions that libpcap takes, and why they are refused.
var refusedHere = map[string]string{
	"ip broadcast":          "the mask of a file's network is not known; tcpdump takes 0.0.0.0 for it",
	"geneve":                "not built",
	"geneve 5 and ip":       "not built",
	"llc":                   "not built",
	"llc u":                 "not built",
	"isis":                  "not built",
	"clnp":                  "not built",
	"esis or l1":            "not built",
	"ip protochain 6":       "needs a loop, which the kernel refuses",
	"ip6 protochain 58":     "needs a loop, which the kernel refuses",
	"protochain 6":          "needs a loop, which the kernel refuses",
	"byte 0 = 5":            "not documented; ether[0] = 5 says the same",
	"decnet host 10.1":      "not built",
	"host 010.0.0.1":        "decimal or octal depends on whom one asks",
	"portrange 1-2-3":       "two dashes; libpcap ignores what follows the second",
	"portrange 010-020":     "decimal or octal depends on whom one asks",
	"ip proto 300":          "no protocol has such a number, so nothing matches",
	"proto 256":             "no protocol has such a number, so nothing matches",
	"ether proto 0x10000":   "no EtherType has such a number, so nothing matches",
	"ether[0xfffffff0] = 1": "in the kernel it would be a question about the packet",
	"ether[-1] = 0":         "in the kernel it would be a question about the packet",
	"tcp[-20] = 0x45":       "libpcap rejects every packet for it, the kernel does not",
	"port kerberos4":        "not among the built-in services",
	"proto mptcp":           "its number is above 255",
}

// acceptedHere are expressions that libpcap refuses, and why it is wrong.
var acceptedHere = map[string]string{
	"len % ip[0] = 0":    "it takes the index 0 for the divisor",
	"len / tcp[0:2] > 5": "it takes the index 0 for the divisor",
	"len << ip[40] = 0":  "it takes the index 40 for the shift",
}

func TestAcceptsWhatLibpcapAccepts(t *testing.T) {
	path := tcpdump(t)
	file := writePcap(t, 1, nil)
	for _, expr := range refusedByBoth {
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			if _, refusal := judge(t, path, file, "-n", expr); refusal == "" {
				t.Error("libpcap accepts it")
			}
			checkRefused(t, expr)
		})
	}
	for expr, reason := range refusedHere {
		t.Run(expr, func(t *testing.T) {
			t.Parallel()
			if _, refusal := judge(t, path, file, "-n", expr); refusal != "" {
				t.Errorf("libpcap refuses it too: %s(%s)", refusal, reason)
			}
			checkRefused(t, expr)
		})
	}
}

func TestAcceptsMoreThanLibpcap(t *testing.T) {
	path := tcpdump(t)
	file := writePcap(t, 1, nil)
	for expr, reason := range acceptedHere {
		if _, refusal := judge(t, path, file, "-n", expr); refusal == "" {
			t.Errorf("%s: libpcap accepts it (%s)", expr, reason)
		}
		if _, err := filter.Compile(expr, 1, filter.Options{}); err != nil {
			t.Error(err)
		}
	}
}

// checkRefused wants an error that points into the expression and helps.
func checkRefused(t *testing.T, expr string) {
	t.Helper()
	_, err := filter.Compile(expr, 1, filter.Options{})
	var fault *filter.Error
	if !errors.As(err, &fault) {
		t.Fatalf("compiled; error %v", err)
	}
	if fault.Offset < 0 || fault.Offset > len(expr) || !strings.HasPrefix(expr[fault.Offset:], fault.Found) {
		t.Errorf("byte %d does not begin with %q", fault.Offset, fault.Found)
	}
	if fault.Reason == "" || fault.Remedy == "" {
		t.Errorf("no help: %v", err)
	}
}
