package netdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watched are the rtnetlink groups that tell of links and their addresses.
const watched = 1<<(unix.RTNLGRP_LINK-1) | 1<<(unix.RTNLGRP_IPV4_IFADDR-1) | 1<<(unix.RTNLGRP_IPV6_IFADDR-1)

// pause keeps a socket that fails for a reason nobody thought of from spinning.
const pause = time.Second

// Watch tells of changes of links and addresses by a notification in the channel,
// which may stand for many: one is pending at most. Who lists the interfaces after
// receiving it has missed none. The channel is closed when ctx ends, and nothing is
// left then.
//
// netlink.LinkSubscribe is not used, for it ends at the first lost message, which is
// when a look at the table is needed most. What a message says does not matter here.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	socket, err := subscribe()
	if err != nil {
		return nil, fmt.Errorf("watch interfaces: %w", err)
	}
	changes := make(chan struct{}, 1)
	stop := context.AfterFunc(ctx, func() { _ = socket.SetReadDeadline(time.Unix(1, 0)) })
	go func() {
		defer close(changes)
		defer func() { _ = socket.Close() }() // nothing is written
		defer stop()
		follow(ctx, socket, changes)
	}()
	return changes, nil
}

// subscribe opens a socket that the runtime's poller waits for.
func subscribe() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: watched}); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}

// follow notifies after every read, also after one that failed: ENOBUFS says that
// messages were lost, and the socket goes on.
func follow(ctx context.Context, socket *os.File, changes chan<- struct{}) {
	header := make([]byte, unix.NLMSG_HDRLEN) // the kernel drops the rest of a message
	for {
		_, err := socket.Read(header)
		if ctx.Err() != nil {
			return
		}
		select {
		case changes <- struct{}{}:
		default: // one is pending: who receives it will see this change too
		}
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
	}
}
