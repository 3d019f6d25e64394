package pcapfile

import (
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"netflow-monitor/internal/capture"
)

func paced(t *testing.T, speed float64, seconds ...uint32) *Source {
	t.Helper()
	o := binary.LittleEndian
	file := pcapHeader(o, magicMicroseconds, 65535, 1)
	for _, s := range seconds {
		file = append(file, pcapRecord(o, s, 0, 3, "abc")...)
	}
	s, err := Open(write(t, file), Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// next waits for the next packet and checks the clock on the way: it never goes back,
// and Next comes back at least every 250 ms.
func next(t *testing.T, s *Source, clock *int64) (packet capture.Frame) {
	t.Helper()
	for {
		called := time.Now()
		err := s.Next(&packet)
		if waited := time.Since(called); waited > 250*time.Millisecond {
			t.Errorf("Next slept for %v", waited)
		}
		if err == nil {
			*clock = max(*clock, packet.Time)
			return packet
		}
		if !errors.Is(err, capture.ErrIdle) {
			t.Fatal(err)
		}
		if packet.Time < *clock {
			t.Errorf("clock went from %d back to %d", *clock, packet.Time)
		}
		*clock = packet.Time
	}
}

func TestPace(t *testing.T) {
	for _, test := range []struct {
		speed float64
		want  []time.Duration // real time of each packet after the first
	}{
		{1, []time.Duration{0, 10 * time.Second, 10 * time.Second, 11 * time.Second}},
		{10, []time.Duration{0, time.Second, time.Second, 1100 * time.Millisecond}},
		{0.5, []time.Duration{0, 20 * time.Second, 20 * time.Second, 22 * time.Second}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := paced(t, test.speed, 1000, 1010, 1005, 1011) // the third is out of order
			start, clock := time.Now(), int64(0)
			for i, want := range test.want {
				next(t, s, &clock)
				if at := time.Since(start); at < want-shortestWait || at > want+shortestWait {
					t.Errorf("speed %v: packet %d came after %v, want %v", test.speed, i, at, want)
				}
			}
			if clock != 1011e9 {
				t.Errorf("clock is %d at the end", clock)
			}
		})
	}
}

// While nobody asks for packets, the paced time stands still.
func TestPaceStandsStillWhileCallerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := paced(t, 1, 1000, 1010)
		clock := int64(0)
		next(t, s, &clock)
		time.Sleep(time.Hour)
		back := time.Now()
		next(t, s, &clock)
		if waited := time.Since(back); waited < 9*time.Second || waited > 11*time.Second {
			t.Errorf("packet came %v after the pause", waited)
		}
	})
}
