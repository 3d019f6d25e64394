package packet

import "testing"

// summed is packet with its IPv4 header checksum filled in.
func summed(packet []byte) []byte {
	sum := uint32(0)
	for at := 0; at < ipv4Header; at += 2 {
		sum += uint32(be16(packet[at:]))
	}
	return edit(packet, 10, u16(^uint16(sum%0xffff))...)
}

// Addresses of network cards begin like versions of IP, and addresses of hosts have in
// them what looks like an EtherType.
func TestBehindLabels(t *testing.T) {
	packet4, packet6 := summed(ipv4(protoTCP, tcp(10))), ipv6(protoTCP, tcp(10))
	frame := func(first byte, etherType uint16, rest []byte) []byte {
		return edit(ethernet(etherType, rest), 0, first, 0x2c, 0x6a, 1, 2, 3, 0, 0x1b)
	}
	want4, want6 := headers4(protoTCP, 50, 10).withTCP(), headers6(protoTCP, 70, 10).withTCP()
	tagged := want4
	tagged.VLAN, tagged.InnerVLAN = 7, 8
	from := func(want Headers, packet []byte) Headers {
		if want.Src = [16]byte(packet[8:]); want.Version == 4 {
			mapIPv4(&want.Src, (*[4]byte)(packet[12:]))
		}
		return want
	}
	like4 := summed(edit(packet4, 12, 8, 0, 0x45, 0))
	like6, likeTag := edit(packet6, 12, 0x08, 0, 0x45), edit(packet6, 12, 0x81, 0, 0, 7, 8, 0)
	for _, test := range []decodeTest{
		{name: "frame to 48:…", data: frame(0x48, etherIPv4, packet4), want: want4},
		{name: "frame to 6c:…", data: frame(0x6c, etherIPv4, packet4), want: want4},
		{name: "frame to 6c:… with IPv6", data: frame(0x6c, etherIPv6, packet6), want: want6},
		{name: "frame to 6c:… with tags", data: frame(0x6c, etherQinQ, tag(7, etherVLAN, tag(8, etherIPv4, packet4))), want: tagged},
		{name: "IPv4 from 8.0.69.0", data: like4, want: from(want4, like4)},
		{name: "IPv6 from 2001:db8:800:4500::", data: like6, want: from(want6, like6)},
		{name: "IPv6 from 2001:db8:8100:7:800::", data: likeTag, want: from(want6, likeTag)},
	} {
		test.link, test.data = LinkEthernet, ethernet(etherMPLS, join(label(16, 1), test.data))
		t.Run(test.name, test.run)
		for n := range test.data {
			checkFrame(t, test.link, test.data[:n], uint32(len(test.data)))
		}
	}
}
