package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// DefaultPath is the file that is read if it is there and no other is named.
const DefaultPath = "config/config.yaml"

// maxFileSize keeps a wrong path, such as a capture file, from being read whole.
const maxFileSize = 1 << 20

// LoadErrors is everything that is wrong with a configuration.
type LoadErrors []error

// Error has one line for each problem.
func (p LoadErrors) Error() string {
	if len(p) == 1 {
		return p[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d errors in the configuration:", len(p))
	for _, err := range p {
		b.WriteString("\n  " + err.Error())
	}
	return b.String()
}

// Unwrap gives the problems one by one.
func (p LoadErrors) Unwrap() []error { return p }

// Override is a value that goes before file and environment.
type Override struct {
	Key, Text string
	// Origin is the flag's name: "--port".
	Origin string
}

// Load returns the defaults, changed by the file, changed by the environment
// (NAME=value, as of os.Environ), changed by the overrides. A path that is not
// explicit need not exist. The error is a LoadErrors with all that is wrong.
func Load(path string, explicit bool, env []string, overrides ...Override) (Config, error) {
	cfg := Default()
	var problems LoadErrors
	data, err := readFile(path)
	switch {
	case err == nil:
		problems = append(problems, cfg.readYAML(path, data)...)
	case explicit || !errors.Is(err, fs.ErrNotExist):
		problems = append(problems, err)
	}
	problems = append(problems, cfg.readEnv(env)...)
	for _, o := range overrides {
		if err := cfg.Set(o.Key, o.Text, o.Origin); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", o.Origin, err))
		}
	}
	if contradictions, ok := errors.AsType[LoadErrors](cfg.Validate()); ok {
		problems = append(problems, contradictions...)
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	return cfg, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("configuration file %s: %w: give another with --config, "+
			"or begin with a copy of config/config.example.yaml", path, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("configuration file: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("configuration file %s is a folder: give the file in it", path)
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("configuration file %s is larger than %s: is it the right file?", path, formatSize(maxFileSize))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return data, nil
}

const passwordVariable = envPrefix + "WEB_PASSWORD"

// foreignVariables begin like ours and are read by tests only.
var foreignVariables = []string{envPrefix + "CORPORA", envPrefix + "BENCH_PCAP"}

func (c *Config) readEnv(env []string) []error {
	var errs []error
	for _, entry := range slices.Sorted(slices.Values(env)) {
		name, text, _ := strings.Cut(entry, "=")
		// Compose files pass an empty variable where none is meant.
		if !strings.HasPrefix(name, envPrefix) || text == "" || isForeign(name) {
			continue
		}
		if err := c.readVariable(name, text); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (c *Config) readVariable(name, text string) error {
	if name == passwordVariable {
		c.Web.Password = Secret(text)
		return nil
	}
	for _, s := range settings {
		if s.env() != name {
			continue
		}
		if err := c.Set(s.key, text, name); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
		return nil
	}
	names := []string{passwordVariable}
	for _, s := range settings {
		names = append(names, s.env())
	}
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("unknown environment variable %s; did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown environment variable %s; allowed are %s<SECTION>_<KEY>, such as %s",
		name, envPrefix, settings[0].env())
}

// isForeign knows what tests set and what Kubernetes sets in every container for
// a service that is named like us (NETFLOW_SERVICE_HOST, NETFLOW_PORT_80_TCP_ADDR …).
func isForeign(name string) bool {
	return slices.Contains(foreignVariables, name) || name == envPrefix+"PORT" ||
		strings.Contains(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") ||
		strings.Contains(name, "_TCP") || strings.Contains(name, "_UDP")
}
