package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"netflow-monitor/internal/app"
)

const exportLong = `Writes all rows of a list: sessions that have ended, ips, history (traffic over
time), events or rankings. What --with takes are the parameters of the API, see
/api/openapi.json: filters such as protocol=tcp or country=DE, order_by, step, and
the dimension of a ranking. Times are RFC 3339, such as 2026-03-01T10:00:00Z, or
like -24h.`

const exportExample = `  netflow-monitor db export sessions --from -7d -o sessions.csv
  netflow-monitor db export sessions --format jsonl --with dst_ip=192.0.2.0/24 | jq .src_ip
  netflow-monitor db export history --from -30d --with step=3600
  netflow-monitor db export rankings --from -30d --with dimension=country`

type exportFlags struct {
	format, from, to, output string
	with                     []string
}

func exportNames() []string { return slices.Sorted(maps.Keys(app.ExportLists)) }

func newDBExportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:       "export LIST",
		Short:     "Write sessions, IPs, history, events or rankings as CSV or JSON lines",
		Long:      exportLong,
		Example:   exportExample,
		ValidArgs: exportNames(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || app.ExportLists[args[0]] == "" {
				return usageErrorf("export needs one of %s", strings.Join(exportNames(), ", "))
			}
			return nil
		},
		RunE: f.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.format, "format", "csv", "csv, or jsonl: a JSON object a line")
	flags.StringVar(&f.from, "from", "", "rows of this `TIME` and later")
	flags.StringVar(&f.to, "to", "", "rows before this `TIME`")
	flags.StringArrayVar(&f.with, "with", nil, "further parameter `KEY=VALUE` of the API; repeatable")
	flags.StringVarP(&f.output, "output", "o", "", "`FILE` to write, instead of standard output")
	if err := cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"csv", "jsonl"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
	return cmd
}

func (f *exportFlags) run(cmd *cobra.Command, args []string) (err error) {
	parameters := url.Values{"format": {f.format}}
	for _, given := range f.with {
		key, value, ok := strings.Cut(given, "=")
		if !ok || key == "" {
			return usageErrorf("--with takes KEY=VALUE, not %q", given)
		}
		parameters.Add(key, value)
	}
	for key, value := range map[string]string{"from": f.from, "to": f.to} {
		if value != "" {
			parameters.Set(key, value)
		}
	}
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	return app.WithDatabase(cmd.Context(), cfg, func(d *app.Database) error {
		return f.write(cmd, func(out io.Writer) error {
			rows, err := d.Export(cmd.Context(), cfg, args[0], parameters, out)
			if errors.Is(err, app.ErrExportQuery) {
				return usageError{err}
			}
			if err == nil && f.output != "" {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows\n", f.output, rows)
			}
			return err
		})
	})
}

// write gives a file its name only when it is whole.
func (f *exportFlags) write(cmd *cobra.Command, export func(io.Writer) error) (err error) {
	if f.output == "" {
		out := bufio.NewWriter(cmd.OutOrStdout())
		return errors.Join(export(out), out.Flush())
	}
	partial := f.output + ".partial"
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // as the database
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	if err := errors.Join(export(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(partial, f.output)
}
