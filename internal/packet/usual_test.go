package packet

import (
	"math/rand/v2"
	"testing"
)

// checkUsual fails if the short way gives anything else than the general one. It
// reports whether the short way was taken.
func checkUsual(t *testing.T, data []byte, wire uint32) bool {
	t.Helper()
	usual, general := Headers{SrcPort: 1, TCPFlags: 1, VLAN: 1, Cut: true}, Headers{}
	if !undoing.decodeUsual(data, wire, &usual) {
		return false
	}
	if fault := undoing.decodeAny(LinkEthernet, data, wire, &general); fault != FaultNone || usual != general {
		t.Errorf("%x of %d bytes:\n%+v, but in general, with fault %v,\n%+v", data, wire, usual, fault, general)
	}
	return true
}

func TestUsualAgreesWithGeneral(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	frames := [][]byte{
		ethernet(etherIPv4, ipv4(protoTCP, tcp(20))),
		ethernet(etherIPv4, ipv4(protoUDP, udp(20))),
		ethernet(etherIPv4, join(ipv4(protoTCP, tcp(0)), make([]byte, 6))),
		ethernet(etherIPv6, ipv6(protoTCP, tcp(20))),
		ethernet(etherIPv6, ipv6(protoUDP, udp(20))),
	}
	for _, frame := range frames {
		if !checkUsual(t, frame, uint32(len(frame))) {
			t.Errorf("%x is not usual", frame)
		}
	}
	for _, c := range tunnelHeaders() {
		frames = append(frames, ethernet(etherIPv4, c.outer4()))
	}
	for _, f := range corpusFrames(t, 1000) {
		if f.LinkType == LinkEthernet {
			frames = append(frames, f.Data)
		}
	}
	interesting := []byte{0, 1, 4, 5, 6, 7, 8, 17, 19, 20, 21, 28, 40, 0x45, 0x46, 0x50, 0x60, 0x7f, 0x80, 0xff}
	taken := 0
	for range 300_000 {
		original := frames[r.IntN(len(frames))]
		data := append([]byte(nil), original[:min(len(original), 100)]...)
		for range r.IntN(3) {
			if len(data) > 12 {
				data[12+r.IntN(len(data)-12)] = interesting[r.IntN(len(interesting))]
			}
		}
		wire := uint32(len(data) + r.IntN(3) - 1)
		if r.IntN(4) == 0 {
			data = data[:r.IntN(len(data)+1)]
		}
		if checkUsual(t, data, wire) {
			taken++
		}
	}
	if taken < 10_000 {
		t.Errorf("only %d frames were usual", taken)
	}
}
