package stats

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds what the engine remembers.
type Config struct {
	// MaxSessions is how many living sessions are kept, 1 to 10 000 000; the one
	// silent for longest goes first.
	MaxSessions int
	// MaxIPs is how many addresses are kept, 2 to 10 000 000.
	MaxIPs int
	// MaxRanks is how many rows a ranking has, 16 to 1 000 000; what comes later is
	// counted in its row "other".
	MaxRanks int
	// SeriesSeconds is the length of the series per second, 60 to 86 400.
	SeriesSeconds int
	// SnapshotInterval is how often a living session is due for the store, 1 s to 1 h.
	SnapshotInterval time.Duration
	// FreshSnapshots is how many living sessions that are not due may go with a drain
	// if they changed, 0 to 1 000 000.
	FreshSnapshots int
	// MaxPending is how many ended sessions wait for a store that is slow or away,
	// and for how many addresses counts do, 1 to 10 000 000; beyond it the oldest
	// sessions are lost, and the counts of the newest addresses.
	MaxPending int
	// HomeLatitude and HomeLongitude, in degrees, place home on the map. Without
	// both, the machine's public address decides.
	HomeLatitude, HomeLongitude *float64
	// Dimensions are what is ranked; nil: all that there are.
	Dimensions []Dimension
}

// Default is the configuration that suits one machine or a small network.
func Default() Config {
	return Config{
		MaxSessions:      100_000,
		MaxIPs:           100_000,
		MaxRanks:         65_536,
		SeriesSeconds:    3600,
		SnapshotInterval: time.Minute,
		FreshSnapshots:   1000,
		MaxPending:       200_000,
	}
}

// Validate reports every value that is out of range, all at once.
func (c Config) Validate() error {
	const most = 10_000_000
	errs := []error{
		inRange("max_sessions", c.MaxSessions, 1, most),
		inRange("max_ips", c.MaxIPs, 2, most),
		inRange("max_ranks", c.MaxRanks, 16, 1_000_000),
		inRange("series_seconds", c.SeriesSeconds, 60, 86_400),
		inRange("snapshot_interval", c.SnapshotInterval, time.Second, time.Hour),
		inRange("fresh_snapshots", c.FreshSnapshots, 0, 1_000_000),
		inRange("max_pending", c.MaxPending, 1, most),
	}
	if (c.HomeLatitude == nil) != (c.HomeLongitude == nil) {
		errs = append(errs, errors.New("home_latitude and home_longitude: give both or neither"))
	}
	if c.HomeLatitude != nil {
		errs = append(errs, inRange("home_latitude", *c.HomeLatitude, -90, 90))
	}
	if c.HomeLongitude != nil {
		errs = append(errs, inRange("home_longitude", *c.HomeLongitude, -180, 180))
	}
	return errors.Join(errs...)
}

func inRange[T int | float64 | time.Duration](key string, v, least, most T) error {
	// Written so that a NaN is refused too.
	if v >= least && v <= most {
		return nil
	}
	return fmt.Errorf("%s %v out of range: choose %v to %v", key, v, least, most)
}
