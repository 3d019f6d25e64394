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
func judge(t testing.TB, path, file, optimise, expr string) (matched map[int]bool, refusal string) {
	t.Helper()
	run := exec.Command(path, "-r", file, "-w", "-", optimise, "--", expr)
	var out, message bytes.Buffer
	run.Stdout, run.Stderr = &out, &message
	if err := run.Run(); err != nil {
		return nil, message.String()
	}
	return passed(t, out.Bytes()), ""
}

// judged is one expression compared over many frames.
type judged struct {
	refusal string
	matched int
	// moot is how many frames depend on libpcap's optimiser: it moves loads about, and
	// where a frame is cut between two of them either answer is libpcap's.
	moot int
	// wrong are the frames about which libpcap disagrees.
	wrong []int
}

func compare(t testing.TB, path, file, expr string, p *filter.Program, frames []sample) (j judged) {
	t.Helper()
	want, refusal := judge(t, path, file, "-n", expr)
	j.matched, j.refusal = len(want), refusal
	if refusal != "" || p == nil {
		return j
	}
	j.wrong = differ(p, frames, want)
	if len(j.wrong) == 0 {
		return j
	}
	plain, _ := judge(t, path, file, "-O", expr)
	wrong := j.wrong[:0]
	for _, i := range j.wrong {
		if plain[i] != want[i] {
			j.moot++
		} else {
			wrong = append(wrong, i)
		}
	}
	j.wrong = wrong
	return j
}

// differ lists the frames about which a program and libpcap disagree.
func differ(p *filter.Program, frames []sample, want map[int]bool) (wrong []int) {
	for i, f := range frames {
		if p.Match(f.data, f.wireLen) != want[i] {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

func (j judged) report(t testing.TB, frames []sample) {
	t.Helper()
	if j.refusal != "" {
		t.Errorf("libpcap refuses it: %s", j.refusal)
	}
	for _, i := range j.wrong[:min(3, len(j.wrong))] {
		t.Errorf("frame %d of %d bytes: % x", i, frames[i].wireLen, frames[i].data)
	}
	if len(j.wrong) > 0 {
		t.Errorf("%d of %d frames differ, %d match", len(j.wrong), len(frames), j.matched)
	}
}

// Exactly the packets that libpcap lets through must match, for every expression and
// link type.
func TestAgreesWithLibpcap(t *testing.T) {
	path := tcpdump(t)
	all := samples(t)
	all[0] = keep(all[0], func(b []byte) bool { return len(b) < 4 || b[3] == 0 && b[0] != 10 })
	all[108] = keep(all[108], func(b []byte) bool { return len(b) < 4 || b[0] == 0 && b[3] != 10 })
	var compared, matches, moot atomic.Int64
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
					j := compare(t, path, file, expr, p, frames)
					j.report(t, frames)
					compared.Add(1)
					matches.Add(int64(j.matched))
					moot.Add(int64(j.moot))
				})
			}
		}
	})
	t.Logf("%d comparisons, %d matching packets; %d cut packets depend on libpcap's optimiser", compared.Load(), matches.Load(), moot.Load())
	if moot.Load()*1000 > matches.Load() {
		t.Error("too many packets depend on libpcap's optimiser")
	}
}

func keep(frames []sample, good func([]byte) bool) (kept []sample) {
	for _, f := range frames {
		if good(f.data) {
			kept = append(kept, f)
		}
	}
	return kept
}
