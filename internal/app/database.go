package app

import (
	"context"
	"errors"
	"time"

	"netflow-monitor/internal/config"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// Database is the monitor's database for the commands that look after it, whether a monitor
// runs on it or not.
type Database struct {
	db   *sqlite.Store
	keep store.Retention
}

// WithDatabase opens the database that the configuration names, which must be there, does
// something with it, and closes it.
func WithDatabase(ctx context.Context, cfg config.Config, do func(*Database) error) (err error) {
	db, err := sqlite.Attach(ctx, sqlite.Config{Path: cfg.Database.Path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(&Database{db: db, keep: retention(cfg.Database)})
}

// DatabaseInfo is what `db info` says. Times are null if there is no such row, numbers of
// days while they are not known.
type DatabaseInfo struct {
	Path          string     `json:"path"`
	SchemaVersion int        `json:"schema_version"`
	Bytes         int64      `json:"bytes"`
	FreeBytes     int64      `json:"free_bytes"`
	MaxBytes      int64      `json:"max_bytes"`
	Sessions      int64      `json:"sessions"`
	IPs           int64      `json:"ips"`
	OldestSession *time.Time `json:"oldest_session"`
	OldestMinute  *time.Time `json:"oldest_minute"`
	OldestHour    *time.Time `json:"oldest_hour"`
	OldestDay     *time.Time `json:"oldest_day"`
	FitsDays      *float64   `json:"fits_days"`
}

// Info describes the database.
func (d *Database) Info(ctx context.Context) (DatabaseInfo, error) {
	if err := d.db.NeedCurrent(); err != nil {
		return DatabaseInfo{}, err
	}
	i, err := d.db.Info(ctx)
	if err != nil {
		return DatabaseInfo{}, err
	}
	at := func(ns int64) *time.Time {
		if ns == 0 {
			return nil
		}
		t := time.Unix(0, ns).UTC()
		return &t
	}
	info := DatabaseInfo{
		Path: i.Path, SchemaVersion: i.SchemaVersion, Bytes: i.Bytes, FreeBytes: i.FreeBytes, MaxBytes: d.keep.MaxBytes,
		Sessions: i.Sessions, IPs: i.IPs,
		OldestSession: at(i.OldestSession), OldestMinute: at(i.OldestMinute), OldestHour: at(i.OldestHour), OldestDay: at(i.OldestDay),
	}
	if days, ok := i.FitsDays(d.keep); ok {
		info.FitsDays = &days
	}
	return info, nil
}

// Backup copies the database to a new file and checks the copy; progress is told how far it
// is, from 0 to 1, first of copying and then of checking.
func (d *Database) Backup(ctx context.Context, target string, progress func(stage string, part float64)) error {
	return d.db.Backup(ctx, target, func(stage string, done, total int64) {
		progress(stage, float64(done)/float64(max(total, 1)))
	})
}

// Check lists what is wrong; nothing if all is well.
func (d *Database) Check(ctx context.Context) ([]string, error) { return d.db.Check(ctx) }

// Cleanup deletes what is older than a number of days, and returns how many rows went and
// how many bytes were given back.
func (d *Database) Cleanup(ctx context.Context, days int) (rows, bytes int64, err error) {
	if err := d.db.NeedCurrent(); err != nil {
		return 0, 0, err
	}
	pruned, err := d.db.Cleanup(ctx, time.Duration(days)*24*time.Hour)
	if err != nil {
		return pruned.Rows, 0, err
	}
	bytes, err = d.db.Vacuum(ctx)
	return pruned.Rows, bytes, err
}

// Vacuum gives free space back, all of it and with a file written anew if full is true, and
// returns how many bytes.
func (d *Database) Vacuum(ctx context.Context, full bool) (int64, error) {
	if err := d.db.NeedCurrent(); err != nil {
		return 0, err
	}
	if full {
		return d.db.Rebuild(ctx)
	}
	return d.db.Vacuum(ctx)
}
