package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"netflow-monitor/internal/flow"
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
  netflow-monitor read -f 'tcp port 443 and not net 10.0.0.0/8' day.pcap
  tcpdump -c 1000 -w - | netflow-monitor read --csv -`

type readFlags struct {
	json, csv, ips        bool
	timeouts, decapsulate string
	filter                string
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
	flags.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, as for tcpdump")
	flags.StringVar(&f.decapsulate, "decapsulate", "all", "tunnels of which the sessions inside are shown: all, none, or a list of `KINDS`")
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
	options, err := f.options()
	if err != nil {
		return err
	}
	result, readErr := offline.Read(cmd.Context(), files, options)
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

func (f *readFlags) options() (o offline.Options, err error) {
	if o.Meter, err = offline.ParseTimeouts(f.timeouts); err != nil {
		return o, usageError{err}
	}
	var ok bool
	if o.Meter.Decapsulate, ok = flow.ParseTunnelSet(f.decapsulate); !ok {
		return o, usageErrorf("--decapsulate must be all, none, or a list of %s, not %q",
			strings.Join(flow.TunnelKindNames(), ", "), f.decapsulate)
	}
	o.Filter = f.filter
	return o, checkFilter(f.filter)
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
