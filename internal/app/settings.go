package app

import (
	"errors"
	"math/rand/v2"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/meter"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// The functions here map the sections of the configuration to the parts' own settings.

func meterConfig(cfg config.Config, point flow.Point) meter.Config {
	c := meter.Default()
	c.Point = point
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
	return c
}

func apiConfig(cfg config.Config, debug bool) api.Config {
	c := api.Default()
	c.Host, c.Port, c.Debug = cfg.Web.Host, cfg.Web.Port, cfg.Web.Debug || debug
	return c
}

// newSource is the interface to monitor, or the file, which is open already.
func newSource(cfg config.Config, opts Options, opened capture.Source, engine *stats.Engine, writer *store.Writer) (source, error) {
	if opts.ReadFile != "" {
		return &file{
			path: opts.ReadFile, speed: opts.Speed, filter: cfg.Network.Filter,
			src: filter.NewSource(opened, cfg.Network.Filter),
			out: &stored{out: engine, backlog: engine.Backlog, flush: writer.Flush},
		}, nil
	}
	name, err := interfaceOf(cfg)
	if err != nil {
		return nil, err
	}
	return &live{config: captureConfig(cfg, name), out: engine}, nil
}

func captureConfig(cfg config.Config, name string) afpacket.Config {
	c := afpacket.Default()
	c.Interface, c.Promiscuous, c.Filter = name, cfg.Network.Promiscuous, cfg.Network.Filter
	return c
}

// interfaceOf is the interface a run would capture on.
func interfaceOf(cfg config.Config) (string, error) {
	switch len(cfg.Network.Interfaces) {
	case 0:
		return netdev.Default()
	case 1:
		if name := cfg.Network.Interfaces[0]; name != config.AnyInterface {
			return name, nil
		}
	}
	return "", errors.New("capture on several interfaces is not available in this version; name one with -i")
}
