// Command gen writes a database with months of traffic that never was, through the same
// engine and writer as the monitor's own, for measurements.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/geo/mmdb"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/past"
	"netflow-monitor/internal/store/sqlite"
)

func main() {
	path := flag.String("o", "", "database to write; it must not exist")
	sessions := flag.Int("sessions", 10_000_000, "sessions in all")
	addresses := flag.Int("ips", 1_000_000, "other addresses")
	days := flag.Int("days", 30, "days, of which the last one ends now")
	seed := flag.Uint64("seed", 1, "another seed gives other traffic")
	flag.Parse()
	to := time.Now().Truncate(time.Minute)
	c := past.Config{From: to.AddDate(0, 0, -*days), To: to, Sessions: *sessions, Addresses: *addresses, Seed: *seed}
	if err := write(context.Background(), *path, c, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(ctx context.Context, path string, c past.Config, progress io.Writer) (err error) {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil || path == "" {
		return fmt.Errorf("-o %q: name a file that does not exist", path)
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	if err := db.AddPoint(ctx, 1, "eth0"); err != nil {
		return err
	}
	locator, err := mmdb.New(geo.Config{Enabled: true, UpdateInterval: time.Hour}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	engine, err := stats.New(stats.Default(), locator, stats.NewHome(nil, []netip.Prefix{past.Home, netip.MustParsePrefix("fd00::/8")}))
	if err != nil {
		return err
	}
	writer, err := store.NewWriter(store.Default(), db, engine, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return run(ctx, c, engine, writer, db, progress)
}

// run flushes once a minute of the traffic's time, trims once an hour and prunes once a day.
func run(ctx context.Context, c past.Config, engine *stats.Engine, writer *store.Writer, db *sqlite.Store, progress io.Writer) error {
	began := time.Now()
	keep := store.DefaultRetention()
	keep.MaxBytes = 0
	var minute, hour, day int64
	for b := range past.Traffic(c) {
		if err := engine.Consume(b); err != nil {
			return err
		}
		if now := b.Time / int64(time.Minute); now != minute {
			minute = now
			if err := writer.Flush(ctx); err != nil {
				return err
			}
		}
		if now := b.Time / int64(time.Hour); now != hour {
			hour = now
			if _, err := db.Trim(ctx); err != nil {
				return err
			}
		}
		if now := b.Time / int64(24*time.Hour); now != day {
			day = now
			if _, err := db.Prune(ctx, keep); err != nil {
				return err
			}
			info, err := db.Info(ctx)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(progress, "%s: %d sessions, %d MB, after %.0f s\n",
				time.Unix(0, b.Time).UTC().Format(time.DateOnly), info.Sessions, info.Bytes>>20, time.Since(began).Seconds())
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	return writer.Run(ended)
}
