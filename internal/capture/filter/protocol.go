package filter

// Numbers by which a link header says what it carries: EtherTypes, and below 1501 the
// service access points of an 802.2 header.
const (
	etherIPv4      = 0x0800
	etherARP       = 0x0806
	etherRARP      = 0x8035
	etherAppleTalk = 0x809b
	etherAppleARP  = 0x80f3
	etherVLAN      = 0x8100 // 802.1Q
	etherIPX       = 0x8137
	etherIPv6      = 0x86dd
	etherMPLS      = 0x8847
	etherPPPoED    = 0x8863
	etherPPPoES    = 0x8864
	etherQinQ      = 0x88a8 // 802.1ad
	etherQinQOld   = 0x9100
	// etherMaxLength is the largest length of an 802.3 frame; above it is an EtherType.
	etherMaxLength = 1500

	sapSTP     = 0x42
	sapIPX     = 0xe0
	sapNetBEUI = 0xf0
	sapOSI     = 0xfe
	// sapNovell are the first bytes of an IPX packet in 802.3 without an 802.2 header.
	sapNovell = 0xffff

	protoIPv6Fragment = 44
)

// protocol is a word that can stand alone, before "host", or before "[".
type protocol struct {
	name string
	// etherType is what a link header says of it; 0 if it is above IP, or the link layer.
	etherType uint32
	// ipProto is what an IP header says of it, and over4 and over6 which of them.
	ipProto      uint32
	over4, over6 bool
	// loads is whether name[offset] reads its header.
	loads bool
	// ports is whether "name port" makes sense.
	ports bool
}

func (p *protocol) transport() bool { return p.over4 || p.over6 }

var (
	protoLink = &protocol{name: "ether", loads: true}
	protoIP   = &protocol{name: "ip", etherType: etherIPv4, loads: true}
	protoIP6  = &protocol{name: "ip6", etherType: etherIPv6, loads: true}
	protoARP  = &protocol{name: "arp", etherType: etherARP, loads: true}
	protoRARP = &protocol{name: "rarp", etherType: etherRARP, loads: true}

	protoICMP6 = &protocol{name: "icmp6", ipProto: 58, over6: true, loads: true}
	protoTCP   = &protocol{name: "tcp", ipProto: 6, over4: true, over6: true, loads: true, ports: true}
	protoUDP   = &protocol{name: "udp", ipProto: 17, over4: true, over6: true, loads: true, ports: true}
	protoSCTP  = &protocol{name: "sctp", ipProto: 132, over4: true, over6: true, loads: true, ports: true}
)

var protocols = func() map[string]*protocol {
	all := map[string]*protocol{}
	for _, p := range []*protocol{
		protoLink, protoIP, protoIP6, protoARP, protoRARP, protoICMP6, protoTCP, protoUDP, protoSCTP,
		{name: "icmp", ipProto: 1, over4: true, loads: true},
		{name: "igmp", ipProto: 2, over4: true, loads: true},
		{name: "igrp", ipProto: 9, over4: true, loads: true},
		{name: "vrrp", ipProto: 112, over4: true, loads: true},
		{name: "carp", ipProto: 112, over4: true, loads: true},
		{name: "pim", ipProto: 103, over4: true, over6: true, loads: true},
		{name: "ah", ipProto: 51, over4: true, over6: true},
		{name: "esp", ipProto: 50, over4: true, over6: true},
		{name: "atalk", etherType: etherAppleTalk, loads: true},
		{name: "decnet", etherType: 0x6003, loads: true},
		{name: "lat", etherType: 0x6004, loads: true},
		{name: "mopdl", etherType: 0x6001, loads: true},
		{name: "moprc", etherType: 0x6002, loads: true},
		{name: "sca", etherType: 0x6007, loads: true},
		{name: "aarp", etherType: etherAppleARP},
		{name: "iso", etherType: sapOSI},
		{name: "stp", etherType: sapSTP},
		{name: "ipx", etherType: sapIPX},
		{name: "netbeui", etherType: sapNetBEUI},
	} {
		all[p.name] = p
	}
	return all
}()
