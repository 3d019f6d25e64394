// Package mmdb locates addresses with MaxMind DB files: the embedded one of
// countries, and a city database that the user may add.
package mmdb

import (
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"netflow-monitor/internal/geo"
)

// slotBits says how many decoded records a database remembers: 8192. All addresses
// of a network, and often many networks, share one record.
const slotBits = 13

// Database is an open MaxMind DB file. Its methods may be called from any goroutine.
type Database struct {
	reader *maxminddb.Reader
	// mapped is true if the reader's bytes are those of a file that may be cut short beneath it.
	mapped bool
	broken atomic.Bool
	faults atomic.Uint64
	cache  [1 << slotBits]atomic.Pointer[record]
}

type record struct {
	offset   uintptr
	location geo.Location
}

// Open opens a file. Its memory mapping is released when the database is garbage,
// so that it may be replaced while look-ups go on.
func Open(path string) (*Database, error) {
	// Without the reader's own cache no lock of it can stay taken after a fault.
	reader, err := maxminddb.Open(path, maxminddb.DisableStringCache())
	if err != nil {
		return nil, fmt.Errorf("open MaxMind DB file: %w", err)
	}
	return probe(&Database{reader: reader, mapped: true})
}

// FromBytes opens a file's content, which must not change from then on.
func FromBytes(content []byte) (*Database, error) {
	reader, err := maxminddb.OpenBytes(content, maxminddb.DisableStringCache())
	if err != nil {
		return nil, fmt.Errorf("open MaxMind DB: %w", err)
	}
	return probe(&Database{reader: reader})
}

// probe looks up some addresses, so that a file that is damaged throughout, or is
// not about places, is refused at once.
func probe(d *Database) (*Database, error) {
	located := 0
	for _, addr := range []string{"1.1.1.1", "8.8.8.8", "9.9.9.9", "77.88.8.8", "114.114.114.114", "193.0.6.139", "200.160.0.8", "81.2.69.142"} {
		if d.Locate(netip.MustParseAddr(addr)).CountryCode != "" {
			located++
		}
	}
	if located == 0 {
		return nil, fmt.Errorf("database of type %q is damaged or has no countries", d.Type())
	}
	return d, nil
}

// Type is the database's type in its own words, such as "GeoLite2-City".
func (d *Database) Type() string { return d.reader.Metadata.DatabaseType }

// Built is when the database was made.
func (d *Database) Built() time.Time { return d.reader.Metadata.BuildTime().UTC() }

// Faults counts look-ups that failed because the file is damaged.
func (d *Database) Faults() uint64 { return d.faults.Load() }

// Locate implements geo.Locator for public addresses; others are the caller's to keep away.
func (d *Database) Locate(addr netip.Addr) geo.Location {
	switch {
	case !d.mapped:
		return d.lookUp(addr)
	case d.broken.Load():
		return geo.Location{}
	}
	return d.lookUpMapped(addr)
}

// lookUpMapped survives a file that was cut short or whose disk failed: the
// processor faults on the missing page, and the database is not asked again.
func (d *Database) lookUpMapped(addr netip.Addr) (location geo.Location) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		fault := recover()
		if fault == nil {
			return
		}
		if _, ok := fault.(interface{ Addr() uintptr }); !ok {
			panic(fault)
		}
		d.broken.Store(true)
		d.faults.Add(1)
		location = geo.Location{}
	}()
	return d.lookUp(addr)
}

func (d *Database) lookUp(addr netip.Addr) geo.Location {
	result := d.reader.Lookup(addr)
	if !result.Found() {
		if result.Err() != nil {
			d.faults.Add(1)
		}
		return geo.Location{}
	}
	offset := result.Offset()
	slot := &d.cache[uint64(offset)*0x9e3779b97f4a7c15>>(64-slotBits)]
	if known := slot.Load(); known != nil && known.offset == offset {
		return known.location
	}
	var fields map[string]any
	if err := result.Decode(&fields); err != nil {
		d.faults.Add(1)
		return geo.Location{}
	}
	location := locationOf(fields)
	slot.Store(&record{offset: offset, location: location})
	return location
}
