package pcapfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/packet"
)

// Real captures of every link type, many of them malformed on purpose: none may make
// the reader or the decoder panic, hang or contradict itself.
func TestCorpora(t *testing.T) {
	root := os.Getenv("NETFLOW_CORPORA")
	if root == "" {
		root = "../../../../shared/corpora"
	}
	if _, err := os.Stat(root); err != nil {
		reason := "no captures to read: set NETFLOW_CORPORA to their folder: " + err.Error()
		if os.Getenv("CI_REQUIRE_ALL") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	files, packets := 0, 0
	var faults [packet.FaultCount]int
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isCapture(path) {
			files++
			packets += readCapture(t, path, &faults)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 1000 || packets < 10_000 || faults[packet.FaultNone] < packets/2 {
		t.Errorf("%d files, %d packets, %d decoded", files, packets, faults[packet.FaultNone])
	}
	for fault, count := range faults {
		t.Logf("%-22s %d", packet.Fault(fault), count)
	}
}

func isCapture(path string) bool {
	for _, ending := range []string{".pcap", ".pcapng", ".cap", ".trace", ".gz"} {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
}

func readCapture(t *testing.T, path string, faults *[packet.FaultCount]int) (packets int) {
	t.Helper()
	source, err := pcapfile.Open(path, pcapfile.Options{})
	if err != nil {
		if !errors.Is(err, pcapfile.ErrFormat) && !errors.Is(err, capture.ErrTruncated) {
			t.Errorf("%s: %v", path, err)
		}
		t.Log(err)
		return 0
	}
	defer func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}()
	var f capture.Frame
	for {
		err := source.Next(&f)
		if errors.Is(err, io.EOF) || errors.Is(err, capture.ErrTruncated) {
			return packets
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return packets
		}
		packets++
		var h packet.Headers
		fault := new(packet.Decoder).Decode(f.LinkType, f.Data, f.WireLen, &h)
		faults[fault]++
		if f.WireLen < uint32(len(f.Data)) || fault == packet.FaultNone && (h.IPLen > f.WireLen || h.PayloadLen > h.IPLen) {
			t.Errorf("%s, packet %d: %d bytes of %d, IP length %d, payload %d", path, packets, len(f.Data), f.WireLen, h.IPLen, h.PayloadLen)
		}
	}
}
