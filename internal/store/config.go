package store

import (
	"errors"
	"fmt"
	"time"
)

// WriterConfig says how often the writer writes and how long rows are kept.
type WriterConfig struct {
	// FlushInterval is the length of a window: what a kill loses at most. 1 s to 5 min.
	FlushInterval time.Duration
	Retention     Retention
}

// Default is a window of five seconds; see DefaultRetention.
func Default() WriterConfig {
	return WriterConfig{FlushInterval: 5 * time.Second, Retention: DefaultRetention()}
}

// DefaultRetention keeps sessions for 30 days, seconds for two hours, minutes for 7 days,
// hours for 90, days and addresses for two years; all of it in 2 GB.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{
		Sessions: 30 * day, IPs: 730 * day, Seconds: 2 * time.Hour, Minutes: 7 * day, Hours: 90 * day, Days: 730 * day,
		Events: 90 * day, MaxBytes: 2_000_000_000,
	}
}

// Validate reports all values out of range.
func (c WriterConfig) Validate() error {
	var errs []error
	if c.FlushInterval < time.Second || c.FlushInterval > 5*time.Minute {
		errs = append(errs, fmt.Errorf("flush_interval: %v is out of range; use 1s to 5m", c.FlushInterval))
	}
	return errors.Join(append(errs, c.Retention.Validate())...)
}

// MinBytes is the least that a store may be bounded to.
const MinBytes = 16_000_000

// Validate reports all durations that are negative or too short to be meant, and a bound
// that there is no room in.
func (r Retention) Validate() error {
	var errs []error
	for _, f := range []struct {
		name string
		d    time.Duration
	}{
		{"sessions", r.Sessions}, {"ips", r.IPs}, {"seconds", r.Seconds},
		{"minutes", r.Minutes}, {"hours", r.Hours}, {"days", r.Days}, {"events", r.Events},
	} {
		if f.d != 0 && f.d < time.Minute {
			errs = append(errs, fmt.Errorf("retention.%s: %v is too short; use 0 to keep all, or at least 1m", f.name, f.d))
		}
	}
	if r.MaxBytes != 0 && r.MaxBytes < MinBytes {
		errs = append(errs, fmt.Errorf("retention.max_bytes: %d is too little; use 0 for no bound, or at least %d", r.MaxBytes, MinBytes))
	}
	return errors.Join(errs...)
}
