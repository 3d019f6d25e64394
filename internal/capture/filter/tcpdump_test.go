package filter_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"sync/atomic"
	"testing"

	"netflow-monitor/internal/capture/filter"
)

// tcpdump finds the judge.
func tcpdump(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		unavailable(t, "no tcpdump to compare with: apt-get install tcpdump")
	}
	return path
}

// judge runs tcpdump; refusal is its message if it does not accept the expression.
func judge(t testing.TB, path, file string, expr string) (matched map[int]bool, refusal string) {
	t.Helper()
	run := exec.Command(path, "-n", "-r", file, "-w", "-", expr)
	var out, message bytes.Buffer
	run.Stdout, run.Stderr = &out, &message
	if err := run.Run(); err != nil {
		return nil, message.String()
	}
	return numbers(t, out.Bytes()), ""
}

// Exactly the packets that libpcap lets through must match, for every expression and
// link type.
func TestAgreesWithLibpcap(t *testing.T) {
	path := tcpdump(t)
	all := samples(t)
	all[0] = keep(all[0], func(b []byte) bool { return len(b) < 4 || b[3] == 0 && b[0] != 10 })
	all[108] = keep(all[108], func(b []byte) bool { return len(b) < 4 || b[0] == 0 && b[3] != 10 })
	compared, matches := new(atomic.Int64), new(atomic.Int64)
	t.Run("", func(t *testing.T) {
		for linkType, list := range expressionsByLink {
			frames := all[linkType]
			if len(frames) == 0 {
				t.Fatalf("no frames of link type %d", linkType)
			}
			file := writePcap(t, linkType, frames)
			for _, expr := range list {
				t.Run(fmt.Sprintf("%d/%s", linkType, expr), func(t *testing.T) {
					t.Parallel()
					p, err := filter.Compile(expr, linkType, filter.Options{})
					if err != nil {
						t.Fatal(err)
					}
					want, refusal := judge(t, path, file, expr)
					if refusal != "" {
						t.Fatal(refusal)
					}
					compared.Add(1)
					matches.Add(int64(len(want)))
					wrong := 0
					for i, f := range frames {
						if got := p.Match(f.data, f.wireLen); got != want[i] {
							if wrong++; wrong <= 3 {
								t.Errorf("frame %d of %d bytes (%d captured): matches %v, libpcap says %v\n% x", i, f.wireLen, len(f.data), got, want[i], f.data[:min(len(f.data), 80)])
							}
						}
					}
					if wrong > 0 {
						t.Errorf("%d of %d frames differ", wrong, len(frames))
					}
				})
			}
		}
	})
	t.Logf("%d comparisons, %d matching packets", compared.Load(), matches.Load())
}

func keep(frames []sample, good func([]byte) bool) (kept []sample) {
	for _, f := range frames {
		if good(f.data) {
			kept = append(kept, f)
		}
	}
	return kept
}
