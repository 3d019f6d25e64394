// Package app wires the parts together: what is made from which settings, in which
// order it starts, and in which order it stops.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/afpacket"
	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/geo/mmdb"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
	"netflow-monitor/web"
)

// stopTimeout is how long a clean stop may take before it is given up.
const stopTimeout = 15 * time.Second

// Options are what a run takes besides its configuration.
type Options struct {
	// ReadFile is a capture file to read instead of an interface; "-" is standard input.
	ReadFile string
	// Speed is how fast a file is read: 1 is real time, 0 as fast as possible.
	Speed   float64
	Debug   bool
	Version string
	// Stdout gets the address to open, and a generated password; Stderr the log.
	Stdout, Stderr io.Writer
	// Reload reads the configuration again, for SIGHUP.
	Reload func() (config.Config, error)
}

// Run monitors until ctx ends, then stops in stages so that nothing is lost:
// sources, the meter's last records, the last window to the store, the clients.
func Run(ctx context.Context, cfg config.Config, opts Options) (err error) {
	pre, err := prepare(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer func() { _ = pre.listener.Close() }() // the server has closed it already, but for errors below
	log, err := openLogging(cfg.Logging, opts.Debug, opts.Stderr)
	if err != nil {
		return pre.who.explain(err, cfg.Logging.File)
	}
	defer func() { err = errors.Join(err, log.close()) }()
	log.Info("privileges dropped", "user", pre.who.user.String(), "because", pre.who.because, "capabilities", pre.left.String())

	db, err := sqlite.Open(ctx, sqlite.Config{Path: cfg.Database.Path})
	if err != nil {
		return pre.who.explain(err, cfg.Database.Path)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := assemble(ctx, cfg, opts, pre, log, db)
	if err != nil {
		return err
	}
	return p.run(ctx, pre.listener)
}

// program is all parts, made and not yet running.
type program struct {
	cfg     config.Config
	opts    Options
	log     *logging
	locator *mmdb.Locator
	// live is nil where a file is read.
	live       *live
	interfaces *interfaces
	place      place
	engine     *stats.Engine
	writer     *store.Writer
	monitor    *monitor
	server     *api.Server
	access     access
}

func assemble(ctx context.Context, cfg config.Config, opts Options, pre prepared, log *logging, db *sqlite.Store) (*program, error) {
	p := &program{cfg: cfg, opts: opts, log: log, access: pre.access}
	var err error
	if p.locator, err = mmdb.New(geoConfig(cfg), log.Logger); err != nil {
		return nil, err
	}
	if opts.ReadFile == "" { // a file has no machine of its own
		p.place = here(cfg.Network.Home, log.Logger)
	} else {
		p.place = place{networks: cfg.Network.Home}
	}
	if p.engine, err = stats.New(statsConfig(cfg), p.locator, p.place.home()); err != nil {
		return nil, err
	}
	if p.writer, err = store.NewWriter(writerConfig(cfg), db, p.engine, log.Logger); err != nil {
		return nil, err
	}
	points, err := db.Points(ctx)
	if err != nil {
		return nil, err
	}
	p.interfaces = newInterfaces(points, db.AddPoint, log.Logger)
	src, err := p.newSource(pre.file)
	if err != nil {
		return nil, err
	}
	p.monitor = &monitor{
		source: src, silence: cfg.Monitor.CaptureTimeout, record: p.writer.Record, log: log.Logger,
		started: time.Now(), most: cfg.Monitor.MaxSessions, woken: make(chan struct{}, 1),
	}
	p.server, err = api.New(apiConfig(cfg, opts.Debug), api.Deps{
		Catalog: store.NewCatalog(p.engine, p.writer, db), Engine: p.engine, Writer: p.writer, Keeper: db, Monitor: p.monitor, Auth: p.access.auth,
		Points: p.interfaces.name, FindPoint: p.interfaces.find, Retention: p.writer.Retention,
		Page: web.FS(), Version: opts.Version, Log: log.Logger,
	})
	if err != nil {
		return nil, err
	}
	db.OnEvent(func(e store.Event) {
		log.Error("event", "kind", e.Kind, "message", e.Message)
		p.writer.Record(e)
	})
	reportRecovered(p.writer, db.Recovered())
	return p, p.interfaces.keep(ctx)
}

// newSource is the interfaces to monitor, or the file, which is open already.
func (p *program) newSource(opened capture.Source) (source, error) {
	cfg := p.cfg
	meters := meterConfig(cfg)
	if p.opts.ReadFile != "" {
		f := &file{
			path: p.opts.ReadFile, speed: p.opts.Speed, filter: cfg.Network.Filter, config: meters,
			src: filter.NewSource(opened, cfg.Network.Filter),
			out: &stored{out: p.engine, backlog: p.engine.Backlog, flush: p.writer.Flush},
		}
		f.config.Point = p.interfaces.number(f.name())
		return f, nil
	}
	names, err := interfacesOf(cfg)
	if err != nil {
		return nil, err
	}
	if _, _, err := p.interfaces.look(); err != nil {
		return nil, err
	}
	p.live = &live{
		config: captureConfig(cfg, names), meters: meters, deduplicate: cfg.Network.Deduplicate,
		interfaces: p.interfaces, out: p.engine, log: p.log.Logger, lanes: newLanes(cfg.Network.Workers),
	}
	p.live.reconciler = &reconciler{
		interfaces: p.interfaces, captured: p.live.captures, filtered: cfg.Network.Filter != "",
		record: p.writer.Record, log: p.log.Logger,
	}
	for _, name := range names {
		if name != afpacket.Any {
			p.interfaces.number(name)
		}
	}
	return p.live, nil
}

func reportRecovered(writer *store.Writer, sessions int64) {
	if sessions == 0 {
		return
	}
	writer.Record(store.Event{
		Level: store.LevelWarning, Kind: "recovered",
		Message: fmt.Sprintf("The monitor did not stop cleanly; %d sessions that were open then have been closed.", sessions),
		Params:  map[string]string{"sessions": strconv.FormatInt(sessions, 10)},
	})
}

// listen opens the web port before anything else starts, so that a second monitor
// fails at once.
func listen(ctx context.Context, cfg config.Config) (net.Listener, error) {
	address := net.JoinHostPort(cfg.Web.Host, strconv.Itoa(cfg.Web.Port))
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d of %s is in use; stop the other program or choose another port with -p", cfg.Web.Port, cfg.Web.Host)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("port %d may not be opened by this user; choose one from 1024 on with -p", cfg.Web.Port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("this machine does not have the address %s; choose one of its own with --host", cfg.Web.Host)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w; check --host and --port", address, err)
	}
	return l, nil
}
