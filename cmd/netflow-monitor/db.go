package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"netflow-monitor/internal/app"
	"netflow-monitor/internal/config"
)

const dbLong = `The commands here look after the database that the configuration names. All of them
but vacuum --full may be used while the monitor runs.`

// dbCommand is what the commands on the database share.
type dbCommand struct {
	json bool
}

func newDBCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Back up, check and clean up the database",
		Long:  dbLong,
	}
	cmd.AddCommand(newDBInfoCommand(), newDBBackupCommand(), newDBCheckCommand(), newDBCleanupCommand(), newDBVacuumCommand(), newDBExportCommand())
	return cmd
}

func (c *dbCommand) register(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&c.json, "json", false, "one JSON object instead of text")
}

// with opens the database of the configuration.
func (*dbCommand) with(cmd *cobra.Command, do func(*app.Database) error) error {
	cfg, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	return app.WithDatabase(cmd.Context(), cfg, do)
}

// loadConfig reads the configuration without flags of its own.
func loadConfig(cmd *cobra.Command) (config.Config, error) {
	path, explicit, err := configPath(cmd)
	if err != nil {
		return config.Config{}, err
	}
	return config.Load(path, explicit, os.Environ())
}

// print writes the answer as JSON or as text.
func (c *dbCommand) print(w io.Writer, answer any, format string, args ...any) error {
	if !c.json {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		return err
	}
	line, err := json.Marshal(answer)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", line)
	}
	return err
}

func newDBInfoCommand() *cobra.Command {
	var c dbCommand
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Print how large the database is, and how far back it goes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(d *app.Database) error {
				info, err := d.Info(cmd.Context())
				if err != nil {
					return err
				}
				return c.print(cmd.OutOrStdout(), info, "%s", infoText(&info))
			})
		},
	}
	c.register(cmd)
	return cmd
}

func infoText(i *app.DatabaseInfo) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { _, _ = fmt.Fprintf(table, name+"\t"+format+"\n", args...) }
	row("file", "%s", i.Path)
	size := megabytes(i.Bytes)
	if i.MaxBytes > 0 {
		size += " of at most " + megabytes(i.MaxBytes)
	}
	row("size", "%s, %s of it free", size, megabytes(i.FreeBytes))
	row("sessions", "%d, since %s", i.Sessions, since(i.OldestSession))
	row("IPs", "%d", i.IPs)
	row("minutes", "since %s", since(i.OldestMinute))
	row("hours", "since %s", since(i.OldestHour))
	row("days", "since %s", since(i.OldestDay))
	switch {
	case i.FitsDays != nil:
		row("forecast", "%.0f days fit at the rate of the last 24 hours", *i.FitsDays)
	case i.MaxBytes > 0:
		row("forecast", "not known yet; it takes an hour of traffic")
	}
	row("schema", "%d", i.SchemaVersion)
	_ = table.Flush() // into memory
	return strings.TrimSuffix(text.String(), "\n")
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func since(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format("2006-01-02 15:04 MST")
}

func newDBBackupCommand() *cobra.Command {
	var c dbCommand
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database to a new file and check the copy",
		Long: `Copies the database as it is at one moment, while the monitor goes on, and checks the
copy. FILE is there only when all that has been done; one that is there already is
not overwritten. To restore it, stop the monitor and put it in place of the database.`,
		Example: `  netflow-monitor db backup /mnt/backup/netflow-$(date +%F).db`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd, func(d *app.Database) error {
				if err := d.Backup(cmd.Context(), args[0], progressTo(cmd.ErrOrStderr())); err != nil {
					return err
				}
				info, err := os.Stat(args[0])
				if err != nil {
					return err
				}
				answer := struct {
					Path  string `json:"path"`
					Bytes int64  `json:"bytes"`
				}{args[0], info.Size()}
				return c.print(cmd.OutOrStdout(), answer, "%s: %s, checked", args[0], megabytes(info.Size()))
			})
		},
	}
	c.register(cmd)
	return cmd
}

func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usageErrorf("%s needs the name of one file", cmd.Name())
	}
	return nil
}

// progressTo tells every few seconds how far a job is; a short one says nothing.
func progressTo(w io.Writer) func(stage string, part float64) {
	const every = 3 * time.Second
	last := time.Now()
	return func(stage string, part float64) {
		if time.Since(last) < every {
			return
		}
		last = time.Now()
		_, _ = fmt.Fprintf(w, "%s: %.0f %%\n", stage, 100*part) // nobody needs it
	}
}

func newDBCheckCommand() *cobra.Command {
	var c dbCommand
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for faults in the database",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(d *app.Database) error {
				faults, err := d.Check(cmd.Context())
				if err != nil {
					return err
				}
				text := "no faults"
				if len(faults) > 0 {
					text = strings.Join(faults, "\n")
				}
				answer := struct {
					Faults []string `json:"faults"`
				}{append([]string{}, faults...)}
				if err := c.print(cmd.OutOrStdout(), answer, "%s", text); err != nil || len(faults) == 0 {
					return err
				}
				return fmt.Errorf("the database has %d faults; put a backup in its place, or stop the monitor and rescue what is left with sqlite3's .recover", len(faults))
			})
		},
	}
	c.register(cmd)
	return cmd
}

func newDBCleanupCommand() *cobra.Command {
	var c dbCommand
	var days int
	cmd := &cobra.Command{
		Use:   "cleanup --days N",
		Short: "Delete what is older than a number of days",
		Long: `Deletes sessions, IPs, history and events that are older than N days, and gives the
space back. What is kept in general is said by database.keep_sessions and its like.`,
		Example: `  netflow-monitor db cleanup --days 7`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			const most = 36500
			if !cmd.Flags().Changed("days") {
				return usageErrorf("cleanup needs --days N: what is older goes")
			}
			if days < 1 || days > most {
				return usageErrorf("--days must be from 1 to %d, not %d", most, days)
			}
			return c.with(cmd, func(d *app.Database) error {
				rows, bytes, err := d.Cleanup(cmd.Context(), days)
				if err != nil {
					return err
				}
				answer := struct {
					Rows  int64 `json:"rows"`
					Bytes int64 `json:"bytes"`
				}{rows, bytes}
				return c.print(cmd.OutOrStdout(), answer, "%d rows deleted, %s given back", rows, megabytes(bytes))
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", 0, "delete what is older than `N` days")
	c.register(cmd)
	return cmd
}

func newDBVacuumCommand() *cobra.Command {
	var c dbCommand
	var full bool
	cmd := &cobra.Command{
		Use:   "vacuum",
		Short: "Give free space in the file back",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(d *app.Database) error {
				bytes, err := d.Vacuum(cmd.Context(), full)
				if err != nil {
					return err
				}
				answer := struct {
					Bytes int64 `json:"bytes"`
				}{bytes}
				return c.print(cmd.OutOrStdout(), answer, "%s given back", megabytes(bytes))
			})
		},
	}
	cmd.Flags().BoolVar(&full, "full", false, "write the whole file anew; the monitor must not run, and twice the space is needed")
	c.register(cmd)
	return cmd
}
