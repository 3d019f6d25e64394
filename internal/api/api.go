// Package api is the HTTP interface: the JSON API, the WebSocket and the page. It
// renders what stats and store know into the types of package wire.
package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"netflow-monitor/internal/auth"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/stream"
)

// Config is how the server is reached and how many it serves live.
type Config struct {
	// Host is the address to listen on, Port the TCP port; port 0 takes any free one.
	Host string
	Port int
	// Debug serves profiles at /debug/pprof/ to clients on the loopback.
	Debug bool
	// MaxClients is how many WebSocket clients are served at a time, 1 to 10000.
	MaxClients int
}

// Default listens on all addresses, port 8080, for 256 live clients.
func Default() Config { return Config{Host: "0.0.0.0", Port: 8080, MaxClients: 256} }

// hostName matches names as in RFC 1123, and the empty one: all addresses.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]{0,253}$`)

// Validate reports every value that is out of range.
func (c Config) Validate() error {
	var errs []error
	if _, err := netip.ParseAddr(c.Host); err != nil && !hostName.MatchString(c.Host) {
		errs = append(errs, fmt.Errorf("host: %q is not an IP address or a host name", c.Host))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port: %d is out of range; use 0 to 65535", c.Port))
	}
	if c.MaxClients < 1 || c.MaxClients > 10000 {
		errs = append(errs, fmt.Errorf("max_clients: %d is out of range; use 1 to 10000", c.MaxClients))
	}
	return errors.Join(errs...)
}

// LoopbackOnly reports whether Host is an address that other machines can't reach.
func (c Config) LoopbackOnly() bool {
	addr, err := netip.ParseAddr(c.Host)
	return c.Host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// Engine is the part of stats.Engine that is shown.
type Engine interface {
	Totals() stats.Totals
	// Time is the engine's clock in nanoseconds since the Unix epoch, 0 before the first batch.
	Time() int64
	// TopBy ranks by a name from stats.RankColumns; the empty one is the first.
	TopBy(dimension, column string, n int) []stats.Rank
	Points() []stats.PointTotals
	Map() (places []stats.Place, arcs []stats.Arc, unlocated stats.Volume)
	HomeLocation() (geo.Location, bool)
	Locate(addr netip.Addr) geo.Location
	AtHome(addr netip.Addr) bool
}

// Catalog is the part of store.Catalog that is shown: live and stored data as one.
type Catalog interface {
	Sessions(context.Context, stats.SessionQuery) ([]stats.Session, store.Total, error)
	Session(ctx context.Context, id uint64) (stats.Session, error)
	IPs(context.Context, stats.IPQuery) ([]stats.IP, int, error)
	IP(context.Context, netip.Addr) (stats.IP, error)
	History(context.Context, store.HistoryQuery) ([]stats.Sample, error)
	Events(context.Context, store.EventQuery) ([]store.Event, int, error)
	Ranks(context.Context, store.RankQuery) ([]stats.Rank, error)
	RankHistory(context.Context, store.RankHistoryQuery) ([][]stats.RankPoint, error)
	// SessionRanks ranks dimensions over sessions, live and stored; limit 0 is all.
	SessionRanks(ctx context.Context, q stats.SessionQuery, dimensions []string, orderBy string, limit int) (ranks [][]stats.Rank, estimated bool, err error)
	FindNames(ctx context.Context, dimension, text string, limit int) ([]string, error)
	Info(context.Context) (store.Info, error)
}

// Writer tells how storing goes; store.Writer does.
type Writer interface {
	Status() store.WriterStatus
	Retention() store.Retention
}

// Monitor starts and stops the capture and tells how it is.
type Monitor interface {
	// Start and Stop report whether there was anything to do. They return when it
	// is done; their errors are for the user and end with the remedy.
	Start(context.Context) (changed bool, err error)
	Stop(context.Context) (changed bool, err error)
	// Status is cheap and may be called from any goroutine.
	Status() MonitorStatus
}

// MonitorStatus is how the capture is.
type MonitorStatus struct {
	Monitoring bool
	// Error is why monitoring stopped by itself; empty otherwise.
	Error string
	// Points are the interfaces, or the file, that it is about.
	Points []PointStatus
	// CoverageMinute is the part of the last minute's packets that was captured, 0 to 1.
	CoverageMinute float64
	// Filter is the capture filter; Workers and RingBytes are of a live capture.
	Filter             string
	Workers, RingBytes int
	// SourceKind is "interface" or "file"; SourceName what is captured or read.
	SourceKind, SourceName string
	// Finished is true when a file was read to its end.
	Finished bool
	// StartedAt is when the program started, Since when the capture did: zero if it is off.
	StartedAt, Since time.Time
	// RefusedByReason counts delivered packets that could not be metered.
	RefusedByReason map[string]uint64
	// Evicted counts what the meter's bounds made it forget early, by structure.
	Evicted map[string]uint64
	// MaxSessions is the bound on sessions that live.
	MaxSessions uint64
}

// PointStatus is how the capture at an observation point is.
type PointStatus struct {
	Point flow.Point
	Name  string
	// Type is the kind of interface, or "file".
	Type  string
	State PointState
	// OwnRing is true if no other point shares its rings.
	OwnRing bool
	// CoverageMinute is as that of MonitorStatus.
	CoverageMinute float64
}

// PointState is what an observation point is doing.
type PointState string

// The states of observation points.
const (
	PointCapturing   PointState = "capturing"
	PointOff         PointState = "off"  // monitoring is stopped
	PointDown        PointState = "down" // the interface is
	PointGone        PointState = "gone" // there is no such interface now
	PointUnsupported PointState = "unsupported"
)

// Deps is what the server shows and whom it asks. All but Auth, Retention, Page and Log is
// needed.
type Deps struct {
	Engine  Engine
	Catalog Catalog
	Writer  Writer
	Keeper  Keeper
	Monitor Monitor
	// Auth is nil if the server listens on the loopback only and asks for no password.
	Auth *auth.Auth
	// Points names an observation point: the interface or the file. FindPoint is its
	// inverse.
	Points    func(flow.Point) string
	FindPoint func(name string) (flow.Point, bool)
	// Retention is what is kept for how long; nil is store.DefaultRetention.
	Retention func() store.Retention
	// Page holds the built page, with index.html at its top.
	Page    fs.FS
	Version string
	Log     *slog.Logger
}

// Server answers requests. Its methods may be called from any goroutine.
type Server struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	hub     *stream.Hub
	feed    *feed
	packer  *packer
	page    *page
	jobs    *jobs
	openAPI []byte
	handler http.Handler
	exports chan struct{} // one token for each that is being written
	// closing is closed when the server shuts down, so that WebSockets end.
	closing chan struct{}
}

// New makes a server; it serves nothing before Run.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Engine == nil || deps.Catalog == nil || deps.Writer == nil || deps.Keeper == nil || deps.Monitor == nil || deps.Points == nil || deps.FindPoint == nil {
		return nil, errors.New("api: a dependency is missing")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg, deps: deps, log: deps.Log, packer: newPacker(), jobs: newJobs(),
		hub:     stream.New(stream.Limits{Subscribers: cfg.MaxClients, Topics: maxLiveTopics}),
		exports: make(chan struct{}, maxExports),
		closing: make(chan struct{}),
	}
	s.feed = newFeed(s.hub, s.topics(), s.now, s.log)
	var err error
	if s.page, err = newPage(deps.Page, s.packer); err != nil {
		return nil, err
	}
	routes := s.routes()
	if s.openAPI, err = describe(routes, deps.Version); err != nil {
		return nil, err
	}
	s.handler = s.wrap(s.mux(routes))
	return s, nil
}

// Handler answers all requests. The WebSocket's updates come only while Run runs.
func (s *Server) Handler() http.Handler { return s.handler }
