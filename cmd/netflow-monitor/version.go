package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// Set by the linker: -X main.version=v1.2.3. Without, the build information counts.
var version, commit, date string

// build is where a binary comes from.
type build struct {
	version, commit, date, goVersion string
}

func currentBuild() build {
	b := build{version: version, commit: commit, date: date, goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	b.version = firstOf(b.version, info.Main.Version, "(devel)")
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = firstOf(b.commit, s.Value)
		case "vcs.time":
			b.date = firstOf(b.date, s.Value)
		}
	}
	b.commit, b.date = firstOf(b.commit, "unknown"), firstOf(b.date, "unknown")
	return b
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and where this binary comes from",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := currentBuild()
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintf(w, "netflow-monitor\t%s\ncommit\t%s\nbuilt\t%s\ngo\t%s %s/%s\n",
				b.version, b.commit, b.date, b.goVersion, runtime.GOOS, runtime.GOARCH)
			return w.Flush() // it reports what a write before it met
		},
	}
}
