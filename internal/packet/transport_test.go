package packet

import "testing"

func TestTransport(t *testing.T) {
	ports := func(size int) []byte { return join(u16(5353), u16(53), make([]byte, size-4)) }
	cut := func(h *Headers) { h.Cut = true }
	long := func(h *Headers) { h.TCPHeaderLen = 32 }
	tcp4 := headers4(protoTCP, 50, 10)
	options := edit(join(tcp(0), make([]byte, 12)), 12, 0x80)
	ping := headers4(protoICMP, 48, 20).with(func(h *Headers) { h.ICMPType, h.ICMPCode = 3, 1 })
	echo6 := headers6(protoICMPv6, 68, 20).with(func(h *Headers) { h.ICMPType = 128 })
	runAll(t, []decodeTest{
		{"tcp options", LinkIPv4, ipv4(protoTCP, options), 0, FaultNone, headers4(protoTCP, 52, 0).withTCP().with(long)},
		{"tcp options cut off", LinkIPv4, ipv4(protoTCP, options)[:40], 52, FaultNone, headers4(protoTCP, 52, 0).withTCP().with(long)},
		{"tcp header too short", LinkIPv4, ipv4(protoTCP, edit(tcp(0), 12, 0x40)), 0, FaultBadTransportLength, Headers{}},
		{"tcp header longer than the packet", LinkIPv4, ipv4(protoTCP, edit(tcp(0), 12, 0x60)), 0, FaultBadTransportLength, Headers{}},
		{"tcp packet too short", LinkIPv4, ipv4(protoTCP, tcp(0)[:19]), 0, FaultTruncatedTransport, Headers{}},
		{"tcp packet too short, padded", LinkIPv4, join(ipv4(protoTCP, tcp(0)[:19]), make([]byte, 7)), 0, FaultTruncatedTransport, Headers{}},
		{"tcp cut before the ports", LinkIPv4, ipv4(protoTCP, tcp(10))[:23], 50, FaultNone, tcp4.with(cut)},
		{"tcp cut after the ports", LinkIPv4, ipv4(protoTCP, tcp(10))[:24], 50, FaultNone,
			tcp4.with(func(h *Headers) { h.SrcPort, h.DstPort, h.Cut = 40000, 443, true })},
		{"tcp cut after the flags", LinkIPv4, ipv4(protoTCP, tcp(10))[:34], 50, FaultNone,
			tcp4.with(func(h *Headers) { h.SrcPort, h.DstPort, h.TCPFlags, h.Cut = 40000, 443, 0x18, true })},
		{"udp shorter than its packet", LinkIPv4, ipv4(protoUDP, join(udp(10), make([]byte, 5))), 0, FaultNone, headers4(protoUDP, 43, 10).withUDP()},
		{"udp length 7", LinkIPv4, ipv4(protoUDP, edit(udp(10), 4, 0, 7)), 0, FaultBadTransportLength, Headers{}},
		{"udp longer than its packet", LinkIPv4, ipv4(protoUDP, edit(udp(10), 4, 0, 19)), 0, FaultBadTransportLength, Headers{}},
		{"udp packet too short", LinkIPv4, ipv4(protoUDP, udp(0)[:7]), 0, FaultTruncatedTransport, Headers{}},
		{"udp cut", LinkIPv4, ipv4(protoUDP, udp(10))[:25], 38, FaultNone, headers4(protoUDP, 38, 10).withUDP().with(cut)},
		{"udp length 0", LinkIPv4, ipv4(protoUDP, edit(udp(10), 4, 0, 0)), 0, FaultNone, headers4(protoUDP, 38, 10).withUDP()},
		{"udp-lite", LinkIPv4, ipv4(protoUDPLite, ports(20)), 0, FaultNone, headers4(protoUDPLite, 40, 12).withUDP()},
		{"sctp", LinkIPv4, ipv4(protoSCTP, ports(20)), 0, FaultNone, headers4(protoSCTP, 40, 8).withUDP()},
		{"sctp packet too short", LinkIPv4, ipv4(protoSCTP, ports(11)), 0, FaultTruncatedTransport, Headers{}},
		{"dccp", LinkIPv4, ipv4(protoDCCP, edit(ports(20), 4, 4)), 0, FaultNone, headers4(protoDCCP, 40, 4).withUDP()},
		{"dccp header too short", LinkIPv4, ipv4(protoDCCP, edit(ports(20), 4, 2)), 0, FaultBadTransportLength, Headers{}},
		{"icmp", LinkIPv4, ipv4(protoICMP, edit(make([]byte, 28), 0, 3, 1)), 0, FaultNone, ping},
		{"icmp cut", LinkIPv4, ipv4(protoICMP, edit(make([]byte, 28), 0, 3, 1))[:22], 48, FaultNone, ping.with(cut)},
		{"icmpv6", LinkIPv6, ipv6(protoICMPv6, edit(make([]byte, 28), 0, 128)), 0, FaultNone, echo6},
		{"gre", LinkIPv4, ipv4(47, make([]byte, 24)), 0, FaultNone, headers4(47, 44, 24)},
		{"ipv4 authentication header is a protocol", LinkIPv4, ipv4(protoAH, make([]byte, 24)), 0, FaultNone, headers4(protoAH, 44, 24)},
	})
}

func TestTCPOptions(t *testing.T) {
	mss := []byte{2, 4, 0x05, 0xb4}
	for _, test := range []struct {
		name    string
		flags   byte
		options []byte
		want    uint16
	}{
		{"first", 0x02, mss, 1460},
		{"with syn and ack", 0x12, join([]byte{1, 1, 4, 2}, mss), 1460},
		{"behind a window scale", 0x02, join([]byte{3, 3, 7, 1}, mss), 1460},
		{"without syn", 0x10, mss, 0},
		{"behind the end", 0x02, join([]byte{1, 1, 1, 0}, mss), 0},
		{"of another length", 0x02, []byte{2, 3, 5, 1}, 0},
		{"behind one without length", 0x02, join([]byte{3, 0, 1, 1}, mss), 0},
		{"behind one that is too long", 0x02, join([]byte{3, 9, 1, 1}, mss), 0},
		{"none", 0x02, nil, 0},
	} {
		segment := edit(join(tcp(0), test.options), 12, byte(5+len(test.options)/4)<<4, test.flags)
		for _, frame := range [][]byte{ethernet(etherIPv4, ipv4(protoTCP, segment)), ethernet(etherIPv6, ipv6(protoTCP, segment))} {
			h, fault := checkFrame(t, LinkEthernet, frame, 0)
			if fault != FaultNone || h.TCPMSS != test.want || int(h.TCPHeaderLen) != 20+len(test.options) {
				t.Errorf("%s: %v, MSS %d, header of %d", test.name, fault, h.TCPMSS, h.TCPHeaderLen)
			}
			// Of options that were not captured, nothing is known.
			for n := len(frame) - len(test.options); n < len(frame); n++ {
				if h, fault = checkFrame(t, LinkEthernet, frame[:n], uint32(len(frame))); fault != FaultNone || h.TCPMSS != 0 && h.TCPMSS != test.want {
					t.Errorf("%s, cut: %v, MSS %d", test.name, fault, h.TCPMSS)
				}
			}
		}
	}
}
