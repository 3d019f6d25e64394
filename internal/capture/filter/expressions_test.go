package filter_test

import "slices"

// expressionsByLink are what is compared with libpcap: everything on Ethernet, and on
// the other link types what depends on them.
var expressionsByLink = map[uint16][]string{
	0:   onAny,
	1:   slices.Concat(onAny, withARP, onEthernet, addresses, ports, numbers, tags, arithmetic, logic),
	9:   slices.Concat(onAny, onPPP),
	101: slices.Concat(onAny, addresses),
	104: slices.Concat(onAny, withARP, []string{"mpls", "mpls and ip", "iso", "ether proto 0x2000"}),
	108: onAny,
	113: slices.Concat(onAny, withARP, onCooked, ports),
	228: {"ip", "tcp", "host 10.0.0.1", "tcp port 80", "ip[0] = 0x45", "less 60", "net 192.168.0.0/16", "not udp", "icmp[0] = 8", "port 53"},
	229: {"ip6", "tcp", "icmp6", "ip6[6] = 58", "udp port 53", "greater 60", "net fe80::/10", "not tcp", "icmp6[0] > 130", "src net 2001::/16"},
	276: slices.Concat(onAny, withARP, onCooked, []string{"ifindex 1", "ifindex 2 and ip", "not ifindex 0"}),
}

var onAny = []string{
	"", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "not ip", "ip or ip6", "tcp port 80", "port 53", "udp portrange 1-1023",
	"src net 10.0.0.0/8", "net 192.168.0.0/16", "host 127.0.0.1", "ip6 host ::1", "net fe80::/10", "tcp[tcpflags] & tcp-syn != 0",
	"ip[8] < 64", "udp[4:2] > 60", "icmp[0] = 8", "icmp6[0] = 128", "ip6[6] = 17", "less 80", "greater 100", "ip proto 17", "proto 6",
	"ip6 proto 58", "ip multicast", "ip6 multicast", "ether[0] = 0", "link[3] & 1 = 1", "not (tcp or udp)", "port not 53 and udp",
	"ip[6:2] & 0x3fff != 0", "tcp[12] >> 4 > 5", "len - 40 > ip[2:2]", "src port 53 or dst port 80",
}

var withARP = []string{
	"arp", "rarp", "host 10.0.0.1 or arp", "arp host 10.0.0.1", "arp net 192.168.0.0/16", "arp[6:2] = 1", "arp[7] = 2", "not arp", "ether proto 0x0806",
	`ether proto \ip`, `ether proto \arp`, `ether proto \ip6`, "rarp src host 10.0.0.1", "host 0.0.0.0", "pppoes", "pppoes and ip", "pppoed",
}

var onCooked = []string{
	"inbound", "outbound", "inbound and tcp", "not outbound", "atalk", "aarp", "ether[0:2] = 4", "ether[2:2] = 1 and arp", "tcp and inbound or udp and outbound",
}

var onPPP = []string{
	"mpls", "mpls and ip", "iso", "ipx", "stp", "atalk", "arp", "decnet", "ether proto 0xc021", "ether proto 0x8021", "ether[2:2] = 0x21", "link[0] = 0xff",
}

var onEthernet = []string{
	"ether host 00:00:00:00:00:01", "ether host ff:ff:ff:ff:ff:ff", "ether src ff:ff:ff:ff:ff:ff", "ether dst 01:00:5e:00:00:fb",
	"ether dst 333300000001", "ether src or dst 33:33:0:0:0:1", "ether src and dst host 0:0:0:0:0:0", "not ether dst ff-ff-ff-ff-ff-ff",
	"ether host 0100.5e00.00fb", "wlan host 01.00.5e.00.00.fb", "fddi src 00:00:00:00:00:00", "ether broadcast", "ether multicast", "broadcast", "multicast",
	"link multicast and not broadcast", "ether[0] & 1 != 0", "ether[12:2] > 1500", "ether[12:2] <= 1500", "ether[0:4] = 0xffffffff", "ether proto 0x88cc",
	"ether proto 0x86dd", "ether proto 0x8863", "ether proto 0", "ether proto 5", "ether proto 0x42", "ether proto 1500", "ether proto 1501", "ether proto 0x600",
	`ether proto \loopback`, `ether proto \rarp`, `ether proto \iso`, `ether proto \stp`, `ether proto \ipx`, `ether proto \netbeui`,
	`ether proto \atalk`, `ether proto \aarp`, `ether proto \decnet or \lat`, "iso", "stp", "ipx", "netbeui", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl",
	"not ipx and not stp and not ip", "atalk[0] = 0", "decnet[0] > 3", "lat[0] & 1 = 1", "rarp[6:2] = 3", "ppp[12:2] = 0x800",
	"ether host 00:00:00:00:00:01 or 00:00:00:00:00:02", "ether dst not ff:ff:ff:ff:ff:ff",
}

var addresses = []string{
	"host 10.0.0.1", "host 192.168.1.1", "src host 192.168.1.1", "dst host 192.168.1.1", "src 192.168.1.1", "dst 192.168.1.1",
	"src or dst host 192.168.1.1", "src and dst host 127.0.0.1", "src and dst net 127.0.0.0/8", "dst or src net 10", "dst and src net 192.168",
	"ip host 192.168.1.1", "ip src 127.0.0.1", "ip dst host 255.255.255.255", "net 10", "net 172.16", "net 192.168.1", "net 192.168.1.1", "host 10.1", "host 192.168",
	"net 0", "host 5", "net 172.16.0.0/12", "src net 172.16.0.0/12", "dst net 224.0.0.0/4", "net 10.0.0.0 mask 255.0.0.0", "net 192.168.1.0 mask 255.255.255.0",
	"net 10.0.0.1 mask 255.0.0.255", "ip net 10.0.0.0/8", "net 0.0.0.0/0", "net 128.0.0.0/1", "net 192.168.1.128/25", "src net 0.0.0.0/0 and not net 10.0.0.0/8",
	"host 192.168.1.1 or 192.168.1.2 or 10.0.0.1", "host 192.168.1.1 and not 192.168.1.2", "net 10.0.0.0/9 or 10.128.0.0/9", "host (127.0.0.1 or 10.0.0.1)",
	"src (127.0.0.1 or 10.0.0.1)", "not host 127.0.0.1", "host not 127.0.0.1", "host ::1", "src host ::1", "ip6 src fe80::1", "dst host ff02::fb", "dst net ff02::/16", "net ff00::/8",
	"net ::/0", "net ::1", "net ::1/128", "host ::1/128", "src net fe80::/64", "net 2001::/16", "net 2001:db8::/32", "ip6 net 2001:db8::/33", "net 2000::/3",
	"host ::ffff:1.2.3.4", "not net fe80::/10 and ip6", "host 2001:db8::1 or 127.0.0.1", "net 8000::/1", "net fe80::/127", "src and dst net fe80::/10",
	"dst host ff02::1 or ff02::2 or ff02::16",
}

var ports = []string{
	"port 80", "src port 80", "dst port 80", "tcp port 443", "udp port 53", "sctp port 5060", "sctp", "port 80 or 443", "tcp port 80 or 443 or 8080", "not port 80",
	"port not 80", "tcp src port 80", "tcp dst port 80", "tcp src or dst port 80", "tcp src and dst port 80", "udp src and dst port 53", "port domain", "port http",
	"tcp port http", "udp port domain", "tcp dst port ftp or ftp-data or domain", "port https or ssh", "port 0", "port 65535", "port 0x35", "port 065", "portrange 1-1023",
	"portrange 1024-65535", "src portrange 50000-60000", "tcp dst portrange 80-443", "portrange 90-80", "portrange 80", "portrange 22-telnet",
	"portrange http-https", "udp portrange 53-123", "portrange 6000-6063 or 80-88", "port 80 and host 127.0.0.1", "port 53 and not udp", "tcp and port 53", "port (80 or 443)",
	"port not (80 or 443)", "tcp port 80 and not src port 80", "port 80 or (443 or 8080)", "not (port 80 or port 443) and tcp", "portrange 0-0", "portrange 0-65535",
	"port tcp-syn", "src port 0 or 1", "dst port 53 and src port not 53", "port snmp or snmp-trap", "port bootps or bootpc",
}

var numbers = []string{
	"ip proto 6", `ip proto \tcp`, `ip proto \udp or \icmp`, "ip proto 6 or 17", "ip proto 1", `proto \sctp`, `proto \igmp`, `proto gre`, "proto 47", "ip6 proto 6", "ip6 proto 0", "ip6 proto 44",
	`ip6 proto \ipv6-icmp`, `ip6 proto ipv6-icmp`, "proto 58", "ip proto 0", "ip proto 255", "igmp", "igrp", "pim", "ah", "esp", "vrrp", "carp", "not proto 6", "ip proto not 6",
	"ip and not tcp and not udp and not icmp", "ip6 and not tcp and not udp and not icmp6", "proto 41 or 4", "ip proto ospf", "proto (50 or 51)",
}

var tags = []string{
	"vlan", "vlan 1", "vlan 100", "vlan 4095", "vlan 0", "vlan (32)", "vlan 0x20", "not vlan", "vlan and ip", "vlan and tcp", "vlan and tcp port 80", "vlan and arp", "vlan and ip6",
	"vlan and vlan", "vlan and vlan and ip", "vlan and vlan 100", "vlan and vlan and udp", "vlan and ether[12:2] = 0x8100", "vlan and ether host ff:ff:ff:ff:ff:ff",
	"vlan and host 192.168.1.1", "vlan and not ip", "vlan and ip[8] > 63", "vlan and tcp[13] & 2 != 0", "ip or vlan and ip", "ip or (vlan and ip)", "vlan and ip or ip",
	"vlan or ip", "(vlan) and ip", "not vlan and ip", "tcp or vlan and tcp or vlan and tcp", "vlan and stp", "vlan and multicast", "vlan and len > 100", "vlan and port 53",
	"vlan and icmp6[0] = 135", "vlan and net fe80::/10", "vlan and ipx", "vlan and pppoes", "vlan and pppoes and ip", "vlan and mpls", "vlan and mpls and ip",
	"mpls", "mpls 0", "mpls 16", "mpls 100000", "mpls 1048575", "not mpls", "mpls and ip", "mpls and ip6", "mpls and mpls", "mpls and mpls and ip", "mpls and mpls and mpls",
	"mpls and tcp", "mpls and udp", "mpls and icmp", "mpls and host 10.0.0.1", "mpls and net 10.0.0.0/8", "mpls and port 53", "mpls and ip[8] > 1", "mpls and tcp[13] & 2 != 0",
	"mpls and net ::/0", "mpls and not ip", "mpls and icmp6", "mpls and src net 0.0.0.0/0", "mpls and ether[0] & 1 = 0", "mpls 16 or mpls 17", "mpls and greater 60",
	"pppoes", "pppoes 1", "pppoes 0x10", "pppoed", "pppoes and ip", "pppoes and ip6", "pppoes and tcp", "pppoes and tcp port 80", "pppoes and not ip", "pppoes and udp port 53", "pppoes and ether[0] = 0",
	"pppoes and ether[0:2] = 0xc021", "pppoes and host 10.0.0.1", "pppoes and ether proto 0xc021", "pppoes and iso", "pppoed or pppoes", "pppoes and pppoes", "pppoes and mpls",
	"pppoes and arp", "ip or pppoes and ip", "pppoes and ip[0] = 0x45", "pppoes and icmp6", "not pppoes",
}

var arithmetic = []string{
	"ip[0] & 0xf != 5", "ip[0] & 0xf = 5", "ip[0] = 0x45", "ip[0] >> 4 = 4", "ip[1] != 0", "ip[2:2] > 576", "ip[2:2] < 60", "ip[2:2] <= 0x3c", "ip[2:2] >= 1500", "ip[8] = 1", "ip[8] == 255",
	"ip[9] = 17", "ip[9] != 6 and ip", "ip[6:2] & 0x1fff = 0", "ip[6:2] & 0x2000 != 0", "ip[6] & 0x40 = 0x40", "ip[12:4] = 0x7f000001", "ip[16] >= 224", "ip[16] & 0xf0 = 0xe0",
	"tcp[13] & 2 != 0", "tcp[13] = 2", "tcp[13] = 18", "tcp[tcpflags] = tcp-syn", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[tcpflags] & (tcp-syn|tcp-ack) = (tcp-syn|tcp-ack)",
	"tcp[tcpflags] & tcp-rst != 0", "tcp[tcpflags] & tcp-push != 0 and not port 80", "tcp[tcpflags] & (tcp-urg|tcp-ece|tcp-cwr) != 0", "tcp[tcpflags] & tcp-ack = 0",
	"tcp[0:2] = 80", "tcp[2:2] < 1024", "tcp[12] & 0xf0 > 0x50", "tcp[14:2] = 0", "tcp[4:4] = 0", "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "tcp[((tcp[12:1] & 0xf0) >> 2):2] = 0x4854",
	"tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)", "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) > 0",
	"udp[0:2] = 53", "udp[4:2] > 100", "udp[4:2] = len - 34", "udp[10] & 0x80 = 0", "udp[8:4] = 0", "sctp[0:2] > 1000", "sctp[12] = 1", "icmp[0] = 8", "icmp[icmptype] = icmp-echo",
	"icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply", "icmp[icmptype] = icmp-unreach and icmp[icmpcode] = 3", "icmp6[icmp6type] = icmp6-neighborsolicit",
	"icmp6[icmp6type] = icmp6-routeradvert or icmp6[icmp6type] = icmp6-routersolicit", "icmp6[icmp6code] = 0", "ip6[0] >> 4 = 6", "ip6[6] = 0", "ip6[7] = 255", "ip6[4:2] > 100",
	"ip6[6] = 58 and ip6[40] = 135", "ip6[40:4] != 0", "igmp[0] = 0x16", "pim[0] & 0xf = 0", "vrrp[0] = 0x21", "arp[6:2] = 2", "arp[14:4] = arp[24:4]", "arp[0:2] = 1 and arp[2:2] = 0x800",
	"len > 100", "len < 100", "len >= 60", "len <= 60", "len = 60", "len == 42", "len != 60", "length > 1000", "greater 1000", "less 64", "100 < len", "60 = len", "1000 >= len", "60 != len", "len & 1 = 1",
	"len % 2 = 0", "len / 2 > 50", "len * 2 > 200", "len + 10 > 100", "len - 10 > 100", "len | 1 = 61", "len ^ 1 = 61", "len << 1 > 120", "len >> 1 > 30", "-len < 0", "0 - len > 100", "- len > 0xffffff00",
	"len = 10 - 3 % 4 - 1 + 50", "len - 2 * 7 % 4 > 54", "len + 7 % 4 * 2 > 60", "len ^ 3 + 1 > 60", "len = 40 | 20 & 28", "len = 40 + 20 << 0", "5 = 5", "5 != 6", "(len) = 60", "((len) + 1) = 61", "(5) < len",
	"ip[ip[0] & 0xf] = 1", "ip[(ip[0] & 0xf) * 4] = 8", "ip[len - 1] = 0", "ether[len - 1] = 0", "ether[len - 20:4] != 0", "tcp[len - 60] > 0", "ip[2:2] = len - 14", "ip[2:2] + 14 < len", "len - 14 - ip[2:2] > 0",
	"ip[100] = ip[101]", "tcp[20] = 0", "udp[100:4] > 0x100", "ip[0] / ip[1] = 2", "ip[0] % ip[8] = 5", "not ip[0] / ip[1] = 2", "len / (len - 60) = 1", "ip[8] << ip[9] > 10", "ip[12:4] >> ip[8] = 0", "tcp[-1] = 0", "tcp[len - len - 20] = 0x45", "ip[len - 1000] = 0", "ip[len - len - 2:2] = 0x800",
	"ip[-2:2] = 0x800", "ip[0] + tcp[0] = 5", "tcp[0] + ip[0] > 69", "ip[8] * 2 + ip[9] * 3 - (ip[1] + 4) / 2 > 100", "(ip[8] + (ip[9] + (ip[1] + (ip[0] + len)))) & 1 = 0", "ether[6:4] & 0xffffff00 = 0", "ip[12:4] & 0xff000000 = 0x0a000000",
	"ip[12:4] = ip[16:4]", "ip[12:4] > ip[16:4]", "ip[12:4] <= ip[16:4] and udp", "ip[8] & ip[9] & 1 = 1", "icmp[4:2] = icmp[6:2]", "ip6[8:4] = ip6[24:4]", "icmp6[0] + icmp6[1] > 130", "ether[0] = ether[6]",
}

var logic = []string{
	"tcp and ip", "tcp && ip", "tcp or udp", "tcp || udp", "not tcp", "! tcp", "!tcp", "! not tcp", "!(tcp || udp)", "not (not (tcp))", "tcp and not port 80 or udp", "tcp or udp and port 53", "(tcp or udp) and port 53", "tcp or (udp and port 53)",
	"tcp and port 80 or udp and port 53 or icmp", "not tcp and not udp", "not tcp or udp", "ip and ip", "tcp and (port 80 or port 443) and not host 127.0.0.1", "host 127.0.0.1 and not port 80 and not port 443",
	"host 127.0.0.1 and (port 80 or 443)", "host 127.0.0.1 and not (10.0.0.1 or 10.0.0.2)", "net 10.0.0.0/8 and not 10.1.0.0/16 and not 10.2.0.0/16", "port 80 or host 127.0.0.1 or 10.0.0.1", "arp or icmp or icmp6", "ip or not ip",
	"tcp or not tcp", "not (ip and tcp) and not (ip6 and udp)", "(tcp)", "((tcp))", "(((port 80)) or (port 443))", "ip and tcp and port 80 and src port 80", "tcp port 80 and tcp port 80", "tcp port 80 or tcp port 80", "ip host 127.0.0.1 and ip6 or ip",
	"tcp port 22 or tcp port 23 or tcp port 25 or udp port 53 or udp port 123 or icmp", "(ip and not tcp) or (ip6 and not udp) or arp", "not arp and not (ether multicast)", "less 100 and greater 60", "not less 100", "host 127.0.0.1 or not port 80 and not (udp or icmp)",
	"(src host 127.0.0.1 and dst port 80) or (dst host 127.0.0.1 and src port 80)", "tcp[13] & 2 != 0 and tcp[13] & 16 = 0", "not tcp[13] & 2 != 0", "not ip[8] = 64", "not (ip[100:4] = 0)", "not ether[500] = 0", "len > 60 or ether[100] = 0", "icmp or ip[40] = 0", "not icmp[40] = 0 and not ip6",
	"host 1.1.1.1 or 1.1.1.2 or 1.1.1.3 or 1.1.1.4 or 1.1.1.5 or 1.1.1.6 or 1.1.1.7 or 1.1.1.8 or 1.1.1.9 or 1.1.1.10 or 1.1.1.11 or 1.1.1.12 or 1.1.1.13 or 1.1.1.14 or 1.1.1.15 or 1.1.1.16 or 1.1.1.17 or 1.1.1.18 or 1.1.1.19 or 1.1.1.20 or 127.0.0.1",
	"tcp and not (port 1 or 2 or 3 or 4 or 5 or 6 or 7 or 8 or 9 or 10 or 11 or 12 or 13 or 14 or 15 or 16 or 17 or 18 or 19 or 20 or 21 or 22 or 23 or 24 or 25 or 26 or 27 or 28 or 29 or 30 or 31 or 32 or 33 or 34 or 35 or 36 or 37 or 38 or 39 or 40 or 80)",
}
