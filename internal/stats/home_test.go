package stats

import (
	"net/netip"
	"testing"
)

func TestDirection(t *testing.T) {
	home := NewHome([]netip.Addr{own, netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8::7")}, nil)
	tests := []struct {
		src, dst string
		want     Direction
	}{
		{"192.168.1.2", "8.8.8.8", DirectionOut},
		{"8.8.8.8", "192.168.1.2", DirectionIn},
		{"192.168.1.3", "8.8.8.8", DirectionOut},
		{"192.168.1.3", "192.168.1.4", DirectionInternal},
		{"192.168.1.2", "192.168.1.4", DirectionOut},
		{"10.0.0.1", "192.168.1.2", DirectionIn},
		{"8.8.8.8", "9.9.9.9", DirectionTransit},
		{"100.64.0.1", "8.8.8.8", DirectionTransit},
		{"198.51.100.7", "8.8.8.8", DirectionOut},
		{"198.51.100.8", "198.51.100.7", DirectionIn},
		{"198.51.100.7", "192.168.1.2", DirectionInternal},
		{"127.0.0.1", "127.0.0.1", DirectionInternal},
		{"192.168.1.2", "224.0.0.251", DirectionOut},
		{"192.168.1.3", "224.0.0.251", DirectionInternal},
		{"8.8.8.8", "239.1.2.3", DirectionIn},
		{"192.168.1.3", "255.255.255.255", DirectionInternal},
		{"0.0.0.0", "255.255.255.255", DirectionInternal},
		{"fe80::1", "ff02::1", DirectionInternal},
		{"::", "ff02::1:ff00:1", DirectionInternal},
		{"fd00::1", "2a00::1", DirectionOut},
		{"2001:db8::7", "fd00::1", DirectionOut},
		{"::ffff:192.168.1.2", "8.8.8.8", DirectionOut},
		{"fe80::1%eth0", "2a00::1", DirectionOut},
	}
	for _, tt := range tests {
		if got := home.Direction(netip.MustParseAddr(tt.src), netip.MustParseAddr(tt.dst)); got != tt.want {
			t.Errorf("%s to %s: %s, want %s", tt.src, tt.dst, got, tt.want)
		}
	}
}

func TestNetworksReplaceDefaults(t *testing.T) {
	home := NewHome(nil, []netip.Prefix{netip.MustParsePrefix("203.0.113.9/24")})
	for addr, want := range map[string]int{"203.0.113.1": LevelHome, "192.168.1.1": LevelOutside} {
		if got := home.Level(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s has level %d, want %d", addr, got, want)
		}
	}
}

func TestSetHome(t *testing.T) {
	e := newEngine(t, nil)
	consume(t, e, epoch+second, record(1, key("11.0.0.1", "11.1.0.1", 1, 443), epoch, 10, 20))
	a := netip.MustParseAddr("11.0.0.1")
	if p, ok := e.IP(a); !ok || p.Local {
		t.Errorf("before: %+v, %v", p, ok)
	}
	e.SetHome(NewHome([]netip.Addr{a}, nil))
	if p, _ := e.IP(a); !p.Local {
		t.Error("an own address is not local")
	}
	if l, ok := e.HomeLocation(); !ok || l.CountryCode != "CN" {
		t.Errorf("home is at %+v, %v", l, ok)
	}
	consume(t, e, epoch+2*second, record(2, key("11.0.0.1", "11.1.0.1", 2, 443), epoch+second, 10, 20))
	for id, want := range map[uint64]Direction{1: DirectionTransit, 2: DirectionOut} {
		if s, _ := e.Session(id); s.Direction != want {
			t.Errorf("session %d is %s, want %s", id, s.Direction, want)
		}
	}
}

func TestHomeLocationConfigured(t *testing.T) {
	latitude, longitude := 1.5, -2.5
	e := newEngine(t, func(c *Config) { c.HomeLatitude, c.HomeLongitude = &latitude, &longitude })
	if l, ok := e.HomeLocation(); !ok || l.Latitude != latitude || l.Longitude != longitude || !l.HasPosition {
		t.Errorf("home is at %+v, %v", l, ok)
	}
	if l, ok := newEngine(t, nil).HomeLocation(); ok {
		t.Errorf("a private address is at %+v", l)
	}
}
