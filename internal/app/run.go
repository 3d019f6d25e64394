package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"netflow-monitor/internal/capture/netdev"
	"netflow-monitor/internal/store"
)

// run starts everything, waits, and stops in stages. Each stage is over before the
// next one loses what it needs.
func (p *program) run(ctx context.Context, l net.Listener) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	var helpers sync.WaitGroup
	if p.live != nil {
		helpers.Go(func() { p.interfaces.follow(background, p.interfacesChanged) })
		helpers.Go(func() { p.live.reconciler.run(background) })
	}
	helpers.Go(func() { _ = p.locator.Run(background) })
	helpers.Go(func() { p.hangups(background) })

	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWriting()
	written := make(chan error, 1)
	go func() { written <- p.writer.Run(writing) }()

	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	served := make(chan error, 1)
	go func() { served <- p.server.Run(serving, l) }()

	p.writer.Record(store.Event{
		Level: store.LevelInfo, Kind: "program_started", Message: "netflow-monitor " + p.opts.Version + " started.",
		Params: map[string]string{"version": p.opts.Version},
	})
	_, err := p.monitor.Start(ctx)
	if err == nil {
		p.announce(l)
		select {
		case <-ctx.Done():
			p.log.Info("stopping")
		case err = <-served:
			served <- nil
		}
	}

	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	_, stopErr := p.monitor.Stop(stopping)
	p.interfaces.tryKeep(stopping)
	p.writer.Record(store.Event{Level: store.LevelInfo, Kind: "program_stopped", Message: "The program stopped."})
	stopWriting()
	writeErr := <-written
	stopServing()
	serveErr := <-served
	stopBackground()
	helpers.Wait()
	return errors.Join(err, stopErr, writeErr, serveErr)
}

// interfacesChanged makes all follow that depends on the machine's interfaces.
func (p *program) interfacesChanged(before, now map[int32]netdev.Link) {
	p.live.reconciler.introduce(now)
	p.monitor.interfacesChanged()
	if p.monitor.Status().Monitoring {
		for _, e := range p.live.linkEvents(before, now) {
			p.writer.Record(e)
			p.log.Info("event", "kind", e.Kind, "message", e.Message)
		}
	}
	if place := here(p.cfg.Network.Home, p.log.Logger); !place.equal(p.place) {
		p.place = place
		p.engine.SetHome(place.home())
	}
}

// announce tells the user where to look. A generated password appears here and
// nowhere else.
func (p *program) announce(l net.Listener) {
	address := pageAddress(p.cfg, l)
	p.log.Info("started", "version", p.opts.Version, "source", p.monitor.source.name(), "address", address)
	out := p.opts.Stdout
	_, _ = fmt.Fprintf(out, "\n  netflow-monitor is watching %s.\n  Open %s in a browser; Ctrl-C stops.\n", p.monitor.source.name(), address)
	if p.access.generated != "" {
		_, _ = fmt.Fprintf(out, "  Password: %s (new at each start; set web.password_file to choose your own)\n", p.access.generated)
	}
	_, _ = fmt.Fprintln(out)
}

// hangups reopens the log and applies what can change without a restart, on SIGHUP.
func (p *program) hangups(ctx context.Context) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		if err := p.log.reopen(); err != nil {
			p.log.Error("reopen log file", "error", err)
		}
		p.locator.Reload()
		p.reload()
	}
}

// reload reads the configuration again; keys that need a restart are named, not applied.
func (p *program) reload() {
	if p.opts.Reload == nil {
		return
	}
	cfg, err := p.opts.Reload()
	if err != nil {
		p.log.Error("configuration not reloaded", "error", err)
		return
	}
	p.log.setLevel(cfg.Logging, p.opts.Debug)
	if err := p.writer.SetRetention(retention(cfg.Database)); err != nil {
		p.log.Error("retention not changed", "error", err)
	}
	restart := slices.DeleteFunc(cfg.Changed(p.cfg), func(key string) bool {
		return key == "logging.level" || key == "database.max_size" || strings.HasPrefix(key, "database.keep_")
	})
	if len(restart) > 0 {
		p.log.Warn("configuration reloaded but for what needs a restart", "needs_restart", restart)
		return
	}
	p.log.Info("configuration reloaded")
}
