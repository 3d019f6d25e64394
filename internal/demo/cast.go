package demo

import (
	"net/netip"
	"strings"
	"time"
)

// host is a machine of the little network that the demo plays in.
type host struct {
	name   string
	v4, v6 string
	last   byte // of its MAC address 02:00:5e:10:00:xx
	vlan   uint16
}

// The network is 192.168.10.0/24 and fd12:3456:789a:10::/64; the camera and the
// thermostat are on a tagged VLAN of their own.
var (
	router     = host{"router", "192.168.10.1", "fd12:3456:789a:10::1", 1, 0}
	nas        = host{"nas", "192.168.10.10", "fd12:3456:789a:10::10", 10, 0}
	webServer  = host{"web", "192.168.10.20", "fd12:3456:789a:10::20", 20, 0}
	desktop    = host{"desktop", "192.168.10.31", "fd12:3456:789a:10::31", 31, 0}
	laptop     = host{"laptop", "192.168.10.32", "fd12:3456:789a:10::32", 32, 0}
	workLaptop = host{"work-laptop", "192.168.10.33", "fd12:3456:789a:10::33", 33, 0}
	phone      = host{"phone", "192.168.10.41", "fd12:3456:789a:10::41", 41, 0}
	secondOne  = host{"phone-2", "192.168.10.42", "fd12:3456:789a:10::42", 42, 0}
	tablet     = host{"tablet", "192.168.10.43", "fd12:3456:789a:10::43", 43, 0}
	television = host{"tv", "192.168.10.50", "fd12:3456:789a:10::50", 50, 0}
	console    = host{"console", "192.168.10.51", "", 51, 0}
	printer    = host{"printer", "192.168.10.60", "", 60, 0}
	camera     = host{"camera", "192.168.10.70", "", 70, 30}
	thermostat = host{"thermostat", "192.168.10.71", "", 71, 30}
)

// people's machines browse; everyone's clock is set and names are asked for.
var (
	browsing = []host{desktop, laptop, workLaptop, phone, secondOne, tablet}
	everyone = []host{desktop, laptop, workLaptop, phone, secondOne, tablet, nas, webServer, television, console, printer}
)

// place is a public address somewhere in the world.
type place struct {
	country string // where the embedded database has it, ISO alpha-2
	v4, v6  string
	rtt     time.Duration
}

const ms = time.Millisecond

// places come in order of how often they are talked to. They lie in large
// networks of their countries; what they are in truth does not matter.
var places = []place{
	{"US", "73.162.40.11", "2630::1:11", 95 * ms},
	{"DE", "93.200.14.80", "2a02:1000::80", 12 * ms},
	{"NL", "145.97.20.33", "2a02:a400::33", 16 * ms},
	{"FR", "90.63.201.7", "2a01:c000::7", 18 * ms},
	{"GB", "86.140.9.21", "2a00:2200::21", 24 * ms},
	{"US", "214.3.77.60", "2632::2:60", 110 * ms},
	{"IE", "34.240.18.90", "2a0b:5b80::90", 30 * ms},
	{"JP", "133.11.93.24", "2400:2000::24", 230 * ms},
	{"CN", "113.78.120.9", "240e::9", 210 * ms},
	{"SG", "43.12.8.140", "2410::140", 170 * ms},
	{"BR", "179.130.44.6", "2804:d40::6", 190 * ms},
	{"SE", "90.230.17.5", "2a04:ae00::5", 32 * ms},
	{"CA", "99.230.61.14", "2631:1000::14", 105 * ms},
	{"IN", "117.200.33.71", "2409:4000::71", 140 * ms},
	{"AU", "101.170.5.19", "2401:6000::19", 280 * ms},
	{"KR", "211.200.14.8", "2400::8", 240 * ms},
	{"ZA", "197.70.12.40", "2c0e:2000::40", 165 * ms},
	{"FI", "91.154.80.2", "2a0c:2900::2", 35 * ms},
	{"PL", "83.10.66.31", "2a01:1000::31", 28 * ms},
	{"IT", "79.20.8.55", "2a01:2000::55", 26 * ms},
	{"ES", "88.10.140.3", "2a02:9000::3", 36 * ms},
	{"HK", "118.140.70.22", "2a11:f5c0::22", 200 * ms},
	{"MX", "189.130.7.12", "2806:1000::12", 150 * ms},
	{"CH", "85.2.190.9", "2a02:1200::9", 14 * ms},
	{"CZ", "88.101.30.77", "2a02:8300::77", 15 * ms},
	{"AT", "91.113.9.10", "2a02:8380::10", 13 * ms},
	{"TW", "120.100.4.50", "2404::50", 245 * ms},
	{"NO", "88.90.71.4", "2a07:40::4", 34 * ms},
	{"AR", "186.130.20.8", "", 225 * ms},
	{"CL", "191.114.6.61", "", 230 * ms},
	{"EG", "156.193.44.10", "2c0e::10", 70 * ms},
	{"KE", "105.50.9.33", "", 160 * ms},
	{"NG", "105.113.20.17", "", 120 * ms},
	{"TR", "88.230.15.6", "", 55 * ms},
	{"AE", "94.201.33.8", "", 115 * ms},
	{"NZ", "122.57.81.30", "2404:4400::30", 290 * ms},
	{"RU", "95.25.60.44", "", 50 * ms},
	{"UA", "37.53.70.91", "", 40 * ms},
	{"ID", "39.200.8.15", "", 190 * ms},
	{"VN", "113.161.90.4", "", 220 * ms},
	{"TH", "171.97.14.29", "", 200 * ms},
	{"MY", "175.137.60.5", "", 185 * ms},
	{"PH", "112.201.3.88", "", 215 * ms},
	{"CO", "181.130.9.72", "", 170 * ms},
	{"PE", "190.233.40.2", "", 195 * ms},
	{"IL", "79.177.8.64", "", 60 * ms},
	{"SA", "188.50.77.13", "", 105 * ms},
	{"KZ", "2.73.100.20", "", 90 * ms},
	{"PK", "39.33.12.6", "", 150 * ms},
	{"MA", "196.65.30.11", "", 50 * ms},
	{"GH", "154.161.7.90", "", 110 * ms},
	{"SN", "41.82.60.8", "", 95 * ms},
	{"PT", "85.241.11.40", "", 42 * ms},
	{"GR", "94.65.20.17", "", 48 * ms},
	{"RO", "92.81.9.3", "", 38 * ms},
	{"DK", "2.105.40.66", "", 22 * ms},
	{"BE", "109.129.5.12", "", 15 * ms},
	{"EE", "90.191.60.7", "", 37 * ms},
	{"IS", "157.157.20.5", "", 60 * ms},
	{"UY", "186.49.33.21", "", 220 * ms},
	{"EC", "181.113.8.9", "", 180 * ms},
	{"PA", "190.33.70.14", "", 150 * ms},
	{"CR", "201.193.4.30", "", 155 * ms},
	{"JM", "72.27.40.8", "", 130 * ms},
	{"DO", "152.167.9.51", "", 125 * ms},
	{"BD", "114.130.30.6", "", 175 * ms},
	{"LK", "112.134.50.19", "", 165 * ms},
	{"TZ", "156.157.8.27", "", 160 * ms},
	{"MU", "102.230.14.5", "", 200 * ms},
	{"FJ", "144.120.9.12", "", 310 * ms},
	{"NC", "101.101.8.4", "", 300 * ms},
	{"GL", "88.83.5.10", "", 80 * ms},
}

// resolvers answer names when the router does not.
var resolvers = []place{
	{"US", "8.8.8.8", "2001:4860:4860::8888", 15 * ms},
	{"AU", "1.1.1.1", "", 9 * ms},
}

func (h host) end(six bool, port uint16) end {
	addr := h.v4
	if six {
		addr = h.v6
	}
	return end{mac: [6]byte{0x02, 0x00, 0x5e, 0x10, 0x00, h.last}, addr: netip.MustParseAddr(addr), port: port, ttl: 64}
}

// end of a place has the router's MAC address: that is who sends its packets here.
func (p place) end(six bool, port uint16) end {
	e := router.end(false, port)
	addr := p.v4
	if six {
		addr = p.v6
	}
	e.addr = netip.MustParseAddr(addr)
	e.ttl = 64 - 8 - byte(p.rtt/(25*ms))
	return e
}

// serverName is a name of a place that no one owns (RFC 2606).
func (p place) serverName(what string) string {
	return what + "." + strings.ToLower(p.country) + ".example.net"
}
