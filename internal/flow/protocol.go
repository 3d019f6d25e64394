package flow

import (
	"strconv"
	"strings"
)

// IP protocol numbers that the program treats specially (IANA protocol-numbers).
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoGRE    = 47
	ProtoESP    = 50
	ProtoICMPv6 = 58
	ProtoSCTP   = 132
)

var protocolNames = map[uint8]string{
	0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 8: "EGP", 9: "IGP", 17: "UDP", 27: "RDP", 33: "DCCP",
	41: "6IN4", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 59: "NONXT", 88: "EIGRP", 89: "OSPF",
	94: "IPIP-OLD", 97: "ETHERIP", 103: "PIM", 108: "IPCOMP", 112: "VRRP", 115: "L2TP", 124: "ISIS", 132: "SCTP",
	133: "FC", 135: "MH", 136: "UDPLITE", 137: "MPLS", 143: "ETHERNET", 254: "TEST",
}

// ProtocolName is the usual name of an IP protocol, or its number where it has none.
func ProtocolName(protocol uint8) string {
	if n, ok := protocolNames[protocol]; ok {
		return n
	}
	return strconv.Itoa(int(protocol))
}

// ParseProtocol accepts a name in any case or a number from 0 to 255.
func ParseProtocol(text string) (uint8, bool) {
	if n, err := strconv.ParseUint(text, 10, 8); err == nil {
		return uint8(n), true
	}
	for p, n := range protocolNames {
		if strings.EqualFold(n, text) {
			return p, true
		}
	}
	return 0, false
}
