package packet

import "testing"

func TestIPv4(t *testing.T) {
	whole := ipv4(protoUDP, udp(30))
	want := headers4(protoUDP, 58, 30).withUDP()
	options := edit(join(whole[:20], make([]byte, 8), whole[20:]), 0, 0x47, 0, 0, 66)
	fragment := func(place uint16) []byte { return edit(whole, 6, byte(place>>8), byte(place)) }
	fragmented := func(place Fragment) Headers {
		return want.with(func(h *Headers) { h.Fragment, h.FragmentID = place, 0x1234 })
	}
	runAll(t, []decodeTest{
		{"options", LinkIPv4, options, 0, FaultNone, want.with(func(h *Headers) { h.IPLen = 66 })},
		{"options cut off", LinkIPv4, options[:24], 66, FaultTruncatedIP, Headers{}},
		{"header cut off", LinkIPv4, whole[:19], 58, FaultTruncatedIP, Headers{}},
		{"header length 4", LinkIPv4, edit(whole, 0, 0x41), 0, FaultBadIPHeaderLength, Headers{}},
		{"total length 19", LinkIPv4, edit(whole, 2, 0, 19), 0, FaultBadIPLength, Headers{}},
		{"total length 0 is offload", LinkIPv4, edit(ipv4(protoTCP, tcp(10)), 2, 0, 0), 70_040, FaultNone, headers4(protoTCP, 70_040, 70_000).withTCP()},
		{"snap length", LinkIPv4, whole[:28], 58, FaultNone, want},
		{"longer than its frame", LinkIPv4, edit(whole, 2, 0xff, 0xff), 0, FaultNone, want},
		{"longer than its frame, without transport", LinkIPv4, whole[:22], 22, FaultNone,
			headers4(protoUDP, 22, 0).with(func(h *Headers) { h.Cut = true })},
		{"may not be fragmented", LinkIPv4, fragment(0x4000), 0, FaultNone, want},
		{"first fragment", LinkIPv4, fragment(0x2000), 0, FaultNone, fragmented(FragmentFirst)},
		{"middle fragment", LinkIPv4, fragment(0x2001), 0, FaultNone,
			fragmented(FragmentLater).with(func(h *Headers) { h.SrcPort, h.DstPort, h.PayloadLen = 0, 0, 38 })},
		{"last fragment", LinkIPv4, fragment(0x0001), 0, FaultNone,
			fragmented(FragmentLater).with(func(h *Headers) { h.SrcPort, h.DstPort, h.PayloadLen = 0, 0, 38 })},
		{"first fragment smaller than the header", LinkIPv4, edit(ipv4(protoTCP, tcp(0)[:8]), 6, 0x20), 0, FaultNone,
			headers4(protoTCP, 28, 0).with(func(h *Headers) {
				h.SrcPort, h.DstPort, h.Fragment, h.FragmentID, h.Cut = 40000, 443, FragmentFirst, 0x1234, true
			})},
		{"wire length below the capture's", LinkIPv4, whole, 1, FaultNone, want},
	})
}

func TestIPv6(t *testing.T) {
	authentication := join([]byte{protoTCP, 4}, make([]byte, 22))
	chain := ipv6(protoHopByHop, ext(protoDestination, 16, ext(protoRouting, 24, ext(protoMobility, 8, ext(protoHIP, 8,
		ext(protoShim6, 8, ext(protoAH, 8, join(authentication, tcp(5)))))))))
	endless := tcp(0)
	for range maxExtensions + 1 {
		endless = ext(protoDestination, 8, endless)
	}
	jumbo := func(length uint32) []byte {
		option := join([]byte{protoUDP, 0, optionJumbo, 4}, u32(length))
		return edit(ipv6(protoHopByHop, join(option, edit(udp(4), 4, 0, 0))), 4, 0, 0)
	}
	later := headers6(protoUDP, 66, 18).with(func(h *Headers) { h.Fragment, h.FragmentID = FragmentLater, 0xcafebabe })
	runAll(t, []decodeTest{
		{"plain", LinkIPv6, ipv6(protoTCP, tcp(5)), 0, FaultNone, headers6(protoTCP, 65, 5).withTCP()},
		{"cut header", LinkIPv6, ipv6(protoTCP, tcp(5))[:39], 65, FaultTruncatedIP, Headers{}},
		{"all extensions", LinkIPv6, chain, 0, FaultNone, headers6(protoTCP, uint32(len(chain)), 5).withTCP()},
		{"too many extensions", LinkIPv6, ipv6(protoDestination, endless), 0, FaultTooManyExtensions, Headers{}},
		{"extension cut by the capture", LinkIPv6, ipv6(protoHopByHop, ext(protoTCP, 16, tcp(5)))[:50], 81, FaultTruncatedExtension, Headers{}},
		{"extension longer than the packet", LinkIPv6, ipv6(protoHopByHop, []byte{protoTCP, 9, 0, 0, 0, 0, 0, 0}), 0, FaultTruncatedExtension, Headers{}},
		{"extension in the padding", LinkIPv6, join(ipv6(protoHopByHop, []byte{protoTCP, 0}), make([]byte, 20)), 0, FaultTruncatedExtension, Headers{}},
		{"first fragment", LinkIPv6, ipv6(protoFragment, frag6(protoUDP, 1, udp(10))), 0, FaultNone,
			headers6(protoUDP, 66, 10).withUDP().with(func(h *Headers) { h.Fragment, h.FragmentID = FragmentFirst, 0xcafebabe })},
		{"later fragment", LinkIPv6, ipv6(protoFragment, frag6(protoUDP, 8, udp(10))), 0, FaultNone, later},
		{"later fragment of an extension", LinkIPv6, ipv6(protoFragment, frag6(protoDestination, 8, udp(10))), 0, FaultNone,
			later.with(func(h *Headers) { h.Protocol = protoDestination })},
		{"atomic fragment", LinkIPv6, ipv6(protoFragment, frag6(protoUDP, 0, udp(10))), 0, FaultNone, headers6(protoUDP, 66, 10).withUDP()},
		{"no next header", LinkIPv6, join(ipv6(protoNoNext, nil), make([]byte, 6)), 0, FaultNone, headers6(protoNoNext, 40, 0)},
		{"esp", LinkIPv6, ipv6(50, make([]byte, 32)), 0, FaultNone, headers6(50, 72, 32)},
		{"payload length 0 is offload", LinkIPv6, edit(ipv6(protoTCP, tcp(0)), 4, 0, 0), 70_060, FaultNone, headers6(protoTCP, 70_060, 70_000).withTCP()},
		{"jumbo", LinkIPv6, jumbo(100_000), 100_040, FaultNone, headers6(protoUDP, 100_040, 99_984).withUDP()},
		{"jumbo larger than its frame", LinkIPv6, jumbo(1<<32 - 41), 100_040, FaultNone, headers6(protoUDP, 100_040, 99_984).withUDP()},
		{"false jumbo", LinkIPv6, jumbo(1<<32 - 1), 100_040, FaultBadIPLength, Headers{}},
		{"jumbo that is none", LinkIPv6, jumbo(65_535), 100_040, FaultBadIPLength, Headers{}},
		{"jumbo cut off", LinkIPv6, jumbo(100_000)[:44], 100_040, FaultTruncatedExtension, Headers{}},
	})
}
