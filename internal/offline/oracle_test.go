package offline

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// corpora is the folder of captures with independent expectations.
func corpora(t *testing.T, sub string) string {
	t.Helper()
	root := os.Getenv("NETFLOW_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	dir := filepath.Join(root, sub)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI_REQUIRE_ALL") == "1" {
			t.Fatalf("captures are missing: %v", err)
		}
		t.Skipf("no captures to compare with (set NETFLOW_CORPORA): %v", err)
	}
	return dir
}

// row is a session as another tool saw it. Its ends are sorted, because tools differ
// in who began.
type row struct {
	file           string
	protocol       string
	a, b           netip.AddrPort
	packetsA       uint64
	packetsB       uint64
	bytesA, bytesB uint64
}

func (r row) sorted() row {
	if order := cmp.Or(r.a.Compare(r.b), cmp.Compare(r.packetsA, r.packetsB)); order > 0 {
		r.a, r.b, r.packetsA, r.packetsB, r.bytesA, r.bytesB = r.b, r.a, r.packetsB, r.packetsA, r.bytesB, r.bytesA
	}
	return r
}

// expectation reads expected.csv. The tools put ICMP types into the ports, or not:
// none are compared.
func expectation(t *testing.T, dir string) (rows []row) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines[1:] {
		n := make([]uint64, 12)
		for i := range n {
			n[i], _ = strconv.ParseUint(l[min(i, len(l)-1)], 10, 64)
		}
		src, errSrc := netip.ParseAddr(l[2])
		dst, errDst := netip.ParseAddr(l[4])
		if err := errors.Join(errSrc, errDst); err != nil {
			t.Fatal(err)
		}
		if isICMPNumber(l[1]) {
			n[3], n[5] = 0, 0
		}
		rows = append(rows, row{
			l[0], l[1], netip.AddrPortFrom(src, uint16(n[3])), netip.AddrPortFrom(dst, uint16(n[5])), n[6], n[7], n[8], n[9],
		}.sorted())
	}
	return rows
}

func isICMPNumber(protocol string) bool { return protocol == "1" || protocol == "58" }

// ours is what Read makes of the file, in the tool's terms.
func ours(t *testing.T, dir, file string, cfg meter.Config, bytes func(flow.Counters) uint64) (rows []row) {
	t.Helper()
	result, err := Read(context.Background(), []string{filepath.Join(dir, "pcap", file)}, cfg)
	if err != nil {
		t.Logf("%s: %v", file, err)
	}
	for r := range result.Sessions.All() {
		sp, dp := r.Key.Ports()
		rows = append(rows, row{
			file, strconv.Itoa(int(r.Key.Protocol)),
			netip.AddrPortFrom(r.Key.SrcAddr(), sp), netip.AddrPortFrom(r.Key.DstAddr(), dp),
			r.Sent.Packets, r.Received.Packets, bytes(r.Sent), bytes(r.Received),
		}.sorted())
	}
	return rows
}

// agreement counts the expected rows that have their equal among ours.
func agreement(t *testing.T, tool string, cfg meter.Config, bytes func(flow.Counters) uint64) (agree, all int) {
	t.Helper()
	dir := corpora(t, tool)
	byFile := map[string][]row{}
	for _, r := range expectation(t, dir) {
		byFile[r.file] = append(byFile[r.file], r)
	}
	for file, want := range byFile {
		got := ours(t, dir, file, cfg, bytes)
		for _, w := range want {
			all++
			if i := slices.Index(got, w); i >= 0 {
				agree++
				got = slices.Delete(got, i, i+1)
			} else if os.Getenv("NETFLOW_ORACLE_DIFF") != "" {
				fmt.Printf("%s MISSING %+v\n", tool, w)
			}
		}
	}
	return agree, all
}

func wire(c flow.Counters) uint64 { return c.WireBytes }
func ip(c flow.Counters) uint64   { return c.IPBytes }

// The sessions of three other teams' meters. Arkime hardly splits sessions; Zeek's
// time-outs are 300, 60 and 60 s; ipfixprobe's are 30 and 300 s for all protocols.
func TestOtherMeters(t *testing.T) {
	tests := []struct {
		tool     string
		timeouts string
		bytes    func(flow.Counters) uint64
		floor    int
	}{
		{"arkime", "none", wire, 665},
		{"zeek", "default", ip, 0},
		{"ipfixprobe", "30/300", ip, 0},
	}
	for _, tt := range tests {
		t.Run(tt.tool, func(t *testing.T) {
			cfg, err := ParseTimeouts(tt.timeouts)
			if err != nil {
				t.Fatal(err)
			}
			agree, all := agreement(t, tt.tool, cfg, tt.bytes)
			t.Logf("%d of %d sessions agree", agree, all)
			if agree < tt.floor {
				t.Errorf("%d of %d sessions agree, at least %d did before", agree, all, tt.floor)
			}
		})
	}
}
