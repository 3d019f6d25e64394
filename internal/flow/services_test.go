package flow

import (
	"slices"
	"testing"
)

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

func TestServicePorts(t *testing.T) {
	for name, want := range map[string][]uint16{
		"https": {443}, "HTTPS": {443}, "bittorrent": {6881, 51413}, "radius": {1645, 1812}, "postgres": {5432}, "ssh": {22}, "nothing": nil, "": nil,
	} {
		if got := ServicePorts(name); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	for port, name := range tcpServices {
		if !slices.Contains(ServicePorts(name), port) {
			t.Errorf("port %d is not found by its name %s", port, name)
		}
	}
}
