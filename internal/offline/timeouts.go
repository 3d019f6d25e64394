package offline

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"netflow-monitor/internal/meter"
)

// ParseTimeouts reads the value of --timeouts: "default", "none" (no session is ever
// split), or "IDLE/ACTIVE" for all protocols, each in seconds or with a unit, 0 for
// never.
func ParseTimeouts(text string) (meter.Config, error) {
	cfg := meter.Default()
	switch text {
	case "", "default":
		return cfg, nil
	case "none":
		return cfg.WithTimeouts(0, 0), nil
	}
	idleText, activeText, both := strings.Cut(text, "/")
	idle, ok1 := parseTimeout(idleText)
	active, ok2 := parseTimeout(activeText)
	if !both || !ok1 || !ok2 {
		return cfg, fmt.Errorf("time-outs %q: use default, none, or IDLE/ACTIVE such as 30/300 (seconds) or 30s/5m", text)
	}
	return cfg.WithTimeouts(idle, active), nil
}

// A time-out above a century is refused: it would not fit its nanoseconds.
const maxTimeout = 100 * 365 * 24 * time.Hour

func parseTimeout(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	if seconds, numberErr := strconv.ParseFloat(text, 64); numberErr == nil && seconds <= maxTimeout.Seconds() {
		d, err = time.Duration(seconds*float64(time.Second)), nil
	}
	return d, err == nil && d >= 0 && d <= maxTimeout
}
