package app

import (
	"log/slog"
	"strings"
	"testing"

	"netflow-monitor/internal/config"
	"netflow-monitor/internal/store"
)

func TestDefaultsAgree(t *testing.T) {
	if got, want := writerConfig(config.Default()), store.Default(); got != want {
		t.Errorf("%+v, the writer's own are %+v", got, want)
	}
}

func TestReloadNamesWhatNeedsARestart(t *testing.T) {
	cfg := config.Default()
	cfg.Logging.File = ""
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"only what can change", func(c *config.Config) { c.Logging.Level = slog.LevelWarn }, ""},
		{"what is kept", func(c *config.Config) {
			c.Logging.Level = slog.LevelWarn
			c.Database.KeepHours, c.Database.MaxSize = 0, 1e9
		}, ""},
		{"also a port", func(c *config.Config) { c.Logging.Level = slog.LevelWarn; c.Web.Port++ }, "[web.port]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			log, err := openLogging(cfg.Logging, false, &out)
			if err != nil {
				t.Fatal(err)
			}
			changed := cfg
			tt.change(&changed)
			writer, err := store.NewWriter(writerConfig(cfg), nil, nil, log.Logger)
			if err != nil {
				t.Fatal(err)
			}
			p := &program{cfg: cfg, log: log, writer: writer, opts: Options{Reload: func() (config.Config, error) { return changed, nil }}}
			p.reload()
			if got := writer.Retention(); got != retention(changed.Database) {
				t.Errorf("the retention is %+v", got)
			}
			if log.level.Level() != slog.LevelWarn {
				t.Errorf("the level is %v", log.level.Level())
			}
			if got := out.String(); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("at level WARN it says %q, want %q", got, tt.want)
			}
		})
	}
}
