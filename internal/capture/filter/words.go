package filter

// keywords are the reserved words and what they are short for. The same words are
// reserved in libpcap: to use one as a name it takes a backslash.
var keywords = reserve(
	"and", "or", "not", "src", "dst", "host", "net", "mask", "port", "portrange", "proto", "less", "greater",
	"broadcast", "multicast", "inbound", "outbound", "ifindex", "len", "vlan", "mpls", "pppoed", "pppoes",
)

func reserve(words ...string) map[string]string {
	all := map[string]string{
		"length": "len",
		"link":   "ether", "fddi": "ether", "tr": "ether", "wlan": "ether", "ppp": "ether", "slip": "ether",
	}
	for _, word := range words {
		all[word] = word
	}
	for word := range protocols {
		all[word] = word
	}
	for word := range unsupported {
		all[word] = word
	}
	return all
}

// unsupported are the words of libpcap's language that are refused, by what they are about.
var unsupported = func() map[string]string {
	all := map[string]string{}
	for reason, words := range map[string][]string{
		"gateway needs the names of hosts, and nothing is looked up": {"gateway"},
		"a chain of headers takes a loop, which the kernel refuses":  {"protochain"},
		"tests of single bytes have another form":                    {"byte"},
		"Geneve tunnels cannot be filtered":                          {"geneve"},
		"802.2 frame types cannot be filtered":                       {"llc"},
		"OSI protocols cannot be filtered":                           {"clnp", "esis", "es-is", "isis", "is-is", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp"},
		"802.11 headers cannot be filtered": {
			"addr1", "address1", "addr2", "address2", "addr3", "address3", "addr4", "address4", "ra", "ta", "type", "subtype", "dir", "direction", "radio",
		},
		"ATM cannot be filtered": {
			"lane", "metac", "bcc", "oam", "oamf4", "oamf4ec", "oamf4sc", "sc", "ilmic", "vpi", "vci", "connectmsg", "metaconnect",
		},
		"PF logs cannot be filtered": {"on", "ifname", "rset", "ruleset", "rnr", "rulenum", "srnr", "subrulenum", "reason", "action"},
		"SS7 cannot be filtered": {
			"fisu", "lssu", "lsu", "msu", "hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc", "hsls",
		},
	} {
		for _, word := range words {
			all[word] = reason
		}
	}
	return all
}()

// constants are the names of offsets and values in headers.
var constants = map[string]uint32{
	"tcpflags": 13,
	"tcp-fin":  0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08,
	"tcp-ack": 0x10, "tcp-urg": 0x20, "tcp-ece": 0x40, "tcp-cwr": 0x80,

	"icmptype": 0, "icmpcode": 1,
	"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8,
	"icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13,
	"icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,

	"icmp6type": 0, "icmp6code": 1,
	"icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
	"icmp6-echo": 128, "icmp6-echoreply": 129,
	"icmp6-multicastlistenerquery": 130, "icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132,
	"icmp6-routersolicit": 133, "icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136,
	"icmp6-redirect": 137, "icmp6-routerrenum": 138, "icmp6-nodeinformationquery": 139, "icmp6-nodeinformationresponse": 140,
	"icmp6-ineighbordiscoverysolicit": 141, "icmp6-ineighbordiscoveryadvert": 142, "icmp6-multicastlistenerreportv2": 143,
	"icmp6-homeagentdiscoveryrequest": 144, "icmp6-homeagentdiscoveryreply": 145,
	"icmp6-mobileprefixsolicit": 146, "icmp6-mobileprefixadvert": 147, "icmp6-certpathsolicit": 148, "icmp6-certpathadvert": 149,
	"icmp6-multicastrouteradvert": 151, "icmp6-multicastroutersolicit": 152, "icmp6-multicastrouterterm": 153,
}

// linkProtocols are the names after "ether proto".
var linkProtocols = map[string]uint32{
	"ip": etherIPv4, "ip6": etherIPv6, "arp": etherARP, "rarp": etherRARP, "atalk": etherAppleTalk, "aarp": etherAppleARP,
	"decnet": 0x6003, "lat": 0x6004, "mopdl": 0x6001, "moprc": 0x6002, "sca": 0x6007, "loopback": 0x9000,
	"iso": sapOSI, "stp": sapSTP, "ipx": sapIPX, "netbeui": sapNetBEUI,
}

// ipProtocols are the names after "ip proto", "ip6 proto" and "proto": those of Debian's
// /etc/protocols, so that a filter means the same on every machine.
var ipProtocols = map[string]uint32{
	"ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9, "pup": 12,
	"udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37, "idpr-cmtp": 38,
	"ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "skip": 57,
	"ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93,
	"ipip": 94, "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132,
	"fc": 133, "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140, "wesp": 141,
	"rohc": 142, "ethernet": 143,
}

// service is a port's name; it stands for one protocol or, as libpcap has it, for every
// protocol that has ports.
type service struct {
	port  uint16
	proto *protocol // nil: every
}

// services are the usual names of Debian's /etc/services, with their aliases. They are
// built in, so that a filter means the same on every machine.
var services = func() map[string]service {
	all := map[string]service{}
	for proto, names := range map[string]map[string]uint16{
		"": {
			"echo": 7, "discard": 9, "daytime": 13, "chargen": 19, "time": 37, "tacacs": 49, "domain": 53, "kerberos": 88,
			"sunrpc": 111, "portmapper": 111, "snmp": 161, "snmp-trap": 162, "snmptrap": 162, "ldap": 389, "svrloc": 427,
			"https": 443, "kpasswd": 464, "rtsp": 554, "ldaps": 636, "ldp": 646, "domain-s": 853, "openvpn": 1194,
			"radius": 1812, "radius-acct": 1813, "nfs": 2049, "sip": 5060, "sip-tls": 5061,
		},
		"tcp": {
			"systat": 11, "netstat": 15, "qotd": 17, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "mail": 25,
			"whois": 43, "gopher": 70, "finger": 79, "http": 80, "www": 80, "iso-tsap": 102, "pop3": 110, "pop-3": 110,
			"auth": 113, "ident": 113, "nntp": 119, "epmap": 135, "netbios-ssn": 139, "imap2": 143, "imap": 143, "bgp": 179,
			"microsoft-ds": 445, "submissions": 465, "smtps": 465, "exec": 512, "login": 513, "shell": 514, "printer": 515,
			"uucp": 540, "nntps": 563, "submission": 587, "ipp": 631, "rsync": 873, "ftps-data": 989, "ftps": 990, "telnets": 992,
			"imaps": 993, "pop3s": 995, "socks": 1080, "ms-sql-s": 1433, "iscsi-target": 3260, "mysql": 3306,
			"ms-wbt-server": 3389, "svn": 3690, "sieve": 4190, "epmd": 4369, "xmpp-client": 5222, "xmpp-server": 5269,
			"postgresql": 5432, "amqps": 5671, "amqp": 5672, "x11": 6000, "redis": 6379, "syslog-tls": 6514, "ircd": 6667, "ircs-u": 6697,
			"http-alt": 8080, "git": 9418, "webmin": 10000, "zabbix-agent": 10050, "zabbix-trapper": 10051,
		},
		"udp": {
			"bootps": 67, "bootpc": 68, "tftp": 69, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "xdmcp": 177, "ptp-event": 319,
			"ptp-general": 320, "isakmp": 500, "biff": 512, "who": 513, "syslog": 514, "talk": 517, "route": 520, "router": 520,
			"dhcpv6-client": 546, "dhcpv6-server": 547, "asf-rmcp": 623, "ms-sql-m": 1434, "l2f": 1701, "l2tp": 1701,
			"ipsec-nat-t": 4500, "mdns": 5353,
		},
	} {
		for name, port := range names {
			all[name] = service{port, protocols[proto]}
		}
	}
	return all
}()
