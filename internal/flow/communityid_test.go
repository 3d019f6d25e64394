package flow

import (
	"net/netip"
	"testing"
)

// The values are those of the specification's baseline tables.
func TestCommunityID(t *testing.T) {
	const (
		v6a = "fe80:0001:0203:0405:0607:0809:0a0b:0c0d"
		v6b = "fe80:1011:1213:1415:1617:1819:1a1b:1c1d"
	)
	tests := []struct {
		protocol     uint8
		src, dst     string
		sport, dport uint16
		want         string
	}{
		{ProtoTCP, "1.2.3.4", "5.6.7.8", 1122, 3344, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
		{ProtoTCP, "5.6.7.8", "1.2.3.4", 3344, 1122, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
		{ProtoUDP, "1.2.3.4", "5.6.7.8", 1122, 3344, "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg="},
		{ProtoSCTP, "5.6.7.8", "1.2.3.4", 3344, 1122, "1:EKt4MsxuyaE6mL+hmrEkQ9csDD8="},
		{ProtoICMP, "1.2.3.4", "5.6.7.8", 8, 0, "1:crodRHL2FEsHjbv3UkRrfbs4bZ0="},
		{ProtoICMP, "5.6.7.8", "1.2.3.4", 0, 8, "1:crodRHL2FEsHjbv3UkRrfbs4bZ0="},
		{ProtoICMP, "1.2.3.4", "5.6.7.8", 11, 0, "1:f/YiSyWqczrTgfUCZlBUnvHRcPk="},
		{ProtoICMPv6, v6a, v6b, 128, 129, "1:0bf7hyMJUwt3fMED7z8LIfRpBeo="},
		{ProtoICMPv6, v6b, v6a, 129, 128, "1:0bf7hyMJUwt3fMED7z8LIfRpBeo="},
		{ProtoICMPv6, v6a, v6b, 146, 0, "1:fYC8+pz24E+EhANP1EZhpX0Dw10="},
		{46, "1.2.3.4", "5.6.7.8", 0, 0, "1:ikv3kmf89luf73WPz1jOs49S768="},
		{46, v6b, v6a, 0, 0, "1:wQ/2mwrnXP4lmJcHdGL5ePjR+e0="},
	}
	for _, tt := range tests {
		src, dst := netip.MustParseAddr(tt.src), netip.MustParseAddr(tt.dst)
		k := Key{
			Src: src.As16(), Dst: dst.As16(), SrcPort: tt.sport, DstPort: tt.dport,
			Protocol: tt.protocol, Version: 6,
		}
		if src.Is4() {
			k.Version = 4
		}
		if got := k.CommunityID(); got != tt.want {
			t.Errorf("protocol %d %s:%d > %s:%d: got %s, want %s", tt.protocol, tt.src, tt.sport, tt.dst, tt.dport, got, tt.want)
		}
	}
}

func TestICMPPorts(t *testing.T) {
	tests := []struct {
		protocol, typ, code uint8
		src, dst            uint16
		oneWay              bool
	}{
		{ProtoICMP, 8, 0, 8, 0, false},
		{ProtoICMP, 0, 0, 0, 8, false},
		{ProtoICMP, 3, 3, 3, 3, true},
		{ProtoICMP, 128, 0, 128, 0, true},
		{ProtoICMPv6, 128, 0, 128, 129, false},
		{ProtoICMPv6, 136, 0, 136, 135, false},
		{ProtoICMPv6, 1, 4, 1, 4, true},
	}
	for _, tt := range tests {
		src, dst, oneWay := ICMPPorts(tt.protocol, tt.typ, tt.code)
		k := Key{Protocol: tt.protocol, SrcPort: src, DstPort: dst}
		if src != tt.src || dst != tt.dst || oneWay != tt.oneWay || k.OneWay() != tt.oneWay {
			t.Errorf("protocol %d type %d code %d: got %d, %d, one-way %t", tt.protocol, tt.typ, tt.code, src, dst, oneWay)
		}
	}
}

func TestCommunityIDDoesNotAllocate(t *testing.T) {
	k := Key{Protocol: ProtoTCP, Version: 4, SrcPort: 1, DstPort: 2}
	b := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { b = k.AppendCommunityID(b[:0]) }); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}
