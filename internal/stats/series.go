package stats

// series is a ring of the latest seconds, numbered since the Unix epoch.
type series struct {
	slots []Sample
	// oldest and newest are the seconds in the ring. Those before complete are over.
	oldest, newest, complete int64
}

// reset begins anew at a second: the clock was set, or jumped further than the ring
// is long, and empty seconds are not worth a loop over years.
func (s *series) reset(number int64) {
	clear(s.slots)
	s.oldest, s.newest = number, number
}

func (s *series) slot(number int64) *Sample {
	n := int64(len(s.slots))
	return &s.slots[(number%n+n)%n]
}

// add counts a batch for its second. One that lies before the ring is only a
// straggler, and in the totals.
func (s *series) add(number int64, sample *Sample) {
	n := int64(len(s.slots))
	switch {
	case number-s.newest >= n:
		s.reset(number)
	case number <= s.newest-n:
		return
	}
	for s.newest < number {
		s.newest++
		*s.slot(s.newest) = Sample{}
	}
	s.oldest = max(min(s.oldest, number), s.newest-n+1)
	s.slot(number).add(sample)
}

// settle declares the newest second complete, because nothing more is to come soon.
func (s *series) settle() { s.complete = max(s.complete, s.newest+1) }

// add sums two samples of the same time.
func (s *Sample) add(o *Sample) {
	s.Observed += o.Observed
	s.In.add(o.In)
	s.Out.add(o.Out)
	s.Other.add(o.Other)
	s.NewSessions += o.NewSessions
	s.ActiveSessions = max(s.ActiveSessions, o.ActiveSessions)
	s.Retransmits += o.Retransmits
	s.Input.Add(o.Input)
}

// Series returns a sample for each complete second that begins in [from, to), in
// nanoseconds since the Unix epoch; 0 is open. It begins at the earliest second
// that the engine remembers, at most Config.SeriesSeconds ago, and has no gaps.
func (e *Engine) Series(from, to int64) []Sample {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := &e.series
	if !e.started {
		return []Sample{}
	}
	first, end := s.oldest, min(s.complete, s.newest+1)
	if from != 0 {
		first = max(first, -floorDiv(-from, second))
	}
	if to != 0 {
		end = min(end, -floorDiv(-to, second))
	}
	samples := make([]Sample, 0, max(end-first, 0))
	for number := first; number < end; number++ {
		v := *s.slot(number)
		v.Time = number * second
		samples = append(samples, v)
	}
	return samples
}
