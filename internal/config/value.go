package config

import (
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"netflow-monitor/internal/flow"
)

// value is how one setting is read from text, checked and printed.
type value struct {
	// allowed finishes the sentence "must be …".
	allowed string
	// tags are the YAML types that may stand for it.
	tags []string
	// list is true if a YAML sequence of the tags is allowed as well.
	list bool
	// parse stores the text's value, or changes nothing and returns false.
	parse func(c *Config, text string) bool
	// format is the inverse of parse.
	format func(c *Config) string
	// literal is format's text as YAML.
	literal func(text string) string
}

func plain(text string) string { return text }

func number(field func(*Config) *int, low, high int) value {
	return value{
		allowed: fmt.Sprintf("a whole number from %d to %d", low, high),
		tags:    []string{"!!int"},
		parse: func(c *Config, text string) bool {
			n, err := strconv.Atoi(text)
			return err == nil && assign(field(c), n, n >= low && n <= high)
		},
		format:  func(c *Config) string { return strconv.Itoa(*field(c)) },
		literal: plain,
	}
}

func boolean(field func(*Config) *bool) value {
	return value{
		allowed: "true or false",
		tags:    []string{"!!bool"},
		parse: func(c *Config, text string) bool {
			b, err := strconv.ParseBool(text)
			return assign(field(c), b, err == nil)
		},
		format:  func(c *Config) string { return strconv.FormatBool(*field(c)) },
		literal: plain,
	}
}

func text(field func(*Config) *string, allowed string, ok func(string) bool) value {
	return value{
		allowed: allowed,
		tags:    []string{"!!str"},
		parse:   func(c *Config, text string) bool { return assign(field(c), text, ok(text)) },
		format:  func(c *Config) string { return *field(c) },
		literal: strconv.Quote,
	}
}

// account may be written as a number too, which has no quotes in YAML.
func account(field func(*Config) *string) value {
	v := text(field, "a user's name or number, or empty", isAccount)
	v.tags = append(v.tags, "!!int")
	return v
}

func duration(field func(*Config) *time.Duration, high time.Duration) value {
	return durationFrom(field, time.Second, high)
}

func durationFrom(field func(*Config) *time.Duration, low, high time.Duration) value {
	return value{
		allowed: fmt.Sprintf("a duration from %s to %s (seconds, or like 90s, 5m, 1h30m, 7d, 2y)",
			formatDuration(low), formatDuration(high)),
		tags: []string{"!!int", "!!str"},
		parse: func(c *Config, text string) bool {
			d, ok := parseDuration(text)
			return assign(field(c), d, ok && d >= low && d <= high)
		},
		format:  func(c *Config) string { return formatDuration(*field(c)) },
		literal: plain,
	}
}

func size(field func(*Config) *int64, low, high int64) value {
	return value{
		allowed: fmt.Sprintf("a size from %s to %s (bytes, or like 500kB, 10MB, 10MiB)",
			formatSize(low), formatSize(high)),
		tags: []string{"!!int", "!!str"},
		parse: func(c *Config, text string) bool {
			n, ok := parseSize(text)
			return assign(field(c), n, ok && n >= low && n <= high)
		},
		format:  func(c *Config) string { return formatSize(*field(c)) },
		literal: plain,
	}
}

// kept is how long something is kept; zero is for ever.
func kept(field func(*Config) *time.Duration) value {
	return orZero("for ever", field, durationFrom(field, time.Minute, 36500*24*time.Hour))
}

// orZero also takes 0, which means something else than very little.
func orZero[T ~int64](meaning string, field func(*Config) *T, v value) value {
	parse, format := v.parse, v.format
	v.allowed = fmt.Sprintf("0 (%s), or %s", meaning, v.allowed)
	v.parse = func(c *Config, text string) bool {
		return text == "0" && assign(field(c), 0, true) || text != "0" && parse(c, text)
	}
	v.format = func(c *Config) string {
		if *field(c) == 0 {
			return "0"
		}
		return format(c)
	}
	return v
}

// degrees is optional: nil is printed as nothing, and nothing is nil.
func degrees(field func(*Config) **float64, limit float64) value {
	return value{
		allowed: fmt.Sprintf("a number from -%g to %g", limit, limit),
		tags:    []string{"!!int", "!!float"},
		parse: func(c *Config, text string) bool {
			if text == "" {
				*field(c) = nil
				return true
			}
			f, err := strconv.ParseFloat(text, 64)
			return assign(field(c), &f, err == nil && math.Abs(f) <= limit)
		},
		format: func(c *Config) string {
			if f := *field(c); f != nil {
				return strconv.FormatFloat(*f, 'f', -1, 64)
			}
			return ""
		},
		literal: plain,
	}
}

func level() value {
	return value{
		allowed: "DEBUG, INFO, WARN or ERROR",
		tags:    []string{"!!str"},
		parse: func(c *Config, text string) bool {
			levels := map[string]slog.Level{
				"DEBUG": slog.LevelDebug,
				"INFO":  slog.LevelInfo,
				"WARN":  slog.LevelWarn, "WARNING": slog.LevelWarn,
				"ERROR": slog.LevelError,
			}
			l, ok := levels[strings.ToUpper(text)]
			return assign(&c.Logging.Level, l, ok)
		},
		format:  func(c *Config) string { return c.Logging.Level.String() },
		literal: strconv.Quote,
	}
}

func interfaces(field func(*Config) *[]string) value {
	return value{
		allowed: "an interface name, a list of them, or \"any\"",
		tags:    []string{"!!str"},
		list:    true,
		parse: func(c *Config, text string) bool {
			names, ok := parseInterfaces(text)
			return assign(field(c), names, ok)
		},
		format:  func(c *Config) string { return strings.Join(*field(c), ",") },
		literal: listLiteral,
	}
}

func networks(field func(*Config) *[]netip.Prefix) value {
	return value{
		allowed: "a network such as 192.168.0.0/16, or a list of them",
		tags:    []string{"!!str"},
		list:    true,
		parse: func(c *Config, text string) bool {
			list, ok := parseNetworks(text)
			return assign(field(c), list, ok)
		},
		format: func(c *Config) string {
			texts := make([]string, len(*field(c)))
			for i, p := range *field(c) {
				texts[i] = p.String()
			}
			return strings.Join(texts, ",")
		},
		literal: listLiteral,
	}
}

// parseNetworks takes an address for the network of it alone.
func parseNetworks(text string) ([]netip.Prefix, bool) {
	if text == "" {
		return nil, true
	}
	var list []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		p, err := netip.ParsePrefix(part)
		if a, failed := netip.ParseAddr(part); failed == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p.Addr().Is4In6() {
			return nil, false
		}
		if p = p.Masked(); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list, true
}

func tunnels(field func(*Config) *flow.TunnelSet) value {
	return value{
		allowed: "all, none, or a list of " + strings.Join(flow.TunnelKindNames(), ", "),
		tags:    []string{"!!str"},
		list:    true,
		parse: func(c *Config, text string) bool {
			set, ok := flow.ParseTunnelSet(text)
			return assign(field(c), set, ok)
		},
		format:  func(c *Config) string { return field(c).String() },
		literal: listLiteral,
	}
}

func assign[T any](field *T, v T, ok bool) bool {
	if ok {
		*field = v
	}
	return ok
}

func parseInterfaces(text string) ([]string, bool) {
	if text == "" {
		return nil, true
	}
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if !isInterface(name) {
			return nil, false
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, true
}

// isInterface follows the kernel's dev_valid_name, with the longer limit of
// alternative names (ALTIFNAMSIZ).
func isInterface(name string) bool {
	return name != "" && len(name) < 128 && name != "." && name != ".." &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == ':' || unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

func listLiteral(text string) string {
	if !strings.Contains(text, ",") {
		return strconv.Quote(text)
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strconv.Quote(names[i])
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// isAccount takes what user databases do: anything that has no meaning in their lines.
func isAccount(text string) bool {
	return len(text) < 256 && !strings.HasPrefix(text, "-") &&
		!strings.ContainsFunc(text, func(r rune) bool { return r == ':' || r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

func anyText(string) bool       { return true }
func notEmpty(text string) bool { return text != "" }
func isHostRune(r rune) bool {
	return r == '-' || r == '.' || r == '_' || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
func notHostRune(r rune) bool { return !isHostRune(r) }

func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && len(text) < 254 && !strings.ContainsFunc(text, notHostRune)
}
