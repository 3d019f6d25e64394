// Command gen writes the demo's traffic as a pcap stream:
//
//	go run ./internal/demo/gen | netflow-monitor -r - --speed 1x
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"netflow-monitor/internal/demo"
)

func main() {
	// A reader that leaves is the usual end, so a broken pipe is an error to look at, not a signal.
	signal.Ignore(syscall.SIGPIPE)
	err := run(os.Args[1:])
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	config := demo.Default()
	flags := flag.NewFlagSet("gen", flag.ExitOnError)
	flags.DurationVar(&config.Duration, "duration", config.Duration, "how long to play; 0 is without end")
	flags.Uint64Var(&config.Seed, "seed", config.Seed, "the same seed and start give the same bytes")
	flags.Func("start", "time of the first packet, like 2026-01-02T15:04:05Z (default now)", func(text string) error {
		start, err := time.Parse(time.RFC3339, text)
		config.Start = start
		return err
	})
	output := flags.String("o", "-", "file to write, - for standard output")
	if err := flags.Parse(args); err != nil {
		return err
	}

	if *output == "-" {
		return demo.Write(os.Stdout, config)
	}
	file, err := os.Create(*output)
	if err != nil {
		return fmt.Errorf("create capture file: %w", err)
	}
	return errors.Join(demo.Write(file, config), file.Close())
}
