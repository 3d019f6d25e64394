package app

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"

	"netflow-monitor/internal/config"
)

// logging is the program's log: text on stderr and in a rotated file.
type logging struct {
	*slog.Logger
	level *slog.LevelVar
	file  *lumberjack.Logger // nil if no file is configured
}

func openLogging(cfg config.Logging, debug bool, stderr io.Writer) (*logging, error) {
	l := &logging{level: new(slog.LevelVar)}
	l.setLevel(cfg, debug)
	out := stderr
	if cfg.File != "" {
		if err := checkLogFile(cfg.File); err != nil {
			return nil, err
		}
		const megabyte = 1 << 20
		l.file = &lumberjack.Logger{
			Filename:   cfg.File,
			MaxSize:    int((cfg.MaxSize + megabyte - 1) / megabyte),
			MaxBackups: cfg.BackupCount,
		}
		out = io.MultiWriter(stderr, l.file)
	}
	l.Logger = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: l.level}))
	return l, nil
}

// checkLogFile fails at start rather than losing the first line.
func checkLogFile(path string) error {
	const remedy = "make it writable, or set logging.file to another path or to \"\""
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("create folder of log file %s: %w; %s", path, err, remedy)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log file: %w; %s", err, remedy)
	}
	return f.Close()
}

func (l *logging) setLevel(cfg config.Logging, debug bool) {
	level := cfg.Level
	if debug {
		level = slog.LevelDebug
	}
	l.level.Set(level)
}

// reopen lets an external log rotation take the file away.
func (l *logging) reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// close ends the file; what is logged after it goes to stderr alone.
func (l *logging) close() error { return l.reopen() }
