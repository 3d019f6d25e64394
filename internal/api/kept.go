package api

import (
	"context"
	"time"

	"netflow-monitor/internal/store"
)

// tiers are the lengths of what is kept, the finest first.
var tiers = [...]int64{second, minute, hour, day}

// kept knows which steps there are for a past time.
type kept struct {
	now int64
	// most is how old the steps of each tier may become, but for days; 0 = any age.
	most [len(tiers) - 1]time.Duration
	// oldest is where each tier begins in the store; 0 if it has nothing, as for seconds,
	// or if that is not known.
	oldest [len(tiers)]int64
}

// kept asks what there is. If the store doesn't say, the configured ages must do.
func (s *Server) kept(ctx context.Context, now int64) *kept {
	r := s.retention()
	k := &kept{now: now, most: [...]time.Duration{r.Seconds, r.Minutes, r.Hours}}
	if info, err := s.deps.Catalog.Info(ctx); err == nil {
		k.oldest = [...]int64{0, info.OldestMinute, info.OldestHour, info.OldestDay}
	}
	return k
}

// retention is what is kept for how long.
func (s *Server) retention() store.Retention {
	if s.deps.Retention == nil {
		return store.DefaultRetention()
	}
	return s.deps.Retention()
}

// step is the length in seconds of the finest steps that there are for a time, and that
// are not shorter than finest.
func (k *kept) step(at, finest int64) int64 {
	for tier, most := range k.most {
		old := most != 0 && time.Duration(k.now-at) > most
		if tiers[tier] >= finest && !old && !k.evicted(tier, at) {
			return tiers[tier]
		}
	}
	return day
}

// evicted reports whether the steps of a tier went before their age, for want of room:
// then a longer tier begins in an earlier step of its own. If none does, there was nothing
// before. Seconds don't go, and nothing of the newest hour.
func (k *kept) evicted(tier int, at int64) bool {
	own := k.oldest[tier]
	if tiers[tier] == second || k.now-at <= int64(time.Hour) || own != 0 && at >= own {
		return false
	}
	for longer := tier + 1; longer < len(tiers); longer++ {
		if begin := k.oldest[longer]; begin != 0 && (own == 0 || begin < store.AlignDown(own, tiers[longer])) {
			return true
		}
	}
	return false
}
