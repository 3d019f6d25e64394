package flow

import (
	"slices"
	"strings"
)

// The names that administrators know ports by, after the IANA service name and
// transport protocol port number registry where it has the name in use.
var (
	// services have the same name over TCP and UDP.
	services = map[uint16]string{
		7: "echo", 9: "discard", 13: "daytime", 17: "qotd", 19: "chargen", 37: "time", 49: "tacacs", 53: "domain",
		88: "kerberos", 111: "sunrpc", 135: "msrpc", 137: "netbios-ns", 138: "netbios-dgm", 139: "netbios-ssn",
		161: "snmp", 162: "snmptrap", 389: "ldap", 464: "kpasswd", 853: "domain-s", 1194: "openvpn", 1812: "radius",
		1813: "radius-acct", 2049: "nfs", 3478: "stun", 4789: "vxlan", 5060: "sip", 5061: "sips", 5349: "stuns",
		5672: "amqp", 11211: "memcache", 25565: "minecraft", 51413: "bittorrent",
	}
	tcpServices = map[uint16]string{
		20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 43: "whois", 70: "gopher", 79: "finger",
		80: "http", 102: "iso-tsap", 106: "poppassd", 109: "pop2", 110: "pop3", 113: "ident", 119: "nntp", 143: "imap",
		179: "bgp", 194: "irc", 443: "https", 445: "smb", 465: "smtps", 502: "modbus", 512: "exec", 513: "login",
		514: "shell", 515: "printer", 540: "uucp", 543: "klogin", 544: "kshell", 548: "afp", 554: "rtsp", 563: "nntps",
		587: "submission", 593: "http-rpc-epmap", 631: "ipp", 636: "ldaps", 646: "ldp", 691: "msexch-routing",
		860: "iscsi", 873: "rsync", 902: "vmware-auth", 989: "ftps-data", 990: "ftps", 992: "telnets", 993: "imaps",
		995: "pop3s", 1080: "socks", 1352: "lotusnote", 1433: "ms-sql", 1521: "oracle", 1723: "pptp", 1883: "mqtt",
		1935: "rtmp", 2181: "zookeeper", 2222: "ssh-alt", 2375: "docker", 2376: "docker-s", 2379: "etcd-client",
		2380: "etcd-server", 2483: "oracle-tcp", 2484: "oracle-tcps", 3000: "http-dev", 3128: "squid-http",
		3260: "iscsi-target", 3268: "msft-gc", 3269: "msft-gc-ssl", 3306: "mysql", 3389: "rdp", 3690: "svn",
		4222: "nats", 4369: "epmd", 4443: "https-alt", 5000: "http-dev", 5044: "logstash", 5190: "aol", 5222: "xmpp-client",
		5223: "xmpp-client-s", 5228: "android-push", 5269: "xmpp-server", 5432: "postgresql", 5555: "adb", 5601: "kibana",
		5671: "amqps", 5900: "vnc", 5938: "teamviewer", 5984: "couchdb", 5985: "winrm", 5986: "winrm-s", 6000: "x11",
		6379: "redis", 6443: "kubernetes-api", 6667: "ircd", 6697: "ircs", 6881: "bittorrent", 7000: "cassandra",
		7680: "delivery-optimization", 8000: "http-alt", 8006: "proxmox", 8008: "http-alt", 8009: "ajp", 8080: "http-alt",
		8081: "http-alt", 8086: "influxdb", 8088: "http-alt", 8123: "home-assistant", 8333: "bitcoin", 8443: "https-alt",
		8500: "consul", 8883: "mqtts", 8888: "http-alt", 9000: "http-alt", 9042: "cassandra-cql", 9090: "prometheus",
		9092: "kafka", 9093: "alertmanager", 9100: "jetdirect", 9200: "elasticsearch", 9300: "elasticsearch-node",
		9418: "git", 10000: "webmin", 10050: "zabbix-agent", 10051: "zabbix-trapper", 10250: "kubelet",
		15672: "rabbitmq-web", 27017: "mongodb", 32400: "plex", 50000: "db2",
	}
	udpServices = map[uint16]string{
		67: "dhcp-server", 68: "dhcp-client", 69: "tftp", 80: "http3", 123: "ntp", 177: "xdmcp", 319: "ptp-event",
		320: "ptp-general", 427: "svrloc", 443: "quic", 500: "isakmp", 514: "syslog", 520: "rip", 521: "ripng",
		546: "dhcpv6-client", 547: "dhcpv6-server", 623: "ipmi", 646: "ldp", 1645: "radius", 1646: "radius-acct",
		1701: "l2tp", 1900: "ssdp", 2055: "netflow", 2123: "gtp-control", 2152: "gtp-user", 3389: "rdp", 3544: "teredo",
		3702: "ws-discovery", 4500: "ipsec-nat-t", 4739: "ipfix", 5004: "rtp", 5005: "rtcp", 5350: "pcp-multicast",
		5351: "nat-pmp", 5353: "mdns", 5355: "llmnr", 5683: "coap", 5684: "coaps", 6081: "geneve", 6343: "sflow",
		6881: "bittorrent", 8472: "vxlan-linux", 9995: "netflow", 17500: "dropbox-lansync", 19132: "minecraft-bedrock",
		19302: "stun-google", 27015: "steam", 41641: "tailscale", 51820: "wireguard",
	}
)

// ServiceName is the usual name of what listens on a port of TCP or UDP; empty
// where there is none.
func ServiceName(protocol uint8, port uint16) string {
	var own map[uint16]string
	switch protocol {
	case ProtoTCP:
		own = tcpServices
	case ProtoUDP:
		own = udpServices
	default:
		return ""
	}
	if name, ok := own[port]; ok {
		return name
	}
	return services[port]
}

// ServicePorts is the inverse of ServiceName: the ports, in order, of services with this
// name, or if there are none, of those whose name begins with it; in any case.
func ServicePorts(name string) []uint16 {
	name = strings.ToLower(name)
	var exact, begin []uint16
	for _, table := range [...]map[uint16]string{services, tcpServices, udpServices} {
		for port, known := range table {
			switch {
			case known == name:
				exact = append(exact, port)
			case name != "" && strings.HasPrefix(known, name):
				begin = append(begin, port)
			}
		}
	}
	if exact == nil {
		exact = begin
	}
	slices.Sort(exact)
	return slices.Compact(exact)
}
