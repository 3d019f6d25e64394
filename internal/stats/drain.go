package stats

import (
	"iter"
	"net/netip"
	"slices"

	"netflow-monitor/internal/flow"
)

// pending is what the store has not got yet, but for the living.
type pending struct {
	// sessions have ended; oldest first. The first ones are lost to the bound.
	sessions []Session
	lost     int
	// ips are deltas of addresses that had to make room in the table of IPs.
	ips map[netip.Addr]IP
	// samples are deltas of all points, points those of each; nearly always in order of time.
	samples, points []Sample
	// ranks are deltas of minutes that are over.
	ranks []RankDelta
	// flight was drained and is not settled; its first ended sessions have ended.
	flight     Drained
	endedCount int
}

// ended are all sessions that ended and are not known to be stored.
func (p *pending) ended() iter.Seq[*Session] {
	return func(yield func(*Session) bool) {
		for _, list := range [2][]Session{p.flight.Sessions[:p.endedCount], p.waiting()} {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

// addSession and its likes return how many were lost to the bound.
func (p *pending) addSession(s *Session, most int) (lost uint64) {
	if len(p.waiting()) >= most {
		p.lost++
		lost = 1
	}
	if p.lost > most/2 { // seldom enough that it costs next to nothing for each
		p.sessions = p.sessions[:copy(p.sessions, p.waiting())]
		p.lost = 0
	}
	p.sessions = append(p.sessions, *s)
	return lost
}

// waiting are the sessions that have ended, without those that were lost.
func (p *pending) waiting() []Session { return p.sessions[p.lost:] }

func (p *pending) addIP(d *IP, most int) uint64 {
	have, known := p.ips[d.Addr]
	if !known {
		if len(p.ips) >= most {
			return 1
		}
		p.ips[d.Addr] = *d
		return 0
	}
	have.merge(d)
	p.ips[d.Addr] = have
	return 0
}

// merge adds another delta of the same address.
func (p *IP) merge(d *IP) {
	p.Sent.Add(d.Sent)
	p.Received.Add(d.Received)
	p.RetransmitsSent += d.RetransmitsSent
	p.RetransmitsReceived += d.RetransmitsReceived
	p.Sessions += d.Sessions
	p.First, p.Last = min(p.First, d.First), max(p.Last, d.Last)
}

// addSample adds a delta to its second, and to its point.
func (p *pending) addSample(s *Sample, keep int) uint64 {
	list := &p.samples
	if s.Point != 0 {
		list, keep = &p.points, keep*pointsKept
	}
	if *s == (Sample{Time: s.Time, Point: s.Point}) {
		return 0
	}
	const stragglers = 16 * second
	for i := len(*list) - 1; i >= 0 && (*list)[i].Time >= s.Time-stragglers; i-- {
		if (*list)[i].Time == s.Time && (*list)[i].Point == s.Point {
			(*list)[i].add(s)
			return 0
		}
	}
	var lost uint64
	*list, lost = trimSamples(append(*list, *s), keep)
	return lost
}

// pointsKept is how many times more samples wait of single points than of all.
const pointsKept = 4

// trimSamples keeps the latest seconds as they are and makes minutes of the older
// ones, for a store that is away for long; of minutes it keeps half as many.
func trimSamples(samples []Sample, keep int) (kept []Sample, lost uint64) {
	const minute = 60 * second
	if len(samples) < 2*keep {
		return samples, 0
	}
	type place struct {
		time  int64
		point flow.Point
	}
	old, recent := samples[:len(samples)-keep], samples[len(samples)-keep:]
	folded, at := make([]Sample, 0, keep), make(map[place]int)
	for i := range old {
		s := &old[i]
		s.Time = floorDiv(s.Time, minute) * minute
		if n, known := at[place{s.Time, s.Point}]; known {
			folded[n].add(s)
			continue
		}
		at[place{s.Time, s.Point}] = len(folded)
		folded = append(folded, *s)
	}
	// Some room is left, or the next second would fold everything again.
	over := max(len(folded)-keep/2, 0)
	return slices.Concat(folded[over:], recent), uint64(over)
}

// Drain returns what changed since the previous Drain: the sessions that ended, the
// living ones that are due, deltas of IPs and of rankings, and complete seconds. The caller must not
// change it. The ended sessions stay visible until Stored, which says that it is in
// the store, and which comes before the next Drain: who drained keeps it until then.
func (e *Engine) Drain() Drained { return e.drain(false) }

// DrainAll returns all that is not stored: also living sessions that are not due and
// the incomplete second. It is for the end of a run.
func (e *Engine) DrainAll() Drained { return e.drain(true) }

func (e *Engine) drain(all bool) Drained {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.pending
	p.endedCount = len(p.waiting())
	p.flight = Drained{
		Sessions: e.drainLiving(p.waiting(), all),
		Samples:  e.drainSamples(all),
		// Ranks come before the addresses that they are of.
		Ranks: e.takeRanks(p.ranks, false),
		IPs:   e.drainIPs(),
	}
	p.sessions, p.lost, p.ranks = nil, 0, nil
	return p.flight
}

// Stored says that what was drained is in the store.
func (e *Engine) Stored() {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.pending
	p.flight, p.endedCount = Drained{}, 0
}

// drainLiving appends living sessions that changed: all whose snapshot is due, and as
// many of the others as is cheap, so that a kill of a quiet network's monitor loses
// nothing older than the latest drain. The queue is in the order of the snapshots.
func (e *Engine) drainLiving(sessions []Session, all bool) []Session {
	t := &e.sessions
	fresh := e.cfg.FreshSnapshots
	i := t.due.front()
	for range t.slab.len() {
		s, next := t.slab.at(i), t.due.after(i)
		age := e.clock - s.snapshot
		// A snapshot in the future was made before the clock was set back.
		due := all || age < 0 || age >= int64(e.cfg.SnapshotInterval)
		if !due && fresh == 0 {
			break
		}
		if s.changed {
			sessions = append(sessions, e.view(s))
			if !due {
				fresh--
			}
		}
		if s.changed || due {
			s.snapshot, s.changed = e.clock, false
			t.due.moveToBack(i)
		}
		i = next
	}
	return sessions
}

func (e *Engine) drainIPs() []IP {
	t, waiting := &e.ips, e.pending.ips
	ips := make([]IP, 0, len(t.touched)+len(waiting))
	for _, i := range t.touched {
		p := t.slab.at(i)
		p.listed = 0
		d, changed := e.delta(p)
		if !changed {
			continue
		}
		p.drained = p.share
		if w, ok := waiting[d.Addr]; ok {
			d.merge(&w)
			delete(waiting, d.Addr)
		}
		ips = append(ips, d)
	}
	t.touched, t.marks = t.touched[:0], nil
	for _, d := range waiting {
		ips = append(ips, d)
	}
	clear(waiting)
	return ips
}

func (e *Engine) drainSamples(all bool) []Sample {
	var samples []Sample
	for _, list := range [2]*[]Sample{&e.pending.samples, &e.pending.points} {
		var kept []Sample
		for _, s := range *list {
			if all || floorDiv(s.Time, second) < e.series.complete {
				samples = append(samples, s)
			} else {
				kept = append(kept, s)
			}
		}
		*list = kept
	}
	return samples
}

// Backlog is how much of the room for what waits for the store is taken, from 0 to 1:
// for ended sessions, for seconds that need not be folded into minutes yet, or for roll-ups
// of minutes that need not be folded into hours.
func (e *Engine) Backlog() float64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	sessions := float64(len(e.pending.waiting())) / float64(e.cfg.MaxPending)
	seconds := float64(len(e.pending.samples)) / float64(2*e.cfg.SeriesSeconds)
	points := float64(len(e.pending.points)) / float64(2*pointsKept*e.cfg.SeriesSeconds)
	ranks := float64(len(e.pending.ranks)) / maxPendingRanks
	return min(max(sessions, seconds, points, ranks), 1)
}

// LostSessions counts ended sessions that the store will never get, because too many
// waited for it.
func (e *Engine) LostSessions() uint64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.evicted[boundPendingSessions]
}
