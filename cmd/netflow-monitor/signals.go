package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// stopContext ends with the first SIGINT or SIGTERM, or when the terminal that the
// program runs in is closed; a second signal ends the program at once. SIGHUP can't
// say that a terminal was closed, because it means reload.
func stopContext(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if terminal, ok := foregroundTerminal(); ok {
		go func() {
			waitHangup(terminal)
			stop()
		}()
	}
	return ctx, stop
}

// foregroundTerminal is the descriptor of the terminal whose foreground job this is.
// A background job is meant to outlive its terminal.
func foregroundTerminal() (int, bool) {
	for _, fd := range []int{unix.Stdin, unix.Stdout, unix.Stderr} {
		if job, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && job == unix.Getpgrp() {
			return fd, true
		}
	}
	return 0, false
}

func waitHangup(fd int) {
	// Without events asked for, poll reports errors and hang-ups only.
	poll := []unix.PollFd{{Fd: int32(fd)}}
	for {
		if _, err := unix.Poll(poll, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
