package packet

import "testing"

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct {
		name  string
		frame []byte
	}{
		{"eth-ipv4-tcp", ethernet(etherIPv4, ipv4(protoTCP, tcp(100)))},
		{"eth-ipv6-udp", ethernet(etherIPv6, ipv6(protoUDP, udp(100)))},
		{"eth-vlan-ipv4-udp", ethernet(etherVLAN, tag(7, etherIPv4, ipv4(protoUDP, udp(100))))},
		{"eth-ipv6-ext-tcp", ethernet(etherIPv6, ipv6(protoHopByHop, ext(protoTCP, 8, tcp(100))))},
		{"eth-ipv4-tcp-syn", ethernet(etherIPv4, ipv4(protoTCP, edit(join(tcp(0), []byte{2, 4, 5, 0xb4}), 12, 0x60, 2)))},
		{"eth-ipv4-udp", ethernet(etherIPv4, ipv4(protoUDP, udp(100)))},
		{"eth-vxlan-tcp", ethernet(etherIPv4, ipv4(protoUDP, datagram(1, portVXLAN, join(u32(0x08000000), u32(0x500), ethernet(etherIPv4, ipv4(protoTCP, tcp(100)))))))},
		{"eth-gre-tcp", ethernet(etherIPv4, ipv4(protoGRE, join(u32(etherIPv4), ipv4(protoTCP, tcp(100)))))},
		{"eth-mpls-tcp", ethernet(etherMPLS, join(label(16, 1), ipv4(protoTCP, tcp(100))))},
		{"eth-arp", ethernet(0x0806, make([]byte, 46))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var h Headers
			b.ReportAllocs()
			for b.Loop() {
				undoing.Decode(LinkEthernet, bench.frame, uint32(len(bench.frame)), &h)
			}
		})
	}
}
