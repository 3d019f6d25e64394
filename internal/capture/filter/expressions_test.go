package filter_test

// expressionsByLink are what is compared with libpcap: everything on Ethernet, and on
// the other link types what depends on them.
var expressionsByLink = map[uint16][]string{
	1:   onEthernet,
	0:   onLoopback,
	108: onLoopback,
	9:   onAny,
	101: onRaw,
	104: onAny,
	113: onCooked,
	228: {"ip", "tcp", "host 10.0.0.1", "tcp port 80", "ip[0] = 0x45", "less 60"},
	229: {"ip6", "tcp", "icmp6", "ip6[6] = 58", "udp port 53", "greater 60"},
	276: onCooked,
}

var onAny = []string{
	"", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "not ip", "ip or ip6", "tcp port 80", "port 53", "udp portrange 1-1023",
	"src net 10.0.0.0/8", "net 192.168.0.0/16", "host 127.0.0.1", "ip6 host ::1", "net fe80::/10", "tcp[tcpflags] & tcp-syn != 0", "ip[8] < 64",
	"udp[4:2] > 60", "icmp[0] = 8", "icmp6[0] = 128", "ip6[6] = 17", "less 80", "greater 100", "ip proto 17", "proto 6", "ip6 proto 58",
	"ip multicast", "ip6 multicast", "ether[0] = 0", "link[3] & 1 = 1", "not (tcp or udp)", "port not 53 and udp", "ip[6:2] & 0x3fff != 0",
	"tcp[12] >> 4 > 5", "len - 40 > ip[2:2]", "src port 53 or dst port 80",
}

var (
	onRaw      = onAny
	onLoopback = onAny
	onCooked   = append([]string{
		"arp", "rarp", "host 10.0.0.1 or arp", "inbound", "outbound", "inbound and tcp", "not outbound", "ether proto 0x0806", "ether proto \\ip", "atalk",
		"aarp", "ether[0:2] = 4", "arp[6:2] = 1", "pppoes", "pppoes and ip",
	}, onAny...)
)
var onEthernet = append([]string{"arp", "vlan", "vlan and ip", "mpls", "pppoes"}, onAny...)
