package packet

import (
	"math"
	"slices"
	"testing"

	"netflow-monitor/internal/capture"
)

var linkTypes = []uint16{
	LinkNull, LinkEthernet, LinkSLIP, LinkPPP, LinkFDDI, LinkRaw12, LinkRaw14, LinkPPPHDLC, LinkPPPEther, LinkATM, LinkRaw,
	LinkCiscoHDLC, LinkWLAN, LinkFrameRelay, LinkLoop, LinkEnc, LinkLinuxSLL, LinkPFLog, LinkPrism, LinkIPOverFC, LinkRadiotap,
	LinkFireWire, LinkAVS, LinkPPPD, LinkPPI, LinkPPPDirection, LinkIPNet, LinkIPv4, LinkIPv6, LinkNFLog, LinkNetAnalyzer,
	LinkIPoIB, LinkPKTAP, LinkMPacket, LinkLinuxSLL2, LinkBroadcomTag, LinkBroadcomPre, LinkDSA, LinkEDSA, 147,
}

// FuzzDecode looks for input that makes Decode panic or contradict itself.
func FuzzDecode(f *testing.F) {
	add := func(link uint16, data []byte) {
		f.Add(uint8(slices.Index(linkTypes, link)), uint32(len(data)), data)
	}
	packet := ipv4(protoTCP, tcp(10))
	add(LinkEthernet, ethernet(etherQinQ, tag(7, etherVLAN, tag(8, etherIPv6, ipv6(protoUDP, udp(10))))))
	add(LinkRaw, ipv6(protoHopByHop, ext(protoFragment, 8, frag6(protoTCP, 1, tcp(10)))))
	for _, framing := range framings() {
		add(framing.link, join(framing.head, packet))
	}
	for _, c := range tunnelHeaders() {
		add(LinkRaw, c.outer4())
		add(LinkEthernet, ethernet(etherIPv6, c.outer6()))
	}
	for _, frame := range corpusFrames(f, 300) {
		add(frame.LinkType, frame.Data)
	}
	f.Fuzz(func(t *testing.T, link uint8, wire uint32, data []byte) {
		checkFrame(t, linkTypes[int(link)%len(linkTypes)], data, wire)
		checkUsual(t, data, wire)
	})
}

// FuzzTunnel looks for the same among what UDP datagrams of all tunnels' ports, and
// packets of other tunnels, may carry, which is a long way for FuzzDecode.
func FuzzTunnel(f *testing.F) {
	for _, c := range tunnelHeaders() {
		f.Add(c.proto, c.port, join(c.head, c.packet()))
	}
	f.Fuzz(func(t *testing.T, protocol uint8, port uint16, payload []byte) {
		if len(payload) > math.MaxUint16-ipv4Header-udpHeader {
			return
		}
		if protocol == protoUDP {
			payload = datagram(1024, port, payload)
		}
		checkFrame(t, LinkRaw, ipv4(protocol, payload), 0)
	})
}

// corpusFrames are the first frames of some captures, if they are there. They seed
// the fuzzers only, which do without them as well: nothing is skipped.
func corpusFrames(t testing.TB, most int) (frames []capture.Frame) {
	t.Helper()
	dir := corpora()
	if dir == "" {
		return nil
	}
	last := ""
	eachFrame(t, dir, func(path string, f *capture.Frame) {
		if path == last || len(frames) == most || !slices.Contains(linkTypes, f.LinkType) {
			return
		}
		last = path
		frames = append(frames, capture.Frame{LinkType: f.LinkType, Data: slices.Clone(f.Data[:min(len(f.Data), 500)])})
	})
	return frames
}
