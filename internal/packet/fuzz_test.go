package packet

import (
	"os"
	"path/filepath"
	"testing"
)

var linkTypes = []uint16{
	LinkNull, LinkEthernet, LinkRaw12, LinkRaw14, LinkRaw, LinkLoop, LinkLinuxSLL, LinkIPv4, LinkIPv6, LinkLinuxSLL2, 147,
}

// FuzzDecode looks for input that makes Decode panic or contradict itself.
func FuzzDecode(f *testing.F) {
	for i, seed := range [][]byte{
		ethernet(etherIPv4, ipv4(protoTCP, tcp(10))),
		ethernet(etherQinQ, tag(7, etherVLAN, tag(8, etherIPv6, ipv6(protoUDP, udp(10))))),
		ipv6(protoHopByHop, ext(protoFragment, 8, frag6(protoTCP, 1, tcp(10)))),
	} {
		f.Add(uint8(i), uint32(len(seed)), seed)
	}
	for _, seed := range corpusFrames() {
		f.Add(uint8(1), uint32(len(seed)), seed)
	}
	f.Fuzz(func(t *testing.T, link uint8, wire uint32, data []byte) {
		var h, again Headers
		linkType := linkTypes[int(link)%len(linkTypes)]
		fault := new(Decoder).Decode(linkType, data, wire, &h)
		if fault >= FaultCount {
			t.Fatalf("fault %d", fault)
		}
		if new(Decoder).Decode(linkType, data, wire, &again) != fault || again != h {
			t.Fatal("the second result differs from the first")
		}
		checkUsual(t, data, wire)
		if fault != FaultNone {
			return
		}
		if h.Version != 4 && h.Version != 6 {
			t.Errorf("version %d", h.Version)
		}
		if frame := max(uint64(wire), uint64(len(data))); uint64(h.IPLen) > frame || h.PayloadLen > h.IPLen {
			t.Errorf("payload %d in IP %d in a frame of %d", h.PayloadLen, h.IPLen, frame)
		}
		if h.Fragment == FragmentLater && (h.SrcPort != 0 || h.DstPort != 0) {
			t.Error("a later fragment with ports")
		}
	})
}

// corpusFrames are the first packets of some captures, if they are there. They seed
// the fuzzer only, which does without them as well: nothing is skipped.
func corpusFrames() [][]byte {
	corpora := os.Getenv("NETFLOW_CORPORA")
	if corpora == "" {
		corpora = "../../../shared/corpora"
	}
	const fileHeader, recordHeader, most = 24, 16, 200
	files, _ := filepath.Glob(filepath.Join(corpora, "tcpdump", "pcap", "*.pcap"))
	var frames [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || len(data) < fileHeader+recordHeader || len(data) > 1<<20 || len(frames) == most {
			continue
		}
		length := int(data[fileHeader+8]) | int(data[fileHeader+9])<<8 // little-endian, as nearly all of them are
		first := data[fileHeader+recordHeader:]
		frames = append(frames, first[:min(length, len(first))])
	}
	return frames
}
