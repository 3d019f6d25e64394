package filter_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture/filter"
)

// Positions are marked with ^ under the expression, as the command line shows them.
func TestErrorPositions(t *testing.T) {
	for _, c := range []struct{ expr, caret, found, reason, remedy string }{
		{"tcp port", "        ^", "", "expected a value", "write an address"},
		{"tcp port nosuch", "         ^", "nosuch", `unknown service "nosuch"`, "write the port's number"},
		{"port 80-90", "     ^", "80-90", `unknown service "80-90"`, "portrange"},
		{"port 80 or 70000", "           ^", "70000", "no port", "65535"},
		{"udp port http", "         ^", "http", "service of tcp", "number"},
		{"host www.example.org", "     ^", "www.example.org", "names are not looked up", "address"},
		{"host 10.0.0.300", "     ^", "10.0.0.300", "no IPv4 address", "0 to 255"},
		{"host 10.0.0.010", "     ^", "10.0.0.010", "no IPv4 address", "without leading zeros"},
		{"net 10.0.0.1/8", "    ^", "10.0.0.1", "bits behind its prefix", "write 10.0.0.0"},
		{"net 2001:db8::1/32", "    ^", "2001:db8::1", "bits behind its prefix", "write 2001:db8::"},
		{"net 10/8", "      ^", "/", "prefix length after a single number", "10.0.0.0/8"},
		{"net 10.0.0.0/33", "             ^", "33", "no prefix length", "0 to 32"},
		{"host 10.0.0.0/8", "     ^", "10.0.0.0", "network where an address", "write net"},
		{"ip6 host 10.0.0.1", "         ^", "10.0.0.1", "IPv4 address after ip6", "IPv6"},
		{"tcp host 10.0.0.1", "         ^", "10.0.0.1", "tcp packets are not found by address", "and"},
		{"host 1:2:3:4:5:6", "     ^", "1:2:3:4:5:6", "Ethernet address", "ether host"},
		{"host 1:2:3", "     ^", "1:2:3", "neither an IPv6 nor an Ethernet address", "2001:db8::1"},
		{"ip proto tcp", "         ^", "tcp", "expected a value", `ip proto \tcp`},
		{"tcp and udp or 443", "               ^", "443", "value without a keyword", "port"},
		{"tcp udp", "    ^", "udp", "unexpected here", "and"},
		{"tcp and (udp or icmp", "                    ^", "", "unexpected here", "write )"},
		{"tcp[13 & 2 != 0", "           ^", "!=", "unexpected here", "write ]"},
		{"tcp[0:3] = 1", "      ^", "3", "size of a load", "1, 2 or 4"},
		{"tcp[13]", "       ^", "", "expected a comparison", "!="},
		{"len / 0 = 1", "      ^", "0", "division by zero", ""},
		{"len << 32 = 1", "       ^", "32", "shift by more than 31 bits", ""},
		{"ether[-1] = 0", "^", "ether", "offset before or beyond", "0 on"},
		{"vlan 5000", "     ^", "5000", "too large", "4095"},
		{"mpls and vlan", "         ^", "vlan", "no VLAN tag behind MPLS", "vlan before mpls"},
		{"inbound", "^", "inbound", "does not tell the direction", "capture live"},
		{"ip broadcast", "   ^", "broadcast", "mask is not known", "255.255.255.255"},
		{"tcp or gateway foo", "       ^", "gateway", "nothing is looked up", ""},
		{"ip protochain 6", "   ^", "protochain", "loop", ""},
		{"tcp or llc", "       ^", "llc", "802.2", ""},
		{"tcp; udp", "   ^", ";", "means nothing", ""},
		{"port 080", "     ^", "080", "octal", "0x"},
		{"arp and ip", "^", "arp and ip", "no packet can match", "contradicts"},
		{strings.Repeat("(", 300) + "tcp", strings.Repeat(" ", 200) + "^", "(", "nested too deep", "fewer"},
		{"len = 1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+len)))))))))))))))", "                                                    ^", "+", "intermediate results", "left"},
		{"port 1" + strings.Repeat(" or port 1", 7000), strings.Repeat(" ", 65536) + "^", "", "too long", "65536"},
	} {
		_, err := filter.Compile(c.expr, 1, filter.Options{})
		fault, ok := err.(*filter.Error) //nolint:errorlint // it is documented to be one
		if !ok {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if diff := cmp.Diff(c.caret, strings.Repeat(" ", fault.Offset)+"^"); diff != "" {
			t.Errorf("%s: position (-want +got):\n%s", c.expr, diff)
		}
		if fault.Found != c.found || !strings.Contains(fault.Reason, c.reason) || !strings.Contains(fault.Remedy, c.remedy) {
			t.Errorf("%s: %#v", c.expr, fault)
		}
	}
}

// What a link type cannot tell is refused, and what needs no link layer works on any.
func TestLinkTypes(t *testing.T) {
	for _, c := range []struct {
		linkType uint16
		kernel   bool
		expr     string
		reason   string
	}{
		{105, false, "", ""},
		{105, false, "len > 100 and ether[0] = 0x80 or less 60", ""},
		{105, false, "ip", "link type 105"},
		{127, false, "tcp port 80", "link type 127"},
		{105, false, "ether host 1:2:3:4:5:6", "Ethernet addresses"},
		{101, false, "vlan", "no VLAN tags"},
		{113, false, "vlan", "no VLAN tags"},
		{113, false, "mpls", "no MPLS labels"},
		{101, false, "broadcast", "without broadcast"},
		{101, false, "arp", "no packet can match"},
		{228, false, "ip6", "no packet can match"},
		{228, false, "ip", ""},
		{113, false, "inbound", ""},
		{276, false, "ifindex 2", ""},
		{113, false, "ifindex 2", "does not tell the interface"},
		{101, false, "outbound", "does not tell the direction"},
		{101, true, "outbound and ifindex 5", ""},
		{1, true, "inbound and vlan 5", ""},
		{113, true, "ip", "no cooked link header"},
	} {
		_, err := filter.Compile(c.expr, c.linkType, filter.Options{Kernel: c.kernel})
		if c.reason == "" && err != nil || c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("link type %d, %q: %v, want %q", c.linkType, c.expr, err, c.reason)
		}
	}
}
