package meter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
)

const (
	moreFragments  = 0x2000
	fragmentOffset = 185 // in units of 8 bytes
)

// part makes an IPv4 frame the fragment that id and field, flags and offset, say.
func part(p pkt, id uint16, field uint16) capture.Frame {
	f := p.frame()
	f.Data[18], f.Data[19] = byte(id>>8), byte(id)
	f.Data[20], f.Data[21] = byte(field>>8), byte(field)
	return f
}

func TestFragments(t *testing.T) {
	d, e := udp("10.0.0.1", "10.0.0.2", 40000, 53), udp("10.0.0.1", "10.0.0.2", 40001, 53)
	ping := icmp("10.0.0.1", "10.0.0.2", 8, 0)
	long := d.when(31)
	tests := []struct {
		name   string
		frames []capture.Frame
		want   []string
	}{
		{"two datagrams, interleaved", []capture.Frame{
			part(d, 1, moreFragments), part(e, 2, moreFragments), part(d, 1, fragmentOffset|moreFragments), part(e, 2, fragmentOffset), part(d, 1, 2*fragmentOffset),
		}, []string{"10.0.0.1 40000 10.0.0.2 53 3 0 unreplied forced_end", "10.0.0.1 40001 10.0.0.2 53 2 0 unreplied forced_end"}},
		{"large ping", []capture.Frame{part(ping, 3, moreFragments), part(ping, 3, fragmentOffset)}, []string{"10.0.0.1 0 10.0.0.2 0 2 0 unreplied forced_end"}},
		{"first fragment missing", []capture.Frame{part(d, 4, fragmentOffset)}, []string{"10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end"}},
		{"other sender with the same identification", []capture.Frame{part(d, 5, moreFragments), part(d.back(), 5, fragmentOffset)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end", "10.0.0.2 0 10.0.0.1 0 1 0 unreplied forced_end",
		}},
		{"identification used again later", []capture.Frame{part(d, 6, moreFragments), part(d.when(31), 6, fragmentOffset)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end", "10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end",
		}},
		{"last fragment first, answered", []capture.Frame{
			part(d, 7, 2*fragmentOffset), part(d, 7, fragmentOffset|moreFragments), part(d.when(0.5), 7, moreFragments), part(d.back().when(1), 7, 0),
		}, []string{"10.0.0.1 40000 10.0.0.2 53 3 1 active forced_end"}},
		{"backwards and reordered", []capture.Frame{part(d.back(), 8, fragmentOffset), part(d.back(), 8, moreFragments)}, []string{
			"10.0.0.1 40000 10.0.0.2 53 0 2 unreplied forced_end",
		}},
		{"large ping, reordered", []capture.Frame{part(ping, 9, fragmentOffset), part(ping, 9, moreFragments)}, []string{"10.0.0.1 0 10.0.0.2 0 2 0 unreplied forced_end"}},
		{"first fragment comes too late", []capture.Frame{part(d, 10, fragmentOffset), part(long, 10, moreFragments)}, []string{
			"10.0.0.1 0 10.0.0.2 0 1 0 unreplied forced_end", "10.0.0.1 40000 10.0.0.2 53 1 0 unreplied forced_end",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runFrames(t, offline(), tt.frames).records()
			sortByID(got)
			if diff := cmp.Diff(tt.want, summary(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
