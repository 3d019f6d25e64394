// Package offline folds capture files into sessions without a database. The same
// files give the same output, byte for byte.
package offline

import (
	"context"
	"errors"
	"fmt"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/capture/filter"
	"netflow-monitor/internal/capture/pcapfile"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// maxSessions bounds the sessions that live at the same time, and with them memory:
// about 0.8 GB. Beyond it the sessions idle for longest end early, which the summary
// says.
const maxSessions = 1 << 22

// retained flows stay until their next packet, so that the sessions of a file of
// ordinary size do not depend on what else is in it (docs/adr/0014).
const retained = 1 << 16

// Result is what one or more files hold.
type Result struct {
	// Sessions has one record for each session, sorted by start time, then key.
	Sessions Sessions
	// Counters are the meter's, added up over the files.
	Counters meter.Counters
	// Files is the number of files that could be opened.
	Files int
}

// Options say how files are read.
type Options struct {
	Meter meter.Config
	// Filter is an expression of pcap-filter(7); empty takes every packet.
	Filter string
}

// Read meters each file on its own, so that no session spans two of them, and
// returns the sessions of all. The result is valid, if not complete, beside an error:
// what was read before a file broke off is in it.
func Read(ctx context.Context, paths []string, o Options) (*Result, error) {
	cfg := &o.Meter
	cfg.Interim = false
	cfg.Retain = retained
	cfg.MaxSessions = maxSessions
	cfg.Seed = max(cfg.Seed, 1) // the output never depends on it, but its cost may
	result := &Result{}
	var errs []error
	for _, path := range paths {
		if err := result.readFile(ctx, path, o); err != nil {
			errs = append(errs, advise(err))
		}
		if ctx.Err() != nil {
			break
		}
		cfg.FirstSequence = uint32(result.Counters.Started)
	}
	result.Sessions.sort()
	return result, errors.Join(errs...)
}

func (r *Result) readFile(ctx context.Context, path string, o Options) (err error) {
	m, err := meter.New(o.Meter)
	if err != nil {
		return err
	}
	source, err := pcapfile.Open(path, pcapfile.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	r.Files++
	err = m.Run(ctx, filter.NewSource(source, o.Filter), &r.Sessions)
	counters := m.Counters()
	r.Counters.Add(&counters)
	return err
}

// advise adds what the user can do about a file that broke off.
func advise(err error) error {
	if errors.Is(err, capture.ErrTruncated) {
		return fmt.Errorf("%w; what was read until there is shown, the rest needs a new or repaired copy of the file", err)
	}
	return err
}

// Totals adds up all sessions.
func (r *Result) Totals() flow.Counters { return r.Sessions.total }
