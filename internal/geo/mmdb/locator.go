package mmdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/geo/data"
)

// embedded is what Info calls the database inside the binary.
const embedded = "embedded"

// Locator names special ranges, asks the user's city database if it is there, and
// the embedded country database for the rest. Its methods may be called from any goroutine.
type Locator struct {
	config  geo.Config
	log     *slog.Logger
	country *Database
	state   atomic.Pointer[state]
}

// state is what is known of the city file; it is replaced as a whole.
type state struct {
	chain    geo.Chain
	city     *Database
	modified time.Time
	size     int64
	problem  error
}

// New opens the databases. A city file that cannot be used is no error: the log and
// Info say so, and the embedded database answers.
func New(config geo.Config, log *slog.Logger) (*Locator, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	country, err := FromBytes(data.Country)
	if err != nil {
		return nil, fmt.Errorf("embedded country database: %w", err)
	}
	l := &Locator{config: config, log: log, country: country}
	l.state.Store(&state{})
	l.Reload()
	return l, nil
}

// Locate implements geo.Locator.
func (l *Locator) Locate(addr netip.Addr) geo.Location {
	return l.state.Load().chain.Locate(addr)
}

// Run looks for a new version of the city file until the context ends. A version
// that cannot be used leaves the previous one in place.
func (l *Locator) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.config.UpdateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			l.Reload()
		}
	}
}

// Reload takes the city file anew if it came, changed or went, and says so in the
// log. One goroutine at a time may call it.
func (l *Locator) Reload() {
	if !l.load() {
		return
	}
	info := l.Info()
	if info.Problem != nil {
		l.log.Warn("city database not usable", "error", info.Problem, "using", info.Source)
		return
	}
	l.log.Info("geographic database loaded", "source", info.Source, "type", info.Type, "built", info.Built)
}

// load reports whether something changed.
func (l *Locator) load() bool {
	before := l.state.Load()
	if !l.config.Enabled {
		return false
	}
	after := &state{chain: geo.Chain{l.country}}
	if path := l.config.DatabasePath; path != "" {
		file, err := os.Stat(path)
		switch {
		case err == nil:
			after.modified, after.size = file.ModTime(), file.Size()
			if after.same(before) && !before.damaged() {
				return false
			}
			after.city, after.problem = openCity(path, file)
		case !errors.Is(err, fs.ErrNotExist) || path != geo.Default().DatabasePath:
			after.problem = cityProblem(path, err)
		}
	}
	if after.city == nil && after.problem != nil && before.city != nil && !before.damaged() {
		after.city = before.city
	}
	if after.city != nil {
		after.chain = geo.Chain{after.city, l.country}
	}
	l.state.Store(after)
	return before.chain == nil || !after.same(before) || after.city != before.city
}

func (s *state) same(other *state) bool {
	return s.modified.Equal(other.modified) && s.size == other.size
}

// damaged is true if the file was cut short while it was open.
func (s *state) damaged() bool { return s.city != nil && s.city.broken.Load() }

func openCity(path string, file fs.FileInfo) (*Database, error) {
	if !file.Mode().IsRegular() {
		return nil, cityProblem(path, errors.New("not a regular file"))
	}
	city, err := Open(path)
	if err != nil {
		return nil, cityProblem(path, err)
	}
	return city, nil
}

func cityProblem(path string, err error) error {
	return fmt.Errorf("city database %s: %w; put a readable .mmdb file there or leave geolocation.database_path empty", path, err)
}

// Info is which database answers for public addresses.
type Info struct {
	// Source is the file's path, "embedded", or "" if geolocation is off.
	Source string
	// Type is the database's type in its own words.
	Type string
	// Built is when the database was made, in UTC.
	Built time.Time
	// Problem is why the city file is not used, with the remedy; nil if it is used
	// or none is needed.
	Problem error
	// Faults counts look-ups that failed on damaged data.
	Faults uint64
}

// Info tells which database answers first.
func (l *Locator) Info() Info {
	s := l.state.Load()
	if !l.config.Enabled {
		return Info{}
	}
	source, database := embedded, l.country
	if s.city != nil && !s.damaged() {
		source, database = l.config.DatabasePath, s.city
	}
	info := Info{
		Source: source, Type: database.Type(), Built: database.Built(), Problem: s.problem,
		Faults: l.country.Faults(),
	}
	if s.city != nil {
		info.Faults += s.city.Faults()
	}
	if s.damaged() {
		info.Problem = cityProblem(l.config.DatabasePath, errors.New("the file was cut short while it was open"))
	}
	return info
}
