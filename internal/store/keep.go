package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// How often the writer prunes, and how often at most it tells that rows went before
// their time.
const (
	pruneInterval    = time.Minute
	shortenedTellsIn = 24 * time.Hour
)

// Pruned is what a pruning took away.
type Pruned struct {
	// Rows is how many rows went in all.
	Rows int64
	// Shortened are those of them that were younger than their age limit, and went because
	// of Retention.MaxBytes.
	Shortened int64
	// Oldest is the time of the oldest session that is left after a shortening, in
	// nanoseconds since the Unix epoch; 0 if there is none.
	Oldest int64
	// Over is how many bytes too many there are still, with nothing left that may go.
	Over int64
}

// FitsDays is how many days fit within the retention's bound, at the rate of the last
// ones; ok is false while that is not known, or if there is no bound.
func (i Info) FitsDays(keep Retention) (days float64, ok bool) {
	if i.GrowthPerDay <= 0 || keep.MaxBytes <= 0 {
		return 0, false
	}
	return float64(keep.MaxBytes) / i.GrowthPerDay, true
}

// Within is the retention that keeps nothing for longer than d.
func (r Retention) Within(d time.Duration) Retention {
	for _, keep := range []*time.Duration{&r.Sessions, &r.IPs, &r.Seconds, &r.Minutes, &r.Hours, &r.Days, &r.Events} {
		if *keep == 0 || *keep > d {
			*keep = d
		}
	}
	return r
}

// Retention is how long rows are kept now.
func (w *Writer) Retention() Retention {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.retention
}

// SetRetention changes how long rows are kept, from the next pruning on.
func (w *Writer) SetRetention(r Retention) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	w.mu.Lock()
	w.retention = r
	w.mu.Unlock()
	return nil
}

func (w *Writer) pruneRegularly(ctx context.Context) {
	ticker := time.NewTicker(pruneInterval)
	defer ticker.Stop()
	var told time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		keep := w.Retention()
		pruned, err := w.store.Prune(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.log.Warn("prune failed", "error", err)
		default:
			w.log.Debug("pruned", "rows", pruned.Rows, "shortened", pruned.Shortened)
		}
		w.count(pruned.Shortened)
		if (pruned.Shortened > 0 || pruned.Over > 0) && (told.IsZero() || time.Since(told) >= shortenedTellsIn) {
			told = time.Now()
			w.tellShortened(pruned, keep)
		}
	}
}

func (w *Writer) count(shortened int64) {
	w.mu.Lock()
	w.status.ShortenedRows += shortened
	w.mu.Unlock()
}

// tellShortened says that the bound on the size is what decides, and how to change that.
func (w *Writer) tellShortened(p Pruned, keep Retention) {
	limit := strconv.FormatInt(keep.MaxBytes/1_000_000, 10)
	e := Event{
		Level: LevelWarning, Kind: KindStoreSizeLimit,
		Params: map[string]string{"limit_mb": limit, "rows": strconv.FormatInt(p.Shortened, 10)},
	}
	switch {
	case p.Over > 0:
		e.Message = "The database is larger than " + limit + " MB, and only the newest hour is left in it. Raise database.max_size."
	case p.Oldest > 0:
		e.Params["oldest"] = time.Unix(0, p.Oldest).UTC().Format(time.RFC3339)
		e.Message = "The database has reached " + limit + " MB: its oldest sessions went before their time, and those since " +
			e.Params["oldest"] + " are left. Raise database.max_size, or lower database.keep_sessions."
	default:
		e.Message = "The database has reached " + limit + " MB: its oldest rows went before their time. Raise database.max_size."
	}
	w.log.Warn("database reached its size limit", "limit_mb", limit, "rows", p.Shortened, "over", p.Over)
	w.Record(e)
}
