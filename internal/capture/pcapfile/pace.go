package pcapfile

import (
	"errors"
	"time"

	"netflow-monitor/internal/capture"
)

const (
	maxSpeed = 10_000
	// longestWait is the longest that Next sleeps when paced.
	longestWait = 200 * time.Millisecond
	// shortestWait is what is not worth a sleep: packets that close are delivered together.
	shortestWait = time.Millisecond
	// away is how long a caller may stay away until it counts as a pause, during which
	// the paced time stood still, instead of a reason to hurry.
	away = time.Second
)

// pacer holds each packet back until its time has come. Its clock begins with the
// first packet and runs at speed times the pace of the wall clock.
type pacer struct {
	speed   float64 // 0: not paced
	begun   bool
	base    int64     // time of the first packet
	start   time.Time // when it was delivered, moved on by pauses
	called  time.Time // when next last returned
	clock   int64     // the last time told to the caller; never goes back
	held    capture.Frame
	holding bool
}

func (p *pacer) next(s *Source, f *capture.Frame) error {
	if gap := time.Since(p.called); p.begun && gap > away {
		p.start = p.start.Add(gap)
	}
	err := p.wait(s, f)
	p.called = time.Now()
	return err
}

// wait delivers a packet if it is due soon enough.
func (p *pacer) wait(s *Source, f *capture.Frame) error {
	if !p.holding {
		if err := s.read(&p.held); err != nil {
			if errors.Is(err, capture.ErrIdle) {
				f.Time = p.tell(p.now())
			}
			return err
		}
		p.holding = true
		if !p.begun {
			p.begun, p.base, p.start = true, p.held.Time, time.Now()
		}
	}
	if wait := p.until(p.held.Time); wait > longestWait {
		time.Sleep(longestWait)
		f.Time = p.tell(min(p.now(), p.held.Time))
		return capture.ErrIdle
	} else if wait > shortestWait {
		time.Sleep(wait)
	}
	p.holding = false
	p.tell(p.held.Time)
	*f = p.held
	return nil
}

// tell moves the clock on to t unless it is further already.
func (p *pacer) tell(t int64) int64 {
	p.clock = max(p.clock, t)
	return p.clock
}

// now is the paced time; 0 before the first packet.
func (p *pacer) now() int64 {
	if !p.begun {
		return 0
	}
	return p.base + int64(float64(time.Since(p.start))*p.speed)
}

// until is how long it takes until the paced time reaches t.
func (p *pacer) until(t int64) time.Duration {
	if t <= p.base {
		return 0
	}
	due := float64(t-p.base) / p.speed
	return time.Duration(min(due-float64(time.Since(p.start)), float64(2*longestWait)))
}
