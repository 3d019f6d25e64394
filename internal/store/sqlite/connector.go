package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"

	sqlite "modernc.org/sqlite"
)

// generation numbers the files that have been at the store's path. The pools and their
// statements stay when the file changes: each connection of an older generation is given
// up, and its place is taken by one on the file that is there now.
type generation struct {
	number atomic.Uint64
	// gate is held while the file changes, so that nobody begins to read half of it.
	gate sync.RWMutex
}

// connector opens connections of the present generation.
type connector struct {
	driver.Connector
	*generation
	gated bool
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.gated {
		c.gate.RLock()
		defer c.gate.RUnlock()
	}
	number := c.number.Load()
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := raw.(fullConn)
	if !ok {
		return nil, errors.Join(errOtherDriver, raw.Close())
	}
	return &conn{fullConn: full, from: number, now: c.generation}, nil
}

var errOtherDriver = errors.New("connection of another driver")

// fullConn is all that a connection of the driver can do for database/sql, and what this
// package asks of it beside.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.FileControl
	NewBackup(uri string) (*sqlite.Backup, error)
}

// conn is a connection that ends with its generation.
type conn struct {
	fullConn
	from uint64
	now  *generation
}

func (c *conn) stale() bool { return c.from != c.now.number.Load() }

// ResetSession implements driver.SessionResetter: the pool asks it before each use.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.stale() {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}

// IsValid implements driver.Validator: the pool asks it after each use.
func (c *conn) IsValid() bool { return !c.stale() && c.fullConn.IsValid() }

// Close keeps SQLite from removing the log by its name, which may be that of a newer file.
func (c *conn) Close() error {
	if c.stale() {
		_, _ = c.FileControlPersistWAL("main", 1) // it fails only where there is no log
	}
	return c.fullConn.Close()
}

// Unwrap gives the driver's own connection to the driver.
func (c *conn) Unwrap() driver.Conn { return c.fullConn }

func openPool(path string, options url.Values, g *generation, gated bool) (*sql.DB, error) {
	inner, err := sqlite.NewConnector(dsn(path, options))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sql.OpenDB(connector{Connector: inner, generation: g, gated: gated}), nil
}

func dsn(path string, options url.Values) string {
	if options == nil {
		options = url.Values{}
	}
	options.Set("_busy_timeout", "5000")
	options.Set("_foreign_keys", "true")
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	return u.String()
}
