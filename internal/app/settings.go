package app

import (
	"math/rand/v2"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/meter"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// The functions here map the sections of the configuration to the parts' own settings.

func meterConfig(cfg config.Config) meter.Config {
	c := meter.Default()
	c.IdleTCP = cfg.Monitor.SessionTimeout
	c.MaxSessions = cfg.Monitor.MaxSessions
	c.Decapsulate = cfg.Monitor.Decapsulate
	c.FirstSequence = rand.Uint32() // identifiers must differ from those of an earlier run
	return c
}

func statsConfig(cfg config.Config) stats.Config {
	c := stats.Default()
	c.MaxSessions = cfg.Monitor.MaxSessions
	c.HomeLatitude, c.HomeLongitude = cfg.Geolocation.HomeLatitude, cfg.Geolocation.HomeLongitude
	return c
}

func geoConfig(cfg config.Config) geo.Config {
	return geo.Config{
		Enabled: cfg.Geolocation.Enabled, DatabasePath: cfg.Geolocation.DatabasePath,
		UpdateInterval: cfg.Geolocation.UpdateInterval,
	}
}

func writerConfig(cfg config.Config) store.WriterConfig {
	c := store.Default()
	c.FlushInterval = cfg.Database.FlushInterval
	c.Retention = retention(cfg.Database)
	return c
}

func retention(cfg config.Database) store.Retention {
	r := store.DefaultRetention() // seconds have no key: they are for the last hours alone
	r.Sessions, r.IPs, r.Events, r.MaxBytes = cfg.KeepSessions, cfg.KeepIPs, cfg.KeepEvents, cfg.MaxSize
	r.Minutes, r.Hours, r.Days = cfg.KeepMinutes, cfg.KeepHours, cfg.KeepDays
	return r
}

func apiConfig(cfg config.Config, debug bool) api.Config {
	c := api.Default()
	c.Host, c.Port, c.Debug = cfg.Web.Host, cfg.Web.Port, cfg.Web.Debug || debug
	return c
}

func captureConfig(cfg config.Config, names []string) afpacket.Config {
	c := afpacket.Default()
	c.Interfaces, c.Promiscuous, c.Filter = names, cfg.Network.Promiscuous, cfg.Network.Filter
	c.SnapLen, c.RingBytes, c.Workers = cfg.Network.SnapLength, int(cfg.Network.RingSize), cfg.Network.Workers
	return c
}

// interfacesOf are the interfaces a run would capture on.
func interfacesOf(cfg config.Config) ([]string, error) {
	if len(cfg.Network.Interfaces) > 0 {
		return cfg.Network.Interfaces, nil
	}
	name, err := netdev.Default()
	return []string{name}, err
}
