package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"netflow-monitor/internal/capture/filter"
)

// checkFilter refuses an expression that is wrong whatever the packets are like, and
// shows where. What a link type has nothing for is known when it is.
func checkFilter(expr string) error {
	err := filter.Check(expr)
	var wrong *filter.Error
	if !errors.As(err, &wrong) {
		return err
	}
	indent := strings.Repeat(" ", utf8.RuneCountInString(expr[:wrong.Offset]))
	return usageError{fmt.Errorf("%w\n  %s\n  %s^", err, expr, indent)}
}
