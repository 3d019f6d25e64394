package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
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
	})
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
