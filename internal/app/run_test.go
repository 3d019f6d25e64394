package app

import (
	"log/slog"
	"strings"
	"testing"

	"netflow-monitor/internal/config"
)

func TestReloadNamesWhatNeedsARestart(t *testing.T) {
	cfg := config.Default()
	cfg.Logging.File = ""
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"only what can change", func(c *config.Config) { c.Logging.Level = slog.LevelWarn }, ""},
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
			p := &program{cfg: cfg, log: log, opts: Options{Reload: func() (config.Config, error) { return changed, nil }}}
			p.reload()
			if log.level.Level() != slog.LevelWarn {
				t.Errorf("the level is %v", log.level.Level())
			}
			if got := out.String(); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("at level WARN it says %q, want %q", got, tt.want)
			}
		})
	}
}
