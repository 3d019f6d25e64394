package main

import (
	"context"
	"errors"
	"flag"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

var update = flag.Bool("update", false, "write the transcripts' expected output")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"netflow-monitor": main})
}

// TestTranscripts runs the command line as a user does.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			if filepath.Base(env.WorkDir) != "script-db" {
				return nil
			}
			return makeDatabase(env.WorkDir)
		},
	})
}

// makeDatabase writes two sessions, ten days apart, as a monitor does.
func makeDatabase(dir string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(dir, "data", "netflow.db")})
	if err != nil {
		return err
	}
	now := time.Now()
	b := store.Batch{Run: "run", Sequence: 1}
	for i, at := range []time.Time{now.AddDate(0, 0, -10), now} {
		s := stats.Session{ID: flow.NewID(at.UnixNano(), uint32(i)), Start: at.UnixNano(), Last: at.UnixNano(), End: flow.EndOfFlow}
		s.Key = flow.Key{Version: 4, Protocol: flow.ProtoTCP, SrcPort: 50000, DstPort: 443}
		s.Key.Src, s.Key.Dst = netip.MustParseAddr("10.0.0.1").As16(), netip.MustParseAddr("192.0.2.1").As16()
		s.Sent = flow.Counters{Packets: 1, WireBytes: 100}
		b.Sessions = append(b.Sessions, s)
		b.IPs = append(b.IPs, stats.IP{Addr: s.Key.DstAddr(), Received: s.Sent, Sessions: 1, First: s.Start, Last: s.Last})
		b.Samples = append(b.Samples, stats.Sample{Time: at.UnixNano(), NewSessions: 1})
	}
	return errors.Join(db.Write(ctx, b), db.Close())
}

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]float64{"1x": 1, "10x": 10, "0.5x": 0.5, "max": 0} {
		if got, err := parseSpeed(text); err != nil || got != want {
			t.Errorf("%s is %g, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "1", "0x", "-1x", "NaNx", "Infx", "1001x", "fast"} {
		if _, err := parseSpeed(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
