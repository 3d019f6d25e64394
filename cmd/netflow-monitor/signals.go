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
	if isTerminal(os.Stdin) {
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		go func() {
			for range hangup {
				if !isTerminal(os.Stdin) {
					stop()
				}
			}
		}()
	}
	return ctx, stop
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
