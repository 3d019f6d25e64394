package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitOK      = 0
	exitFailure = 1 // it was asked for rightly and did not work
	exitUsage   = 2 // it was asked for wrongly
)

// usageError is a mistake in the command line that only a command itself can see.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usageErrorf makes an error that ends the program with exit code 2 and a pointer to --help.
func usageErrorf(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// execute runs the command that the arguments name, prints its error once, and
// returns the exit code.
func execute(root *cobra.Command, stderr io.Writer) int {
	ctx, stop := stopContext(context.Background())
	defer stop()
	// Whatever fails before a command runs is a mistake in the command line.
	started := false
	onRun(root, func() { started = true })
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(stderr, "netflow-monitor: %v\n", err) // nobody is left to tell
	var usage usageError
	if started && !errors.As(err, &usage) {
		return exitFailure
	}
	_, _ = fmt.Fprintf(stderr, "run '%s --help' for what is possible\n", cmd.CommandPath())
	return exitUsage
}

// onRun calls do when root or a command below it begins to run.
func onRun(root *cobra.Command, do func()) {
	if run := root.RunE; run != nil {
		root.RunE = func(cmd *cobra.Command, args []string) error {
			do()
			return run(cmd, args)
		}
	}
	for _, cmd := range root.Commands() {
		onRun(cmd, do)
	}
}
