package privilege

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Held is what this process may do now.
func Held() (Set, error) {
	held, err := capget()
	return held.effective, err
}

// Possible says why this process can't become the user, or nil.
func Possible(u User) error {
	held, err := Held()
	if err != nil {
		return err
	}
	if !held.Has(SetUID | SetGID) {
		return fmt.Errorf("%w: it has no %s", ErrNotPossible, (SetUID|SetGID)&^held)
	}
	if setgroups, err := os.ReadFile("/proc/self/setgroups"); err == nil && string(setgroups) == "deny\n" {
		return fmt.Errorf("%w: this user namespace forbids it to change its groups", ErrNotPossible)
	}
	for path, id := range map[string]int{"/proc/self/uid_map": u.UID, "/proc/self/gid_map": u.GID} {
		if !mapped(path, id) {
			return fmt.Errorf("%w: this user namespace has no number %d", ErrNotPossible, id)
		}
	}
	return nil
}

// mapped tells whether a number means anything in this user namespace: see
// user_namespaces(7). Without /proc it is taken for granted.
func mapped(path string, id int) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer func() { _ = file.Close() }() // it was only read
	for {
		var first, outside, count int
		if n, err := fmt.Fscan(file, &first, &outside, &count); n != 3 || err != nil {
			return false
		}
		if id >= first && id-first < count {
			return true
		}
	}
}

// Drop makes every thread of the process become the user, unless it is nil, and gives
// up for good all capabilities but those to keep. What the process did not have it
// does not get. It returns what is left, which it has read back from the kernel.
func Drop(become *User, keep Set) (left Set, err error) {
	had, err := capget()
	if err != nil {
		return 0, err
	}
	keep &= had.permitted
	err = prctl(unix.PR_SET_NO_NEW_PRIVS, 1)
	switch {
	case errors.Is(err, ErrUnsupported) && become == nil && keep.Has(had.permitted):
		return had.effective, nil // there is nothing to drop: a developer's build may go on
	case err != nil:
		return had.effective, fmt.Errorf("renounce new privileges: %w", err)
	}
	if err := emptyBoundingSet(had.effective); err != nil {
		return had.effective, fmt.Errorf("empty the bounding set: %w", err)
	}
	// A kernel that does not know ambient capabilities has none.
	if err := prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL); err != nil && !errors.Is(err, unix.EINVAL) {
		return had.effective, fmt.Errorf("clear ambient capabilities: %w", err)
	}
	if become != nil {
		if err := setUser(*become); err != nil {
			return had.effective, fmt.Errorf("become user %s: %w", become, err)
		}
	}
	if err := capset(keep); err != nil {
		return had.effective, fmt.Errorf("reduce capabilities to %s: %w", keep, err)
	}
	if err := verify(become, keep); err != nil {
		return 0, fmt.Errorf("dropping privileges did not work: %w", err)
	}
	return keep, nil
}

// prctl runs in all threads of the process: to the kernel credentials belong to a
// thread. Threads that start later inherit them.
func prctl(option, value uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, option, value, 0, 0, 0, 0)
	return explain(errno)
}

func explain(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	if errno == syscall.ENOTSUP {
		return fmt.Errorf("%w: it was made with cgo, where not all threads are known; build with CGO_ENABLED=0", ErrUnsupported)
	}
	return errno
}

// emptyBoundingSet does nothing without CAP_SETPCAP: then no privileges can be gained
// by starting other programs anyway, for these were renounced.
func emptyBoundingSet(held Set) error {
	if !held.Has(SetPCap) {
		return nil
	}
	for c := range uintptr(64) {
		in, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil // the kernel has no more
		}
		if err != nil {
			return err
		}
		if in == 0 {
			continue
		}
		if err := prctl(unix.PR_CAPBSET_DROP, c); err != nil {
			return err
		}
	}
	return nil
}

// setUser keeps the permitted capabilities: which of them stay is decided after it.
func setUser(u User) error {
	if err := prctl(unix.PR_SET_KEEPCAPS, 1); err != nil {
		return fmt.Errorf("keep capabilities: %w", err)
	}
	groups := slices.DeleteFunc(slices.Clone(u.Groups), func(gid int) bool { return !mapped("/proc/self/gid_map", gid) })
	// Unlike those of x/sys these three act on all threads.
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("groups %v: %w", groups, err)
	}
	if err := syscall.Setresgid(u.GID, u.GID, u.GID); err != nil {
		return fmt.Errorf("group %d: %w", u.GID, err)
	}
	if err := syscall.Setresuid(u.UID, u.UID, u.UID); err != nil {
		return fmt.Errorf("number %d: %w", u.UID, err)
	}
	return prctl(unix.PR_SET_KEEPCAPS, 0)
}

type capabilities struct{ effective, permitted, inheritable Set }

func capget() (capabilities, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return capabilities{}, fmt.Errorf("read capabilities: %w", err)
	}
	join := func(low, high uint32) Set { return Set(high)<<32 | Set(low) }
	return capabilities{
		effective:   join(data[0].Effective, data[1].Effective),
		permitted:   join(data[0].Permitted, data[1].Permitted),
		inheritable: join(data[0].Inheritable, data[1].Inheritable),
	}, nil
}

func capset(s Set) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(s), uint32(s>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET,
		uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0) //nolint:gosec // the kernel's structures
	return explain(errno)
}

// verify asks the kernel rather than believing that all went well. That every thread
// got the same answers the runtime has seen to.
func verify(become *User, keep Set) error {
	got, err := capget()
	if err != nil {
		return err
	}
	if want := (capabilities{effective: keep, permitted: keep}); got != want {
		return fmt.Errorf("capabilities are %+v", got)
	}
	if renounced, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err != nil || renounced != 1 {
		return errors.Join(errors.New("new privileges can still be gained"), err)
	}
	if become == nil {
		return nil
	}
	r, e, s := unix.Getresuid()
	if r != become.UID || e != become.UID || s != become.UID {
		return fmt.Errorf("user numbers are %d, %d and %d", r, e, s)
	}
	r, e, s = unix.Getresgid()
	if r != become.GID || e != become.GID || s != become.GID {
		return fmt.Errorf("group numbers are %d, %d and %d", r, e, s)
	}
	if become.UID != 0 && syscall.Setresuid(0, 0, 0) == nil {
		return errors.New("the process can become root again")
	}
	return nil
}
