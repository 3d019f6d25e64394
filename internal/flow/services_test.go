package flow

import "testing"

func TestServiceName(t *testing.T) {
	for _, tt := range []struct {
		protocol uint8
		port     uint16
		want     string
	}{
		{ProtoTCP, 443, "https"}, {ProtoUDP, 443, "quic"}, {ProtoTCP, 22, "ssh"}, {ProtoUDP, 22, ""},
		{ProtoUDP, 53, "domain"}, {ProtoTCP, 53, "domain"}, {ProtoSCTP, 53, ""}, {ProtoICMP, 0, ""}, {ProtoTCP, 60123, ""},
	} {
		if got := ServiceName(tt.protocol, tt.port); got != tt.want {
			t.Errorf("ServiceName(%d, %d) = %q, want %q", tt.protocol, tt.port, got, tt.want)
		}
	}
}

func TestServicesAreNamedOnce(t *testing.T) {
	for port := range services {
		if tcpServices[port] != "" && udpServices[port] != "" {
			t.Errorf("the common name of port %d is never used", port)
		}
	}
}
