package offline

import (
	"math"
	"net/netip"
	"testing"
)

// rttExceptions are handshakes that we and Arkime measure differently on purpose.
var rttExceptions = map[string]string{
	"modbus.pcap":                     "the SYN was repeated: Arkime measures from the first, we from the one that was answered",
	"socks5-smtp-503.pcap":            "the SYN was repeated: Arkime measures from the first, we from the one that was answered",
	"wireshark-smb-on-windows10.pcap": "the handshake ends with a segment that has data: Arkime waits for one without",
	"tcp_handshake_synthetic.pcap":    "the handshake is never completed: its last packet is a repeated SYN-ACK",
}

// Arkime's initRTT is half the time from the SYN to the ACK that completes the
// handshake, in whole milliseconds.
func TestHandshakeRTT(t *testing.T) {
	o := oracles[0]
	o.timeouts = "default" // so that a new handshake begins a new session
	files := map[string][]expected{}
	for _, e := range expectation(t, corpora(t, o.tool)) {
		if e.extra.InitRTT != nil {
			files[e.file] = append(files[e.file], e)
		}
	}
	var all, excepted int
	for file, rows := range files {
		ours := o.handshakes(t, file)
		for _, e := range rows {
			all++
			if agrees(ours[[2]netip.AddrPort{e.src, e.dst}], *e.extra.InitRTT) {
				continue
			}
			excepted++
			if rttExceptions[file] == "" {
				t.Errorf("%s, %v > %v: no handshake took twice %v ms; ours took %v",
					file, e.src, e.dst, *e.extra.InitRTT, ours[[2]netip.AddrPort{e.src, e.dst}])
			}
		}
	}
	t.Logf("%d handshakes, %d of them measured differently on purpose", all, excepted)
	if all < 300 || excepted > 5 {
		t.Errorf("%d handshakes with %d exceptions prove nothing", all, excepted)
	}
}

// handshakes are the round trip times in milliseconds of the sessions of each two ends.
func (o *meterOracle) handshakes(t *testing.T, file string) map[[2]netip.AddrPort][]float64 {
	t.Helper()
	ours := map[[2]netip.AddrPort][]float64{}
	for r := range o.records(t, file) {
		src, dst := r.Key.Ports()
		ends := [2]netip.AddrPort{netip.AddrPortFrom(r.Key.SrcAddr(), src), netip.AddrPortFrom(r.Key.DstAddr(), dst)}
		ours[ends] = append(ours[ends], float64(r.RTTClient+r.RTTServer)/1e6)
	}
	return ours
}

func agrees(ours []float64, half float64) bool {
	for _, rtt := range ours {
		if math.Abs(rtt/2-half) <= 1 {
			return true
		}
	}
	return false
}
