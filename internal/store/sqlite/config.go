package sqlite

import (
	"errors"
	"fmt"
	"time"

	"netflow-monitor/internal/store"
)

// Config says where the database is and how it is filled.
type Config struct {
	// Path is the database file; its folder is made if it is missing.
	Path string
	// FlushInterval is the time between two writes: what a kill loses at most. 1 s to 5 min.
	FlushInterval time.Duration
	// Retention is how long rows are kept; zero keeps them for ever.
	Retention store.Retention
}

// Default is data/netflow.db, written every five seconds.
func Default() Config {
	w := store.Default()
	return Config{Path: "data/netflow.db", FlushInterval: w.FlushInterval, Retention: w.Retention}
}

// Validate reports all values out of range.
func (c Config) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, fmt.Errorf("path: is empty; use a file name such as %s", Default().Path))
	}
	return errors.Join(append(errs, c.Writer().Validate())...)
}

// Writer is the part of the configuration that the writer above the store needs.
func (c Config) Writer() store.WriterConfig {
	return store.WriterConfig{FlushInterval: c.FlushInterval, Retention: c.Retention}
}
