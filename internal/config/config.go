// Package config holds every setting of the program: sections as plain structs,
// one table that says what each key means and allows, and a strict loader for
// defaults, YAML file, environment and flags, in this order.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/flow"
)

// Config is every setting, ready for use. It is a value: Set on a copy does not
// change the original.
type Config struct {
	Network     Network
	Database    Database
	Web         Web
	Monitor     Monitor
	Geolocation Geolocation
	Logging     Logging

	origins map[string]string
}

// Network says what to capture.
type Network struct {
	// Interfaces are names; "any" alone is all; empty is the default route's.
	Interfaces []string
	// Filter is an expression as for tcpdump; empty takes every packet.
	Filter      string
	Promiscuous bool
	// Home are the networks at home; empty finds them out.
	Home []netip.Prefix
	// Deduplicate counts what several interfaces see once.
	Deduplicate bool
	// Workers share the packets, each with a ring of RingSize bytes and a flow table.
	Workers  int
	RingSize int64
	// SnapLength is how many bytes of each packet are captured.
	SnapLength int
}

// Database says where history is kept, and how much of it.
type Database struct {
	Path          string
	FlushInterval time.Duration
	// MaxSize bounds the file and its log, in bytes; 0 does not.
	MaxSize int64
	// How long each kind of row is kept; 0 is for ever.
	KeepSessions, KeepMinutes, KeepHours, KeepDays, KeepIPs, KeepEvents time.Duration
}

// Web says where and to whom the page and the API are served.
type Web struct {
	Host string
	Port int
	// Debug adds pprof, on the loopback only.
	Debug        bool
	PasswordFile string
	// Password comes from NETFLOW_WEB_PASSWORD only and goes before PasswordFile.
	Password Secret
}

// Monitor bounds the flow table, and says as whom the program runs.
type Monitor struct {
	// CaptureTimeout: after so long without a packet there is a warning event.
	CaptureTimeout time.Duration
	// SessionTimeout ends an established TCP session that is idle for so long.
	SessionTimeout time.Duration
	MaxSessions    int
	// Decapsulate are the tunnels of which the session inside is followed.
	Decapsulate flow.TunnelSet
	// User is a name or number, for a start as root; empty is the owner of the
	// database's folder.
	User string
}

// Geolocation says where addresses are looked up.
type Geolocation struct {
	Enabled bool
	// DatabasePath is an optional city database (.mmdb); it need not exist.
	DatabasePath   string
	UpdateInterval time.Duration
	// HomeLatitude and HomeLongitude are degrees; both are nil or neither is.
	HomeLatitude, HomeLongitude *float64
}

// Logging says what is logged and where to, besides standard error.
type Logging struct {
	Level slog.Level
	// File is empty for standard error only.
	File string
	// MaxSize is in bytes; a larger file is rotated.
	MaxSize     int64
	BackupCount int
}

// Secret is text that is never printed or logged.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Default is the configuration without file, environment and flags.
func Default() Config {
	const day = 24 * time.Hour
	return Config{
		Network: Network{Promiscuous: true, Deduplicate: true, Workers: 1, RingSize: 64 << 20, SnapLength: 256},
		Database: Database{
			Path: "data/netflow.db", FlushInterval: 5 * time.Second, MaxSize: 2_000_000_000,
			KeepSessions: 30 * day, KeepMinutes: 7 * day, KeepHours: 90 * day, KeepDays: 730 * day,
			KeepIPs: 730 * day, KeepEvents: 90 * day,
		},
		Web: Web{Host: "0.0.0.0", Port: 8080},
		Monitor: Monitor{
			CaptureTimeout: time.Minute,
			SessionTimeout: 5 * time.Minute,
			MaxSessions:    100_000,
			Decapsulate:    flow.AllTunnels,
		},
		Geolocation: Geolocation{
			Enabled:        true,
			DatabasePath:   "data/GeoLite2-City.mmdb",
			UpdateInterval: day,
		},
		Logging: Logging{
			Level:       slog.LevelInfo,
			File:        "logs/netflow.log",
			MaxSize:     10 << 20,
			BackupCount: 5,
		},
	}
}

// Set gives one setting a value; origin says where it comes from, such as
// "--port". Keys are as in the file: "web.port".
func (c *Config) Set(key, text, origin string) error {
	s, ok := lookup(key)
	if !ok {
		return fmt.Errorf("unknown key %s", key)
	}
	c.setOrigin(key, origin)
	if !s.value.parse(c, text) {
		return s.refuse(text)
	}
	return nil
}

func (c *Config) setOrigin(key, origin string) {
	c.origins = maps.Clone(c.origins)
	if c.origins == nil {
		c.origins = map[string]string{}
	}
	c.origins[key] = origin
}

// Origin says where a setting's value comes from: "default", "FILE:LINE", the
// name of an environment variable, or a flag.
func (c Config) Origin(key string) string {
	if origin, ok := c.origins[key]; ok {
		return origin
	}
	return "default"
}

// Changed lists the keys whose values differ, in the order of the reference.
func (c Config) Changed(other Config) []string {
	var keys []string
	for _, s := range settings {
		if s.value.format(&c) != s.value.format(&other) {
			keys = append(keys, s.key)
		}
	}
	return keys
}

// Validate finds what is wrong between keys that are right alone; Load calls it.
func (c *Config) Validate() error {
	var errs LoadErrors
	names := slices.DeleteFunc(slices.Clone(c.Network.Interfaces), func(name string) bool { return name == LoopbackInterface })
	if len(names) > 1 && slices.Contains(names, AnyInterface) {
		errs = append(errs, fmt.Errorf("network.interface (%s): %q is every interface already; give it alone, or with %q",
			c.Origin("network.interface"), AnyInterface, LoopbackInterface))
	}
	if err := filter.Check(c.Network.Filter); err != nil {
		errs = append(errs, fmt.Errorf("network.filter (%s): %w", c.Origin("network.filter"), err))
	}
	errs = append(errs, c.checkTiers()...)
	// By origin and not by value: one that is there but wrong has its own error.
	_, latitude := c.origins["geolocation.home_latitude"]
	_, longitude := c.origins["geolocation.home_longitude"]
	if latitude != longitude {
		errs = append(errs, errors.New("geolocation.home_latitude and geolocation.home_longitude go together: give both or neither"))
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// checkTiers makes sure that a longer step is kept for as long as a shorter one: what is
// older than the days is not looked for in the hours.
func (c *Config) checkTiers() (errs LoadErrors) {
	tiers := []struct {
		key  string
		keep time.Duration
	}{
		{"database.keep_minutes", c.Database.KeepMinutes},
		{"database.keep_hours", c.Database.KeepHours},
		{"database.keep_days", c.Database.KeepDays},
	}
	for i, long := range tiers[1:] {
		if short := tiers[i]; long.keep != 0 && (short.keep == 0 || short.keep > long.keep) {
			errs = append(errs, fmt.Errorf("%s (%s) is shorter than %s (%s): keep them for at least as long, or for ever with 0",
				long.key, c.Origin(long.key), short.key, c.Origin(short.key)))
		}
	}
	return errs
}

// AnyInterface is the interface name that stands for all of them but the loopback.
const (
	AnyInterface      = "any"
	LoopbackInterface = "lo"
)
