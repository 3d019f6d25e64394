package packet

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The headers that the builders' packets have.
func headers4(protocol uint8, ipLen, payload uint32) Headers {
	h := Headers{Version: 4, Protocol: protocol, IPLen: ipLen, PayloadLen: payload}
	mapIPv4(&h.Src, &addr4a)
	mapIPv4(&h.Dst, &addr4b)
	return h
}

func headers6(protocol uint8, ipLen, payload uint32) Headers {
	return Headers{Version: 6, Protocol: protocol, IPLen: ipLen, PayloadLen: payload, Src: addr6a, Dst: addr6b}
}

func (h Headers) withTCP() Headers {
	h.SrcPort, h.DstPort, h.TCPSeq, h.TCPAck, h.TCPWindow, h.TCPFlags = 40000, 443, 1000, 2000, 512, 0x18
	h.TCPHeaderLen = 20
	return h
}

func (h Headers) withUDP() Headers {
	h.SrcPort, h.DstPort = 5353, 53
	return h
}

// with changes some fields.
func (h Headers) with(change func(*Headers)) Headers {
	change(&h)
	return h
}

type decodeTest struct {
	name  string
	link  uint16
	data  []byte
	wire  int // 0: as long as data
	fault Fault
	want  Headers // compared if there is no fault
}

func (test decodeTest) run(t *testing.T) {
	t.Helper()
	wire := test.wire
	if wire == 0 {
		wire = len(test.data)
	}
	h := Headers{SrcPort: 1, TCPFlags: 1, VLAN: 1, Cut: true} // must all be overwritten
	if fault := undoing.Decode(test.link, test.data, uint32(wire), &h); fault != test.fault {
		t.Fatalf("fault %v, want %v", fault, test.fault)
	}
	if test.fault != FaultNone {
		return
	}
	if diff := cmp.Diff(test.want, h); diff != "" {
		t.Errorf("headers differ (-want +got):\n%s", diff)
	}
}

func runAll(t *testing.T, tests []decodeTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

func TestLinkTypes(t *testing.T) {
	packet4, packet6 := ipv4(protoTCP, tcp(10)), ipv6(protoUDP, udp(10))
	want4, want6 := headers4(protoTCP, 50, 10).withTCP(), headers6(protoUDP, 58, 10).withUDP()
	sll := func(protocol uint16, rest []byte) []byte { return join(make([]byte, 14), u16(protocol), rest) }
	sll2 := func(protocol uint16, rest []byte) []byte { return join(u16(protocol), make([]byte, 18), rest) }
	vlans := func(outer, inner uint16) Headers {
		return want4.with(func(h *Headers) { h.VLAN, h.InnerVLAN = outer, inner })
	}
	manyTags := ethernet(etherVLAN, tag(1, etherIPv4, packet4))
	for range maxLayers {
		manyTags = ethernet(etherVLAN, tag(1, etherVLAN, manyTags[14:]))
	}
	runAll(t, []decodeTest{
		{"ethernet", LinkEthernet, ethernet(etherIPv4, packet4), 0, FaultNone, want4},
		{"ethernet v6", LinkEthernet, ethernet(etherIPv6, packet6), 0, FaultNone, want6},
		{"padding", LinkEthernet, ethernet(etherIPv4, join(ipv4(protoTCP, tcp(2)), make([]byte, 4))), 0, FaultNone, headers4(protoTCP, 42, 2).withTCP()},
		{"arp", LinkEthernet, ethernet(0x0806, make([]byte, 46)), 0, FaultNotIP, Headers{}},
		{"spanning tree", LinkEthernet, ethernet(38, join([]byte{0x42, 0x42, 3}, make([]byte, 43))), 0, FaultNotIP, Headers{}},
		{"snap", LinkEthernet, ethernet(58, join([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, packet4)), 0, FaultNone, want4},
		{"no whole ethernet header", LinkEthernet, make([]byte, 13), 60, FaultTruncatedLink, Headers{}},
		{"empty", LinkEthernet, nil, 0, FaultTruncatedLink, Headers{}},
		{"vlan", LinkEthernet, ethernet(etherVLAN, tag(0xe007, etherIPv4, packet4)), 0, FaultNone, vlans(7, 0)},
		{"qinq", LinkEthernet, ethernet(etherQinQ, tag(7, etherVLAN, tag(8, etherIPv4, packet4))), 0, FaultNone, vlans(7, 8)},
		{"old qinq", LinkEthernet, ethernet(etherQinQOld, tag(7, etherVLAN, tag(8, etherIPv4, packet4))), 0, FaultNone, vlans(7, 8)},
		{"three tags", LinkEthernet, ethernet(etherQinQ, tag(7, etherQinQ, tag(8, etherVLAN, tag(9, etherIPv4, packet4)))), 0, FaultNone, vlans(7, 8)},
		{"priority tag", LinkEthernet, ethernet(etherVLAN, tag(0xe000, etherVLAN, tag(8, etherIPv4, packet4))), 0, FaultNone, vlans(8, 0)},
		{"cut tag", LinkEthernet, ethernet(etherVLAN, []byte{0, 7, 8}), 60, FaultTruncatedLink, Headers{}},
		{"tags without end", LinkEthernet, manyTags, 0, FaultTooManyTags, Headers{}},
		{"cooked", LinkLinuxSLL, sll(etherIPv4, packet4), 0, FaultNone, want4},
		{"cooked vlan", LinkLinuxSLL, sll(etherVLAN, tag(7, etherIPv4, packet4)), 0, FaultNone, vlans(7, 0)},
		{"cooked arp", LinkLinuxSLL, sll(0x0806, make([]byte, 28)), 0, FaultNotIP, Headers{}},
		{"cut cooked", LinkLinuxSLL, make([]byte, 15), 0, FaultTruncatedLink, Headers{}},
		{"cooked 2", LinkLinuxSLL2, sll2(etherIPv6, packet6), 0, FaultNone, want6},
		{"cut cooked 2", LinkLinuxSLL2, make([]byte, 19), 0, FaultTruncatedLink, Headers{}},
		{"raw", LinkRaw, packet4, 0, FaultNone, want4},
		{"raw v6", LinkRaw12, packet6, 0, FaultNone, want6},
		{"raw openbsd", LinkRaw14, packet4, 0, FaultNone, want4},
		{"raw empty", LinkRaw, nil, 0, FaultTruncatedIP, Headers{}},
		{"raw of another version", LinkRaw, []byte{0x50}, 0, FaultBadIPVersion, Headers{}},
		{"ipv4", LinkIPv4, packet4, 0, FaultNone, want4},
		{"ipv4 that is not", LinkIPv4, packet6, 0, FaultBadIPVersion, Headers{}},
		{"ipv6", LinkIPv6, packet6, 0, FaultNone, want6},
		{"ipv6 that is not", LinkIPv6, edit(packet6, 0, 0x45), 0, FaultBadIPVersion, Headers{}},
		{"null little-endian", LinkNull, join([]byte{2, 0, 0, 0}, packet4), 0, FaultNone, want4},
		{"null big-endian", LinkNull, join([]byte{0, 0, 0, 30}, packet6), 0, FaultNone, want6},
		{"null freebsd", LinkNull, join([]byte{28, 0, 0, 0}, packet6), 0, FaultNone, want6},
		{"loop", LinkLoop, join([]byte{0, 0, 0, 24}, packet6), 0, FaultNone, want6},
		{"loop, another family", LinkLoop, []byte{0, 0, 0, 7}, 0, FaultNotIP, Headers{}},
		{"cut loop", LinkLoop, []byte{0, 0, 0}, 0, FaultTruncatedLink, Headers{}},
		{"unknown link", 147, packet4, 0, FaultUnsupportedLink, Headers{}},
	})
}

func TestAddOuterVLAN(t *testing.T) {
	for _, test := range []struct {
		name                   string
		before                 Headers
		tci, vlan, innerVLANID uint16
	}{
		{"untagged", Headers{}, 0x2007, 7, 0},
		{"tagged", Headers{VLAN: 8}, 7, 7, 8},
		{"tagged twice", Headers{VLAN: 8, InnerVLAN: 9}, 7, 7, 8},
		{"priority tag", Headers{VLAN: 8}, 0xe000, 8, 0},
	} {
		h := test.before
		if h.AddOuterVLAN(test.tci); h.VLAN != test.vlan || h.InnerVLAN != test.innerVLANID {
			t.Errorf("%s: %d, %d", test.name, h.VLAN, h.InnerVLAN)
		}
	}
}

// Whatever was in the headers before, only the tunnel of a packet in none may stay.
func TestDecodeOverwrites(t *testing.T) {
	frames := [][]byte{
		ethernet(etherIPv4, ipv4(protoTCP, tcp(10))),
		ethernet(etherIPv6, ipv6(protoUDP, udp(10))),
		ethernet(etherVLAN, tag(7, etherIPv4, ipv4(50, zeros(40)))),
		ethernet(0x0806, zeros(46)),
	}
	for i, frame := range frames {
		var dirty, clean Headers
		v := reflect.ValueOf(&dirty).Elem()
		for _, f := range v.Fields() {
			switch f.Kind() {
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Array:
				f.Set(reflect.ValueOf([16]byte{15: 9}))
			case reflect.Struct: // the tunnel
			default:
				f.SetUint(9)
			}
		}
		fault := undoing.Decode(LinkEthernet, frame, 0, &dirty)
		if undoing.Decode(LinkEthernet, frame, 0, &clean) != fault || dirty != clean {
			t.Errorf("frame %d: %v, %+v, not %+v", i, fault, dirty, clean)
		}
	}
}

func TestFaultNames(t *testing.T) {
	seen := map[string]bool{FaultCount.String(): true}
	for f := range FaultCount {
		if name := f.String(); name == "" || seen[name] {
			t.Errorf("fault %d has the name %q", f, name)
		} else {
			seen[name] = true
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	var h Headers
	frame := ethernet(etherVLAN, tag(7, etherIPv6, ipv6(protoHopByHop, ext(protoIPIP, 8, ipv4(protoGRE, join(u32(etherIPv4), ipv4(protoTCP, tcp(1))))))))
	if allocs := testing.AllocsPerRun(100, func() { undoing.Decode(LinkEthernet, frame, 100, &h) }); allocs != 0 || h.TunnelDepth != 2 {
		t.Errorf("%v allocations, depth %d", allocs, h.TunnelDepth)
	}
}
