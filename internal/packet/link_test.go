package packet

import "testing"

// framed is an IP packet in one kind of link header.
type framed struct {
	name string
	link uint16
	head []byte // what stands in front of the packet
	want func(*Headers)
}

func none(*Headers) {}

func vlan(outer, inner uint16) func(*Headers) {
	return func(h *Headers) { h.VLAN, h.InnerVLAN = outer, inner }
}

func zeros(n int) []byte { return make([]byte, n) }

func label(id uint32, bottom uint32) []byte { return u32(id<<12 | bottom<<8 | 64) }

// framings are link headers in front of an IPv4 packet.
func framings() []framed {
	eth := func(etherType uint16, rest ...[]byte) []byte { return ethernet(etherType, join(rest...)) }
	inFrame := eth(etherIPv4)
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
	wlan := func(control, flags byte, rest ...[]byte) []byte {
		return join([]byte{control, flags}, zeros(22), join(rest...), snap)
	}
	pppoe := []byte{0x11, 0, 0, 7, 0, 60}
	return []framed{
		{"mpls", LinkEthernet, eth(etherMPLS, label(16, 1)), none},
		{"mpls stack", LinkEthernet, eth(etherMPLSUp, label(16, 0), label(17, 0), label(18, 1)), none},
		{"vlan, mpls", LinkEthernet, eth(etherVLAN, u16(7), u16(etherMPLS), label(16, 1)), vlan(7, 0)},
		{"pseudowire with control word", LinkEthernet, eth(etherMPLS, label(16, 1), u32(5), inFrame), none},
		{"pseudowire without", LinkEthernet, eth(etherMPLS, label(16, 1), inFrame), none},
		{"pseudowire of tagged frames", LinkEthernet, eth(etherMPLS, label(16, 1), u32(0), eth(etherVLAN, u16(9), u16(etherIPv4))), vlan(9, 0)},
		{"pppoe", LinkEthernet, eth(etherPPPoE, pppoe, u16(pppIPv4)), none},
		{"pppoe, compressed protocol", LinkEthernet, eth(etherPPPoE, pppoe, []byte{pppIPv4}), none},
		{"qinq, pppoe", LinkEthernet, eth(etherQinQ, u16(7), u16(etherVLAN), u16(8), u16(etherPPPoE), pppoe, u16(pppIPv4)), vlan(7, 8)},
		{"provider backbone", LinkEthernet, eth(etherQinQ, u16(7), u16(etherPBB), u32(5), zeros(12), u16(etherVLAN), u16(8), u16(etherIPv4)), vlan(7, 8)},
		{"vn-tag", LinkEthernet, eth(etherVNTag, u32(5), u16(etherVLAN), u16(7), u16(etherIPv4)), vlan(7, 0)},
		{"e-tag", LinkEthernet, eth(etherETag, zeros(6), u16(etherIPv4)), none},
		{"erspan without gre", LinkEthernet, eth(etherERSPAN, u32(0x10000000), u32(0), inFrame), none},
		{"hsr", LinkEthernet, eth(etherHSR, zeros(4), u16(etherIPv4)), none},
		{"cisco metadata", LinkEthernet, eth(etherCiscoCMD, []byte{1, 1, 0, 1, 0, 9}, u16(etherIPv4)), none},
		{"time stamp", LinkEthernet, eth(etherArista, u32(0x00010010), zeros(8), u16(etherIPv4)), none},
		{"short time stamp", LinkEthernet, eth(etherArista, u32(0x00010121), zeros(6), u16(etherIPv4)), none},
		{"network service header", LinkEthernet, eth(etherNSH, []byte{0, 6, 1, 1}, zeros(20)), none},
		{"signed", LinkEthernet, eth(etherMACsec, []byte{0x20, 0}, zeros(12), u16(etherIPv4)), none},
		{"signed, no channel", LinkEthernet, eth(etherMACsec, zeros(6), u16(etherIPv4)), none},
		{"tag of 0x9200", LinkEthernet, eth(etherQinQOld2, u16(7), u16(etherIPv4)), vlan(7, 0)},
		{"802.1h", LinkEthernet, eth(60, []byte{0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}), none},
		{"llc of ip", LinkEthernet, eth(60, []byte{6, 6, 3}), none},
		{"ppp", LinkPPP, u16(pppIPv4), none},
		{"ppp, all of it", LinkPPP, []byte{0xff, 3, 0, pppIPv4}, none},
		{"ppp, mpls", LinkPPP, join([]byte{0xff, 3}, u16(pppMPLS), label(16, 1)), none},
		{"ppp in hdlc", LinkPPPHDLC, []byte{0xff, 3, 0, pppIPv4}, none},
		{"ppp or cisco hdlc", LinkPPPHDLC, []byte{0x8f, 0, 8, 0}, none},
		{"ppp with direction", LinkPPPDirection, []byte{1, 0xff, 3, 0, pppIPv4}, none},
		{"ppp with direction, short", LinkPPPDirection, []byte{0, pppIPv4}, none},
		{"pppd", LinkPPPD, []byte{1, 3, 0, pppIPv4}, none},
		{"pppoe alone", LinkPPPEther, join(pppoe, u16(pppIPv4)), none},
		{"cisco hdlc", LinkCiscoHDLC, []byte{0x0f, 0, 8, 0}, none},
		{"frame relay", LinkFrameRelay, []byte{0x18, 0x41, 3, 0xcc}, none},
		{"frame relay, long address", LinkFrameRelay, []byte{0x18, 0x40, 0, 1, 3, 0xcc}, none},
		{"frame relay, snap", LinkFrameRelay, []byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, none},
		{"frame relay, bridged", LinkFrameRelay, join([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7}, inFrame), none},
		{"frame relay, ppp", LinkFrameRelay, []byte{0x18, 0x41, 3, 0xcf, 0, pppIPv4}, none},
		{"frame relay of cisco", LinkFrameRelay, []byte{0x18, 0x41, 8, 0}, none},
		{"atm", LinkATM, snap, none},
		{"atm, bridged", LinkATM, join([]byte{0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0}, inFrame), none},
		{"atm, ppp", LinkATM, []byte{0xfe, 0xfe, 3, 0xcf, 0, pppIPv4}, none},
		{"fddi", LinkFDDI, join(zeros(13), snap), none},
		{"ip over fibre channel", LinkIPOverFC, join(zeros(16), snap), none},
		{"wlan", LinkWLAN, wlan(0x08, 0x01), none},
		{"wlan qos", LinkWLAN, wlan(0x88, 0x02, zeros(2)), none},
		{"wlan qos, ht control", LinkWLAN, wlan(0x88, 0x82, zeros(6)), none},
		{"wlan, four addresses", LinkWLAN, wlan(0x08, 0x03, zeros(6)), none},
		{"wlan qos, four addresses", LinkWLAN, wlan(0x88, 0x03, zeros(8)), none},
		{"wlan aggregate", LinkWLAN, wlan(0x88, 0x02, []byte{0x80, 0}, zeros(14)), none},
		{"radiotap", LinkRadiotap, join([]byte{0, 0, 8, 0}, zeros(4), wlan(0x08, 0x01)), none},
		{"radiotap, padded", LinkRadiotap, join([]byte{0, 0, 17, 0, 3, 0, 0, 0}, zeros(8), []byte{0x20}, wlan(0x88, 0x02, zeros(4))), none},
		{"radiotap, more fields", LinkRadiotap, join([]byte{0, 0, 13, 0, 2, 0, 0, 0x80}, zeros(4), []byte{0}, wlan(0x88, 0x02, zeros(2))), none},
		{"radiotap, more fields, aligned", LinkRadiotap, join([]byte{0, 0, 25, 0, 3, 0, 0, 0x80}, zeros(16), []byte{0x20}, wlan(0x88, 0x02, zeros(4))), none},
		{"prism", LinkPrism, join([]byte{0x44, 0, 0, 0, 144, 0, 0, 0}, zeros(136), wlan(0x08, 0x01)), none},
		{"prism of another byte order", LinkPrism, join([]byte{0, 0, 0, 0x44, 0, 0, 0, 144}, zeros(136), wlan(0x08, 0x01)), none},
		{"prism that is avs", LinkPrism, join(u32(0x80211001), u32(64), zeros(56), wlan(0x08, 0x01)), none},
		{"avs", LinkAVS, join(u32(0x80211002), u32(64), zeros(56), wlan(0x08, 0x01)), none},
		{"ppi", LinkPPI, join([]byte{0, 0, 12, 0, 1, 0, 0, 0}, zeros(4), inFrame), none},
		{"pktap", LinkPKTAP, join([]byte{16, 0, 0, 0, 1, 0, 0, 0, LinkRaw, 0, 0, 0}, zeros(4)), none},
		{"nflog", LinkNFLog, join([]byte{2, 0, 0, 0, 5, 0, 10, 0, 9, 0, 0, 0}, []byte{0xff, 0xff, 9, 0}), none},
		{"slip", LinkSLIP, zeros(16), none},
		{"inside ipsec", LinkEnc, zeros(12), none},
		{"ipnet", LinkIPNet, zeros(24), none},
		{"pflog", LinkPFLog, join([]byte{61}, zeros(63)), none},
		{"firewire", LinkFireWire, join(zeros(16), u16(etherIPv4)), none},
		{"infiniband", LinkIPoIB, join(zeros(40), u16(etherIPv4), zeros(2)), none},
		{"netanalyzer", LinkNetAnalyzer, join(zeros(4), inFrame), none},
		{"preamble", LinkMPacket, join(zeros(8), inFrame), none},
		{"switch tag of broadcom", LinkBroadcomTag, join(zeros(16), u16(etherIPv4)), none},
		{"switch tag in front", LinkBroadcomPre, join(zeros(4), inFrame), none},
		{"switch tag of marvell", LinkDSA, join(zeros(16), u16(etherIPv4)), none},
		{"switch tag with a type", LinkEDSA, join(zeros(20), u16(etherIPv4)), none},
	}
}

func TestFramings(t *testing.T) {
	packet := ipv4(protoTCP, tcp(10))
	for _, f := range framings() {
		frame := join(f.head, packet)
		want := headers4(protoTCP, 50, 10).withTCP().with(f.want)
		t.Run(f.name, decodeTest{f.name, f.link, frame, 0, FaultNone, want}.run)
		// However short the capture cut the frame, there is a reason or a result.
		for n := range frame {
			h, fault := checkFrame(t, f.link, frame[:n], uint32(len(frame)))
			switch atIP := n - len(f.head); {
			case atIP < ipv4Header && fault == FaultNone:
				t.Errorf("%s: %d bytes of %d are enough", f.name, n, len(frame))
			case atIP < 0 && fault != FaultTruncatedLink && fault != FaultNotIP && fault != FaultTruncatedIP:
				t.Errorf("%s: %d bytes of %d: %v", f.name, n, len(frame), fault)
			case atIP >= ipv4Header && (fault != FaultNone || h.Cut != (atIP < ipv4Header+tcpHeader)):
				t.Errorf("%s: %d bytes of %d: %v, %+v", f.name, n, len(frame), fault, h)
			}
		}
	}
}

func TestFramesWithoutPackets(t *testing.T) {
	ip := ipv4(protoTCP, tcp(10))
	wlan := func(control, flags byte) []byte { return join([]byte{control, flags}, make([]byte, 22), ip) }
	labels := make([]byte, 0, 80)
	for range maxLabels + 1 {
		labels = append(labels, label(16, 0)...)
	}
	for _, test := range []decodeTest{
		{name: "beacon", link: LinkWLAN, data: wlan(0x80, 0), fault: FaultNotIP},
		{name: "acknowledgement", link: LinkWLAN, data: wlan(0xd4, 0)[:10], fault: FaultNotIP},
		{name: "null data", link: LinkWLAN, data: wlan(0x48, 1), fault: FaultNotIP},
		{name: "protected", link: LinkWLAN, data: wlan(0x08, 0x41), fault: FaultEncrypted},
		{name: "later fragment", link: LinkWLAN, data: edit(wlan(0x08, 1), 22, 1), fault: FaultNotIP},
		{name: "radiotap longer than the frame", link: LinkRadiotap, data: []byte{0, 0, 9, 0, 0, 0, 0, 0}, fault: FaultTruncatedLink},
		{name: "avs of another make", link: LinkAVS, data: zeros(100), fault: FaultTruncatedLink},
		{name: "encrypted ethernet", link: LinkEthernet, data: ethernet(etherMACsec, join([]byte{0x2c}, zeros(60))), fault: FaultEncrypted},
		{name: "encrypted ppp", link: LinkPPP, data: join([]byte{0xff, 3}, u16(pppEncrypted), ip), fault: FaultEncrypted},
		{name: "link control", link: LinkPPP, data: join([]byte{0xff, 3, 0xc0, 0x21}, ip), fault: FaultNotIP},
		{name: "pppoe discovery", link: LinkEthernet, data: ethernet(etherPPPoE, join([]byte{0x11, 9, 0, 0, 0, 0, 0, pppIPv4}, ip)), fault: FaultNotIP},
		{name: "labels without end", link: LinkEthernet, data: ethernet(etherMPLS, labels), fault: FaultTooManyTags},
		{name: "associated channel", link: LinkEthernet, data: ethernet(etherMPLS, join(label(16, 1), u32(0x10000007), zeros(40))), fault: FaultNotIP},
		{name: "frame relay status", link: LinkFrameRelay, data: join([]byte{0, 1, 3, 8}, ip), fault: FaultNotIP},
		{name: "frame relay address without end", link: LinkFrameRelay, data: zeros(60), fault: FaultNotIP},
		{name: "slarp", link: LinkCiscoHDLC, data: join([]byte{0x8f, 0, 0x80, 0x35}, zeros(20)), fault: FaultNotIP},
		{name: "ppi in ppi", link: LinkPPI, data: join([]byte{0, 0, 8, 0, LinkPPI, 0, 0, 0}, ip), fault: FaultUnsupportedLink},
		{name: "ppi of bluetooth", link: LinkPPI, data: join([]byte{0, 0, 8, 0, 187, 0, 0, 0}, ip), fault: FaultUnsupportedLink},
		{name: "nflog without a packet", link: LinkNFLog, data: join([]byte{2, 0, 0, 0, 8, 0, 10, 0}, zeros(4)), fault: FaultTruncatedLink},
		{name: "nflog, attribute of length 0", link: LinkNFLog, data: join([]byte{2, 0, 0, 0}, zeros(40)), fault: FaultTruncatedLink},
	} {
		t.Run(test.name, test.run)
	}
}
