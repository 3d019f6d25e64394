package geo

import (
	"fmt"
	"time"
)

// Config is how addresses are located.
type Config struct {
	// Enabled is whether public addresses are looked up; special ranges are named anyway.
	Enabled bool
	// DatabasePath is the user's city database, a MaxMind DB file. It need not be
	// there; if it is empty, only the embedded country database is used.
	DatabasePath string
	// UpdateInterval is how often that file is looked at for a new version, at
	// least a second.
	UpdateInterval time.Duration
}

// Default is the built-in configuration.
func Default() Config {
	return Config{Enabled: true, DatabasePath: "data/GeoLite2-City.mmdb", UpdateInterval: 24 * time.Hour}
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	if c.UpdateInterval < time.Second {
		return fmt.Errorf("geolocation.update_interval %v is too short: at least 1 second", c.UpdateInterval)
	}
	return nil
}
