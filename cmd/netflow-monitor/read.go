package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"netflow-monitor/internal/offline"
)

const readLong = `Read pcap or pcapng files, also compressed with gzip or zstd, and print the
sessions in them, sorted by start time. - is standard input. No database is used,
and the same files always give the same output. Each file is read on its own: no
session spans two of them.

How many packets were read, and why some of them could not be counted, goes to
standard error.`

const readExample = `  netflow-monitor read day.pcap
  netflow-monitor read --ips day.pcapng.zst
  netflow-monitor read --json --timeouts none *.pcap | jq .src_ip
  tcpdump -c 1000 -w - | netflow-monitor read --csv -`

type readFlags struct {
	json, csv, ips bool
	timeouts       string
}

func newReadCommand() *cobra.Command {
	var f readFlags
	cmd := &cobra.Command{
		Use:     "read FILE…",
		Short:   "Print the sessions or IPs in capture files",
		Long:    readLong,
		Example: readExample,
		Args:    needFiles,
		RunE:    f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.json, "json", false, "one JSON object a line instead of a table")
	flags.BoolVar(&f.csv, "csv", false, "CSV with a header line instead of a table")
	flags.BoolVar(&f.ips, "ips", false, "IPs, those with the most bytes first, instead of sessions")
	flags.StringVar(&f.timeouts, "timeouts", "default", "when a session ends: default, none (never), or `IDLE/ACTIVE` such as 30/300 or 30s/5m")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}

func needFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageErrorf("read needs a capture file, or - for standard input")
	}
	return nil
}

func (f *readFlags) run(cmd *cobra.Command, files []string) error {
	cfg, err := offline.ParseTimeouts(f.timeouts)
	if err != nil {
		return usageError{err}
	}
	result, readErr := offline.Read(cmd.Context(), files, cfg)
	if result.Files == 0 {
		return readErr
	}
	write := result.WriteSessions
	if f.ips {
		write = result.WriteHosts
	}
	if err := write(cmd.OutOrStdout(), f.format()); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(cmd.ErrOrStderr(), result.Summary()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return readErr
}

func (f *readFlags) format() offline.Format {
	switch {
	case f.json:
		return offline.JSON
	case f.csv:
		return offline.CSV
	}
	return offline.Table
}
