package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds on what a client may take of the server.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = time.Minute
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	maxBodyBytes    = 64 << 10
	spareConns      = 256 // connections beyond those of the WebSocket clients
	shutdownTimeout = 5 * time.Second
)

// Run serves on l until ctx ends, then says goodbye to WebSocket clients and lets
// requests finish, for at most a few seconds. It may be called once.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	if tcp, ok := l.Addr().(*net.TCPAddr); s.deps.Auth == nil && (!ok || !tcp.IP.IsLoopback()) {
		return fmt.Errorf("serve on %s without a password: set one, or listen on 127.0.0.1", l.Addr())
	}
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	feedCtx, stopFeed := context.WithCancel(context.WithoutCancel(ctx))
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		s.feed.run(feedCtx)
	}()
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(l, s.cfg.MaxClients+spareConns)) }()

	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	close(s.closing)
	s.jobs.cancel()
	s.shutdown(ctx, server)
	s.jobs.stop()
	stopFeed()
	<-fed
	return err
}

func (s *Server) shutdown(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		s.log.Debug("requests did not finish", "error", err)
		_ = server.Close() // what is still open is given up
	}
	// Shutdown does not know of connections that became WebSockets.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.hub.Subscribers() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
