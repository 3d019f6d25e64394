package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"netflow-monitor/internal/api"
	"netflow-monitor/internal/config"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo/mmdb"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
)

// ErrExportQuery is returned for an export that was asked for wrongly.
var ErrExportQuery = errors.New("export")

// ExportLists are the names of what can be exported, and of the same in the API.
var ExportLists = map[string]string{
	"sessions": "sessions", "ips": "ip-stats", "history": "traffic-history", "events": "events", "rankings": "rankings",
}

// noMonitor is the capture of a program that has none.
type noMonitor struct{}

func (noMonitor) Start(context.Context) (bool, error) { return false, nil }
func (noMonitor) Stop(context.Context) (bool, error)  { return false, nil }
func (noMonitor) Status() api.MonitorStatus           { return api.MonitorStatus{SourceKind: "interface"} }

// Export writes all rows of a list in the database, as the API's export does with the same
// parameters, and returns how many there are. Sessions are those that have ended.
func (d *Database) Export(ctx context.Context, cfg config.Config, list string, parameters url.Values, out io.Writer) (rows int, err error) {
	if err := d.db.NeedCurrent(); err != nil {
		return 0, err
	}
	log := slog.New(slog.DiscardHandler)
	locator, err := mmdb.New(geoConfig(cfg), log)
	if err != nil {
		return 0, err
	}
	engine, err := stats.New(statsConfig(cfg), locator, place{networks: cfg.Network.Home}.home())
	if err != nil {
		return 0, err
	}
	writer, err := store.NewWriter(writerConfig(cfg), d.db, engine, log)
	if err != nil {
		return 0, err
	}
	points, err := d.db.Points(ctx)
	if err != nil {
		return 0, err
	}
	server, err := api.New(api.Default(), api.Deps{
		Catalog: store.NewCatalog(engine, writer, d.db), Engine: engine, Writer: writer, Keeper: d.db, Monitor: noMonitor{},
		Points: func(p flow.Point) string { return points[p] },
		FindPoint: func(name string) (flow.Point, bool) {
			for p, n := range points {
				if n == name {
					return p, true
				}
			}
			return 0, false
		},
		Retention: writer.Retention, Log: log,
	})
	if err != nil {
		return 0, err
	}
	err = server.Export(ctx, ExportLists[list], parameters.Encode(), out, func(t store.Total) { rows = t.Rows })
	if api.IsMistake(err) {
		return 0, fmt.Errorf("%w: %w", ErrExportQuery, err)
	}
	// Without the database, the catalog would answer from a memory that has nothing.
	for _, e := range writer.Recent(1) {
		err = errors.Join(err, errors.New(e.Message))
	}
	return rows, err
}
