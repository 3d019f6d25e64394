package filter_test

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/pcapfile"
)

const (
	// framesPerFile keeps a few long captures from outweighing the odd short ones.
	framesPerFile = 60
	// framesPerLink bounds what tcpdump reads for every expression.
	framesPerLink = 7000
	// frameBytes is what is kept of a frame: no filter here looks farther.
	frameBytes = 400
)

// sample is a captured frame.
type sample struct {
	data    []byte
	wireLen uint32
}

// unavailable ends a test that cannot run here.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI_REQUIRE_ALL") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// samples are frames of the shared captures by link type; of every third there is also
// a copy that is cut at a random byte.
func samples(t testing.TB) map[uint16][]sample {
	t.Helper()
	root := os.Getenv("NETFLOW_CORPORA")
	if root == "" {
		root = "../../../../shared/corpora"
	}
	if _, err := os.Stat(root); err != nil {
		unavailable(t, "no captures to filter: set NETFLOW_CORPORA to their folder: "+err.Error())
	}
	all := map[uint16][]sample{}
	random := rand.New(rand.NewPCG(1, 2))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(filepath.Base(path), ".pcap") && !strings.HasSuffix(path, ".trace") {
			return err
		}
		source, err := pcapfile.Open(path, pcapfile.Options{})
		if err != nil {
			return nil // some are no captures on purpose
		}
		defer source.Close()
		for range framesPerFile {
			var f capture.Frame
			if err := source.Next(&f); err != nil {
				if errors.Is(err, io.EOF) {
					break
				}
				return nil // some are damaged on purpose
			}
			if len(all[f.LinkType]) < framesPerLink {
				all[f.LinkType] = append(all[f.LinkType], cut(f, random)...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all[1]) < 1000 {
		t.Fatalf("only %d Ethernet frames", len(all[1]))
	}
	for _, linkType := range []uint16{0, 9, 101, 104, 108, 113, 228, 229, 276} {
		all[linkType] = append(all[linkType], relink(linkType, all[1])...)
	}
	return all
}

func cut(f capture.Frame, random *rand.Rand) []sample {
	data := append([]byte(nil), f.Data[:min(len(f.Data), frameBytes)]...)
	list := []sample{{data, f.WireLen}}
	if len(data) > 1 && random.IntN(3) == 0 {
		list = append(list, sample{data[:random.IntN(min(len(data), 100))], f.WireLen})
	}
	return list
}

// writePcap writes frames as tcpdump reads them, numbered by their time in seconds.
func writePcap(t testing.TB, linkType uint16, frames []sample) string {
	t.Helper()
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 4)
	for _, field := range []uint32{0, 0, 262144, uint32(linkType)} {
		out = binary.LittleEndian.AppendUint32(out, field)
	}
	for i, f := range frames {
		for _, field := range []uint32{uint32(i), 0, uint32(len(f.data)), f.wireLen} {
			out = binary.LittleEndian.AppendUint32(out, field)
		}
		out = append(out, f.data...)
	}
	path := filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// passed reads back which frames tcpdump let through.
func passed(t testing.TB, pcap []byte) map[int]bool {
	t.Helper()
	got := map[int]bool{}
	if len(pcap) < 24 {
		return got
	}
	for rest := pcap[24:]; len(rest) >= 16; {
		got[int(binary.LittleEndian.Uint32(rest))] = true
		rest = rest[16+binary.LittleEndian.Uint32(rest[8:]):]
	}
	return got
}

// relink gives Ethernet frames other link headers: of those there are few captures.
func relink(linkType uint16, frames []sample) (list []sample) {
	for i, f := range frames {
		if len(f.data) < 14 || i%3 != 0 {
			continue
		}
		etherType := f.data[12:14]
		var header []byte
		switch linkType {
		case 101, 228, 229:
			first := f.data[12:]
			if string(etherType) != "\x08\x00" && string(etherType) != "\x86\xdd" ||
				linkType != 101 && (linkType == 228) != (first[0] == 8) {
				continue
			}
		case 0, 108:
			family := map[string]byte{"\x08\x00": 2, "\x86\xdd": 30}[string(etherType)]
			header = []byte{0, 0, 0, family}
			if linkType == 0 {
				header = []byte{family, 0, 0, 0}
			}
		case 9:
			header = []byte{0xff, 3, 0x80, 0x21}
			if protocol, ok := map[string]string{"\x08\x00": "\x00\x21", "\x86\xdd": "\x00\x57"}[string(etherType)]; ok {
				copy(header[2:], protocol)
			}
		case 104:
			header = append([]byte{0x0f, 0}, etherType...)
		case 113:
			header = append([]byte{0, byte(i % 5), 0, 1, 0, 6}, f.data[6:14]...)
			header = append(header, etherType...)
		case 276:
			header = append(append([]byte(nil), etherType...), 0, 0, 0, 0, 0, byte(i%3), 0, 1, byte(i%5), 6)
			header = append(header, f.data[6:14]...)
		}
		data := slices.Concat(header, f.data[14:])
		list = append(list, sample{data, f.wireLen - 14 + uint32(len(header))})
	}
	return list
}
