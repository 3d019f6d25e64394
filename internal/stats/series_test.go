package stats

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// outBytes renders a series as its bytes out per second.
func outBytes(samples []Sample) []uint64 {
	bytes := make([]uint64, len(samples))
	for i, s := range samples {
		bytes[i] = s.Out.Bytes
	}
	return bytes
}

func TestSeries(t *testing.T) {
	type step struct {
		at   int64 // nanoseconds after the epoch
		sent uint64
	}
	const year = 365 * 86_400 * second
	tests := []struct {
		name  string
		steps []step
		first int64 // second after the epoch
		want  []uint64
	}{
		{"every second", []step{{1 * second, 1}, {2 * second, 2}, {3 * second, 3}}, 0, []uint64{1, 2, 3}},
		{"several batches of one time", []step{{1 * second, 1}, {1 * second, 2}, {2 * second, 4}}, 0, []uint64{3, 4}},
		{"a second that is not over", []step{{1 * second, 1}, {2*second - 1, 2}}, 0, []uint64{1}},
		{"a source out of step", []step{{second / 2, 1}, {3 * second / 2, 2}, {5 * second / 2, 3}}, 0, []uint64{1, 2}},
		{"seconds without a batch", []step{{1 * second, 1}, {4 * second, 4}}, 0, []uint64{1, 0, 0, 4}},
		{"straggler", []step{{5 * second, 5}, {7 * second, 7}, {6 * second, 6}, {3 * second, 3}}, 2, []uint64{3, 0, 5, 6, 7}},
		{"jump over the ring", []step{{1 * second, 1}, {year, 2}, {year + second, 3}}, year/second - 1, []uint64{2, 3}},
		{"clock set back", []step{{year, 1}, {1 * second, 2}, {2 * second, 3}}, 0, []uint64{2, 3}},
		{"before 1970", []step{{-epoch - 3*second/2, 1}, {-epoch - second/2, 2}, {-epoch + second, 3}}, -epoch/second - 2, []uint64{1, 2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEngine(t, nil)
			for _, s := range tt.steps {
				consume(t, e, epoch+s.at, record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, s.sent, 0))
			}
			got := e.Series(0, 0)
			if d := cmp.Diff(tt.want, outBytes(got)); d != "" {
				t.Fatal(d)
			}
			for i, s := range got {
				if want := epoch + (tt.first+int64(i))*second; s.Time != want {
					t.Errorf("second %d begins at %v, want %v", i, time.Unix(0, s.Time).UTC(), time.Unix(0, want).UTC())
				}
			}
		})
	}
}

func TestSeriesForgetsTheOldest(t *testing.T) {
	e := newEngine(t, func(c *Config) { c.SeriesSeconds = 60 })
	for i := range int64(200) {
		consume(t, e, epoch+(i+1)*second, record(1, key("192.168.1.2", "11.0.0.1", 1, 443), epoch, uint64(i), 0))
	}
	got := outBytes(e.Series(0, 0))
	if len(got) != 60 || got[0] != 140 || got[59] != 199 {
		t.Errorf("%d seconds: %v", len(got), got)
	}
	from, to := epoch+150*second, epoch+153*second
	if d := cmp.Diff([]uint64{150, 151, 152}, outBytes(e.Series(from, to))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]uint64{150, 151}, outBytes(e.Series(from-1, to-second))); d != "" {
		t.Error(d)
	}
	for _, span := range [][2]int64{{to, from}, {epoch, epoch + second}, {epoch + 300*second, 0}} {
		if got := e.Series(span[0], span[1]); len(got) != 0 {
			t.Errorf("%v has %d seconds", span, len(got))
		}
	}
	// A gap that the ring can hold leaves nothing of the round before.
	consume(t, e, epoch+230*second)
	if d := cmp.Diff(make([]uint64, 30), outBytes(e.Series(epoch+200*second, 0))); d != "" {
		t.Error(d)
	}
}

// A file of many years must not cost a loop over its seconds.
func TestJumpsAreCheap(t *testing.T) {
	e := newEngine(t, nil)
	began := time.Now()
	for i := range int64(2000) {
		if err := e.Consume(flow.Batch{Time: i % 2 * 7_000_000_000 * second}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("2000 jumps took %v", took)
	}
}
