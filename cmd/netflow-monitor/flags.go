package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"netflow-monitor/internal/config"
)

const configFlag = "config"

// settingFlags are the flags that stand for a setting of the configuration.
type settingFlags struct {
	interfaces []string
	host, port string
	filter     string
	debug      bool
}

func (f *settingFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVarP(&f.interfaces, "interface", "i", nil,
		"interface `NAME`, more with commas or by repeating it, or any; default: the default route's")
	flags.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, as for tcpdump")
	flags.StringVarP(&f.port, "port", "p", "", "port `N` of the web page (default 8080)")
	flags.StringVar(&f.host, "host", "", "`ADDR` to listen on (default 0.0.0.0)")
	flags.BoolVar(&f.debug, "debug", false, "debug logging, and profiles under /debug/pprof/ on the loopback")
}

// overrides are the settings that were given as flags, each checked.
func (f *settingFlags) overrides(flags *pflag.FlagSet) ([]config.Override, error) {
	var given []config.Override
	set := func(flag, key, text string) {
		if flags.Changed(flag) {
			given = append(given, config.Override{Key: key, Text: text, Origin: "--" + flag})
		}
	}
	set("interface", "network.interface", strings.Join(f.interfaces, ","))
	set("filter", "network.filter", f.filter)
	set("port", "web.port", f.port)
	set("host", "web.host", f.host)
	if f.debug {
		set("debug", "web.debug", "true")
		set("debug", "logging.level", "DEBUG")
	}
	trial := config.Default()
	for _, o := range given {
		if err := trial.Set(o.Key, o.Text, o.Origin); err != nil {
			return nil, usageErrorf("%s: %w", o.Origin, err)
		}
	}
	if err := trial.Validate(); err != nil {
		return nil, usageError{err}
	}
	return given, nil
}

// loader returns what reads the configuration that a command line asks for; it may
// be called again to reload.
func (f *settingFlags) loader(cmd *cobra.Command) (func() (config.Config, error), error) {
	path, explicit, err := configPath(cmd)
	if err != nil {
		return nil, err
	}
	overrides, err := f.overrides(cmd.Flags())
	if err != nil {
		return nil, err
	}
	return func() (config.Config, error) {
		return config.Load(path, explicit, os.Environ(), overrides...)
	}, nil
}

// configPath is the configuration file and whether it was named on the command line.
func configPath(cmd *cobra.Command) (path string, explicit bool, err error) {
	flag := cmd.Flag(configFlag)
	if flag.Changed && flag.Value.String() == "" {
		return "", false, usageErrorf("--%s needs the name of a file", configFlag)
	}
	return flag.Value.String(), flag.Changed, nil
}
