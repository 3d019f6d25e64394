package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"netflow-monitor/internal/flow"
)

// section is one top-level key of the file.
type section struct {
	name, doc string
}

var sections = []section{
	{"network", "What is captured."},
	{"database", "Where history is kept, and how much of it. All but path and flush_interval can be changed while the program runs: SIGHUP."},
	{"web", "Where the page and the API are served, and to whom."},
	{"monitor", "When sessions end, how many there may be, and as whom the program runs."},
	{"geolocation", "Where addresses are looked up. Country and AS need no file: they are in the program."},
	{"logging", "What is logged, besides to standard error."},
}

// setting is one key: the loader, the printer and the reference read this table.
type setting struct {
	key   string // section.name
	doc   string
	value value
}

var settings = []setting{
	{
		"network.interface",
		"Interface to capture on, or a list of them. `any` is all that are up, also those that come later, but for the loopback, " +
			"which must be named too. Empty is the one with the default route.",
		interfaces(func(c *Config) *[]string { return &c.Network.Interfaces }),
	},
	{
		"network.promiscuous_mode",
		"Also take packets that are not addressed to this machine, on interfaces that are named.",
		boolean(func(c *Config) *bool { return &c.Network.Promiscuous }),
	},
	{
		"network.filter",
		"Take only the packets that this expression names, in the language of tcpdump, such as `not port 22`.",
		text(func(c *Config) *string { return &c.Network.Filter }, "a filter expression, or empty", anyText),
	},
	{
		"network.home",
		"Networks that are at home, such as `[192.168.0.0/16, 2001:db8::/48]`: they decide what comes in and what goes out. " +
			"Empty: private networks and those that this machine's interfaces are in, but not the public IPv4 one on the way to the internet.",
		networks(func(c *Config) *[]netip.Prefix { return &c.Network.Home }),
	},
	{
		"network.deduplicate",
		"Count packets once that several interfaces see: a bridge and its port, a tunnel and what it goes over. Switch it off " +
			"where the same addresses are used by different hosts behind different interfaces.",
		boolean(func(c *Config) *bool { return &c.Network.Deduplicate }),
	},
	{
		"network.workers",
		"How many processors share the capture, each with a ring and a flow table of its own. Give it a second one if packets are dropped while one processor is busy.",
		number(func(c *Config) *int { return &c.Network.Workers }, 1, 64),
	},
	{
		"network.ring_size",
		"Memory that the kernel fills with packets while the program is held up, for each worker.",
		size(func(c *Config) *int64 { return &c.Network.RingSize }, 2<<20, 1<<30),
	},
	{
		"network.snap_length",
		"Bytes of each packet that are captured: its headers and the beginning of what it carries.",
		number(func(c *Config) *int { return &c.Network.SnapLength }, 64, 65535),
	},
	{
		"database.path",
		"The SQLite file. Its folder is made if it is not there.",
		text(func(c *Config) *string { return &c.Database.Path }, "a path", notEmpty),
	},
	{
		"database.flush_interval",
		"How often what is new is written. A program that is killed loses no more than that, but for the last minute of a session that lives; if the machine loses power, what the kernel had not put on the disk yet is lost too. The file stays sound.",
		duration(func(c *Config) *time.Duration { return &c.Database.FlushInterval }, time.Minute),
	},
	{
		"database.max_size",
		"How large the file and its log may become. If they are larger, the oldest goes: sessions first, then minutes, hours, IPs, days, events; never the newest hour.",
		orZero("no bound", maxSize, size(maxSize, 16_000_000, 1<<50)),
	},
	{
		"database.keep_sessions",
		"How long sessions that have ended are kept.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepSessions }),
	},
	{
		"database.keep_minutes",
		"How long traffic and rankings are kept by the minute.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepMinutes }),
	},
	{
		"database.keep_hours",
		"How long traffic and rankings are kept by the hour; at least as long as by the minute.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepHours }),
	},
	{
		"database.keep_days",
		"How long traffic and rankings are kept by the day; at least as long as by the hour.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepDays }),
	},
	{
		"database.keep_ips",
		"How long the totals of an IP are kept after it was last seen.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepIPs }),
	},
	{
		"database.keep_events",
		"How long events are kept.",
		kept(func(c *Config) *time.Duration { return &c.Database.KeepEvents }),
	},
	{
		"web.host",
		"Address to listen on. Beyond the loopback (`127.0.0.1`, `::1`, `localhost`) a password is asked for.",
		text(func(c *Config) *string { return &c.Web.Host }, "an IP address or a host name, without port", isHost),
	},
	{
		"web.port",
		"Port to listen on; 0 takes any free one.",
		number(func(c *Config) *int { return &c.Web.Port }, 0, 65535),
	},
	{
		"web.debug",
		"Serve profiles under /debug/pprof/, to the loopback only.",
		boolean(func(c *Config) *bool { return &c.Web.Debug }),
	},
	{
		"web.password_file",
		"File whose first line is the password of the page. The variable NETFLOW_WEB_PASSWORD goes before it; " +
			"with neither, a random password is made and printed at each start.",
		text(func(c *Config) *string { return &c.Web.PasswordFile }, "a path, or empty", anyText),
	},
	{
		"monitor.capture_timeout",
		"After so long without any packet there is a warning event and the interface is looked at again.",
		duration(func(c *Config) *time.Duration { return &c.Monitor.CaptureTimeout }, 24*time.Hour),
	},
	{
		"monitor.session_timeout",
		"A TCP session that is idle for so long has ended. Other protocols have shorter, fixed times.",
		duration(func(c *Config) *time.Duration { return &c.Monitor.SessionTimeout }, 24*time.Hour),
	},
	{
		"monitor.max_sessions",
		"Sessions followed at the same time, by each of network.workers; one takes a place for each interface that sees it. " +
			"If there are more, the one idle for longest ends and is counted.",
		number(func(c *Config) *int { return &c.Monitor.MaxSessions }, 1, 10_000_000),
	},
	{
		"monitor.decapsulate",
		"Tunnels of which the session inside is followed, instead of the tunnel: `all`, `none`, or a list.",
		tunnels(func(c *Config) *flow.TunnelSet { return &c.Monitor.Decapsulate }),
	},
	{
		"monitor.user",
		"User to become after a start as root, by name or number; empty: the owner of the database folder, or of the nearest " +
			"folder above it that is there. Of root's capabilities only CAP_NET_RAW is kept. Not used if started by somebody else.",
		account(func(c *Config) *string { return &c.Monitor.User }),
	},
	{
		"geolocation.enabled",
		"Look addresses up at all.",
		boolean(func(c *Config) *bool { return &c.Geolocation.Enabled }),
	},
	{
		"geolocation.database_path",
		"City database (MaxMind, DB-IP or IPinfo .mmdb). It is used if it is there.",
		text(func(c *Config) *string { return &c.Geolocation.DatabasePath }, "a path, or empty", anyText),
	},
	{
		"geolocation.update_interval",
		"How often to see whether the city database has changed.",
		duration(func(c *Config) *time.Duration { return &c.Geolocation.UpdateInterval }, 365*24*time.Hour),
	},
	{
		"geolocation.home_latitude",
		"Where this machine is on the map, in degrees north. Goes with home_longitude.",
		degrees(func(c *Config) **float64 { return &c.Geolocation.HomeLatitude }, 90),
	},
	{
		"geolocation.home_longitude",
		"Where this machine is on the map, in degrees east. Goes with home_latitude.",
		degrees(func(c *Config) **float64 { return &c.Geolocation.HomeLongitude }, 180),
	},
	{
		"logging.level",
		"The least important level that is logged.",
		level(),
	},
	{
		"logging.file",
		"Log file, beside standard error; empty for none. Its folder is made if it is not there.",
		text(func(c *Config) *string { return &c.Logging.File }, "a path, or empty", anyText),
	},
	{
		"logging.max_size",
		"A larger log file is put aside and a new one begun.",
		size(func(c *Config) *int64 { return &c.Logging.MaxSize }, 1<<20, 1<<40),
	},
	{
		"logging.backup_count",
		"Log files put aside that are kept.",
		number(func(c *Config) *int { return &c.Logging.BackupCount }, 1, 1000),
	},
}

func maxSize(c *Config) *int64 { return &c.Database.MaxSize }

func lookup(key string) (setting, bool) {
	for _, s := range settings {
		if s.key == key {
			return s, true
		}
	}
	return setting{}, false
}

// sectionName and name are the two parts of the key.
func (s setting) sectionName() string { before, _, _ := strings.Cut(s.key, "."); return before }
func (s setting) name() string        { _, after, _ := strings.Cut(s.key, "."); return after }

// env is the name of the environment variable: NETFLOW_WEB_PORT for web.port.
func (s setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

func (s setting) refuse(text string) error {
	return fmt.Errorf("%s must be %s, not %q", s.key, s.value.allowed, shorten(text))
}

const envPrefix = "NETFLOW_"

// shorten keeps a wrong value from filling the terminal.
func shorten(text string) string {
	const limit = 80
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
