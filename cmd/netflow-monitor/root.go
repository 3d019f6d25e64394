package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"netflow-monitor/internal/app"
	"netflow-monitor/internal/config"
)

const rootLong = `netflow-monitor captures packets, follows the sessions in them, keeps history in
SQLite, and shows all of it live on a web page: who uses the network, with whom,
for what, and from where in the world.

Settings come from the built-in defaults, the configuration file, the environment
(NETFLOW_WEB_PORT for web.port) and these flags; the later ones win.`

const rootExample = `  netflow-monitor                        monitor the interface with the default route
  netflow-monitor -i wg0 -p 9090         another interface, page on port 9090
  netflow-monitor -i any                 all interfaces, each packet counted once
  netflow-monitor -f 'not port 22'       only packets that a tcpdump expression names
  netflow-monitor -r day.pcap --speed 1x
  netflow-monitor --check-deps           what is missing for a run, and how to get it`

// rootFlags are the flags of a run.
type rootFlags struct {
	settingFlags

	read, speed               string
	checkDeps, listInterfaces bool
}

func newRootCommand() *cobra.Command {
	var f rootFlags
	root := &cobra.Command{
		Use:     "netflow-monitor",
		Short:   "Show who uses the network",
		Long:    rootLong,
		Example: rootExample,
		Args:    knownCommand,
		RunE:    f.run,
		Version: currentBuild().version,
		// execute prints errors, once and without the usage.
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	f.register(root)
	root.AddCommand(newReadCommand(), newDBCommand(), newConfigCommand(), newVersionCommand())
	root.SetHelpCommand(newHelpCommand(root))
	root.SetFlagErrorFunc(plainFlagError)
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if !cmd.Runnable() {
			needCommand(cmd)
		}
	}
	return root
}

func (f *rootFlags) register(root *cobra.Command) {
	root.PersistentFlags().StringP(configFlag, "c", config.DefaultPath, "configuration `FILE`")
	flags := root.Flags()
	flags.SortFlags = false
	f.settingFlags.register(flags)
	flags.StringVarP(&f.read, "read", "r", "", "read a pcap or pcapng `FILE` instead of an interface; - is standard input")
	flags.StringVar(&f.speed, "speed", "max", "`SPEED` of reading a file: 1x (as it happened), 10x or max")
	flags.BoolVar(&f.checkDeps, "check-deps", false, "check what a run needs and how to get what is missing")
	flags.BoolVar(&f.listInterfaces, "list-interfaces", false, "list the interfaces of this machine")
	completeFlags(root)
}

func completeFlags(root *cobra.Command) {
	// These fail only for flags that do not exist.
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(root.MarkPersistentFlagFilename(configFlag, "yaml", "yml"))
	must(root.MarkFlagFilename("read"))
	must(root.RegisterFlagCompletionFunc("speed",
		cobra.FixedCompletions([]string{"1x", "10x", "max"}, cobra.ShellCompDirectiveNoFileComp)))
	must(root.RegisterFlagCompletionFunc("interface", completeInterfaces))
}

// run is the main job, or one of the two flags that look instead.
func (f *rootFlags) run(cmd *cobra.Command, _ []string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	if f.listInterfaces {
		return listInterfaces(cmd.OutOrStdout())
	}
	speed, err := parseSpeed(f.speed)
	if err != nil {
		return err
	}
	load, err := f.loader(cmd)
	if err != nil {
		return err
	}
	cfg, err := load()
	if err != nil {
		return err
	}
	if f.checkDeps {
		return checkDeps(cmd, cfg)
	}
	return app.Run(cmd.Context(), cfg, app.Options{
		ReadFile: f.read,
		Speed:    speed,
		Debug:    f.debug,
		Version:  currentBuild().version,
		Stdout:   cmd.OutOrStdout(),
		Stderr:   cmd.ErrOrStderr(),
		Reload:   load,
	})
}

// check refuses flags that contradict one another, rather than ignoring one of them.
func (f *rootFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	if err := checkFilter(f.filter); err != nil {
		return err
	}
	if given("read") && f.read == "" {
		return usageErrorf("--read needs the name of a file, or - for standard input")
	}
	if given("speed") && !given("read") {
		return usageErrorf("--speed is for a file; give one with --read")
	}
	for _, pair := range [][2]string{
		{"read", "interface"},
		{"read", "check-deps"},
		{"read", "list-interfaces"},
		{"check-deps", "list-interfaces"},
		{"interface", "list-interfaces"},
	} {
		if given(pair[0]) && given(pair[1]) {
			return usageErrorf("--%s and --%s exclude each other; give one of them", pair[0], pair[1])
		}
	}
	return nil
}

func checkDeps(cmd *cobra.Command, cfg config.Config) error {
	ok, err := app.CheckDeps(cmd.Context(), cfg, cmd.OutOrStdout())
	if err != nil {
		return fmt.Errorf("write the checks: %w", err)
	}
	if !ok {
		return errors.New("a run is not possible yet; see the lines marked FAILED")
	}
	return nil
}

// knownCommand refuses what is neither a flag nor a command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("unknown command %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return fmt.Errorf("unknown command %q; a capture file is read with --read %s", name, name)
	}
	return fmt.Errorf("unknown command %q", name)
}

// needCommand makes a command that only groups others refuse to be run, where cobra
// would print help and succeed.
func needCommand(group *cobra.Command) {
	group.SuggestionsMinimumDistance = 2
	group.Args = knownCommand
	group.RunE = func(*cobra.Command, []string) error {
		commands := group.Commands()
		names := make([]string, len(commands))
		for i, cmd := range commands {
			names[i] = cmd.Name()
		}
		return usageErrorf("%s needs one of its commands: %s", group.Name(), strings.Join(names, ", "))
	}
}

// plainFlagError leaves out how the library parses a number.
func plainFlagError(_ *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("%q is not a value for --%s", invalid.GetValue(), invalid.GetFlag().Name)
	}
	return err
}

// newHelpCommand replaces cobra's, which takes an unknown topic for a success.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || cmd == root && len(args) > 0 || len(rest) > 0 {
				return usageErrorf("there is no command %q", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}
