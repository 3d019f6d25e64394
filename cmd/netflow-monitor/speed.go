package main

import (
	"strconv"
	"strings"
)

// parseSpeed reads "1x", "10x" and any other factor; 0 is as fast as possible.
func parseSpeed(text string) (float64, error) {
	if text == "max" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(text, "x")
	factor, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(factor >= 0.01 && factor <= 1000) {
		return 0, usageErrorf("--speed must be max, or a factor from 0.01x to 1000x such as 1x and 10x, not %q", text)
	}
	return factor, nil
}
