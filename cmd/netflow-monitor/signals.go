package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// stopContext ends with the first SIGINT or SIGTERM; a second one ends the program
// at once. SIGHUP means reload, and only stops a program whose terminal was closed:
// nobody could see it any more.
func stopContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if terminal := controllingTerminal(); terminal != nil {
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		go func() {
			for range hangup {
				if !isTerminal(terminal) {
					stop()
				}
			}
		}()
	}
	return ctx, stop
}

// controllingTerminal is nil for a service, whose SIGHUP always means reload.
func controllingTerminal() *os.File {
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if isTerminal(f) {
			return f
		}
	}
	return nil
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
