package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check and print the configuration",
	}
	cmd.AddCommand(newConfigCheckCommand(), newConfigPrintCommand())
	return cmd
}

func newConfigCheckCommand() *cobra.Command {
	var f settingFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for errors in file, environment and flags; all of them at once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load, err := f.loader(cmd)
			if err != nil {
				return err
			}
			if _, err := load(); err != nil {
				return err
			}
			path, _, err := configPath(cmd)
			if err != nil {
				return err
			}
			message := path + ": no errors"
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				message = fmt.Sprintf("no errors; there is no %s, so the built-in defaults count", path)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), message)
			return err
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func newConfigPrintCommand() *cobra.Command {
	var f settingFlags
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print every setting that counts, and where it comes from",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load, err := f.loader(cmd)
			if err != nil {
				return err
			}
			cfg, err := load()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(cfg.YAML())
			return err
		},
	}
	f.register(cmd.Flags())
	return cmd
}
