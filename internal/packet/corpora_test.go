package packet

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/flow"
)

// corpora is the folder of captures, or "" if it is not there.
func corpora() string {
	dir := os.Getenv("NETFLOW_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// needCorpora is corpora for a test that means nothing without it.
func needCorpora(t *testing.T) string {
	t.Helper()
	dir := corpora()
	if dir == "" {
		if os.Getenv("CI_REQUIRE_ALL") == "1" {
			t.Fatal("captures are missing: set NETFLOW_CORPORA")
		}
		t.Skip("no captures to read: set NETFLOW_CORPORA")
	}
	return dir
}

// TestCorpora decodes every frame of all captures: it is refused with a reason or has
// headers that agree with one another. Of link types that we know, none is unsupported.
func TestCorpora(t *testing.T) {
	dir := needCorpora(t)
	var kinds [flow.TunnelKindCount]int
	faults := map[uint16]*[FaultCount]int{}
	eachFrame(t, dir, func(_ string, f *capture.Frame) {
		count := faults[f.LinkType]
		if count == nil {
			count = new([FaultCount]int)
			faults[f.LinkType] = count
		}
		h, fault := checkFrame(t, f.LinkType, f.Data, f.WireLen)
		count[fault]++
		if fault == FaultNone {
			for _, kind := range h.Tunnel.Kinds[:h.TunnelDepth] {
				kinds[kind]++
			}
		}
	})
	for link, count := range faults {
		t.Logf("link %d: %v", link, *count)
	}
	t.Logf("tunnels: %v", kinds)
	for kind := flow.TunnelIPIP; kind < flow.TunnelKindCount; kind++ {
		if kinds[kind] == 0 && kind != flow.TunnelL2TP { // of which there is no capture
			t.Errorf("no tunnel of kind %v was undone", kind)
		}
	}
}

// eachFrame reads what can be read of all captures.
func eachFrame(t testing.TB, dir string, do func(path string, f *capture.Frame)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Base(filepath.Dir(path)) == "pcap" && entry.Type().IsRegular() {
			readFrames(t, path, do)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func readFrames(t testing.TB, path string, do func(path string, f *capture.Frame)) {
	t.Helper()
	source, err := pcapfile.Open(path, pcapfile.Options{})
	if err != nil {
		if !errors.Is(err, pcapfile.ErrFormat) && !errors.Is(err, capture.ErrTruncated) {
			t.Errorf("%s: %v", path, err)
		}
		return
	}
	var f capture.Frame
	for err = source.Next(&f); err == nil; err = source.Next(&f) {
		do(path, &f)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, capture.ErrTruncated) {
		t.Errorf("%s: %v", path, err)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}
