//go:build linux

// Package netns runs tests in network namespaces of their own, where they may make
// interfaces and capture on them without being root. It is for tests only.
package netns

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inside is set, to the test's name, in the environment of the test binary that runs
// in a namespace.
const inside = "NETFLOW_TEST_NETNS"

// Enter runs the calling test again, in a child process that is root in new user and
// network namespaces. It returns true in the child, where the test goes on, and false
// in the parent, which then must return: the child's result is the test's. Where
// namespaces cannot be had it skips the test, or fails it if CI_REQUIRE_ALL=1.
// Further CLONE_NEW… flags ask for more namespaces; in a mount namespace nothing that
// is mounted shows outside.
//
//	func TestCapture(t *testing.T) {
//		if !netns.Enter(t) {
//			return
//		}
//		netns.Pair(t, "left", "right")
func Enter(t *testing.T, more ...uintptr) bool {
	t.Helper()
	var flags uintptr
	for _, flag := range more {
		flags |= flag
	}
	if Inside(t) {
		Run(t, "ip", "link", "set", "lo", "up")
		if flags&syscall.CLONE_NEWNS != 0 {
			Run(t, "mount", "--make-rprivate", "/")
		}
		return true
	}
	namespaces, reason := available()
	if reason != "" {
		Unavailable(t, reason)
	}
	if output, err := Again(t, namespaces|flags); err != nil {
		t.Errorf("in a network namespace: %v\n%s", err, output)
	} else if testing.Verbose() {
		t.Logf("in a network namespace:\n%s", output)
	}
	return false
}

// Again runs the calling test in a child process with the given CLONE_NEW… flags and
// returns what it wrote. The test finds out with Inside in which process it is.
func Again(t *testing.T, namespaces uintptr) ([]byte, error) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"-test.run=^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$", "-test.v=" + strconv.FormatBool(testing.Verbose())}
	if deadline, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(deadline).String())
	}
	child := exec.CommandContext(t.Context(), path, args...)
	// The race detector would sleep for a second before it exits.
	child.Env = append(os.Environ(), inside+"="+t.Name(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	child.SysProcAttr = attributes(namespaces)
	output, err := child.CombinedOutput()
	if err == nil && bytes.Contains(output, []byte("no tests to run")) {
		err = errors.New("the child process did not find the test")
	}
	return output, err
}

// Inside tells whether this is the child process that Again started for the test.
func Inside(t *testing.T) bool {
	t.Helper()
	return os.Getenv(inside) == t.Name()
}

// attributes map the caller to root of the new user namespace, if there is one.
func attributes(namespaces uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	if namespaces&syscall.CLONE_NEWUSER != 0 {
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// available tries which namespaces can be had; where user namespaces are forbidden,
// root can do without. The reason is empty if it found some.
func available() (namespaces uintptr, reason string) {
	ip, err := exec.LookPath("ip")
	if err != nil {
		return 0, "the command ip (iproute2) is missing"
	}
	kinds := []uintptr{syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET}
	if os.Getuid() == 0 {
		kinds = append(kinds, syscall.CLONE_NEWNET)
	}
	for _, namespaces = range kinds {
		probe := exec.Command(ip, "link", "add", "probe0", "type", "veth", "peer", "name", "probe1")
		probe.SysProcAttr = attributes(namespaces)
		output, failure := probe.CombinedOutput()
		if failure == nil {
			return namespaces, ""
		}
		err = fmt.Errorf("%w %s", failure, bytes.TrimSpace(output))
	}
	return 0, "no network namespace with a veth pair can be made: " + err.Error()
}

// Unavailable ends a test that cannot run here: it is skipped, or fails if
// CI_REQUIRE_ALL=1.
func Unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI_REQUIRE_ALL") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// Run runs a command and fails the test if it fails.
func Run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return output
}

// Pair makes two interfaces that are joined by a cable, sets them up, and waits until
// frames pass: before, the kernel throws them away. They get no IPv6 address of their own,
// so that the kernel sends nothing by itself.
func Pair(t *testing.T, a, b string) {
	t.Helper()
	Run(t, "ip", "link", "add", a, "type", "veth", "peer", "name", b)
	for _, name := range []string{a, b} {
		Run(t, "ip", "link", "set", name, "addrgenmode", "none")
		Run(t, "ip", "link", "set", name, "up")
	}
	for _, name := range []string{a, b} {
		for deadline := time.Now().Add(5 * time.Second); !bytes.Contains(Run(t, "ip", "link", "show", "dev", name), []byte("state UP")); {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not come up", name)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// Tun makes a tunnel interface, up, whose packets the test reads and writes.
func Tun(t *testing.T, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		Unavailable(t, "no tunnel interface can be made: "+err.Error())
	}
	f := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _ = f.Close() })
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	Run(t, "ip", "link", "set", name, "addrgenmode", "none")
	Run(t, "ip", "link", "set", name, "up")
	return f
}

// Counters are the kernel's counts of an interface.
type Counters struct {
	RxPackets, RxBytes, RxDropped, TxPackets, TxBytes, TxDropped uint64
}

// Count reads an interface's counters.
func Count(t *testing.T, name string) Counters {
	t.Helper()
	type side struct{ Packets, Bytes, Dropped uint64 }
	var links []struct {
		Stats64 struct{ Rx, Tx side } `json:"stats64"`
	}
	if err := json.Unmarshal(Run(t, "ip", "-json", "-statistics", "link", "show", "dev", name), &links); err != nil {
		t.Fatal(err)
	}
	if len(links) != 1 {
		t.Fatalf("%d interfaces with the name %s", len(links), name)
	}
	rx, tx := links[0].Stats64.Rx, links[0].Stats64.Tx
	return Counters{rx.Packets, rx.Bytes, rx.Dropped, tx.Packets, tx.Bytes, tx.Dropped}
}

// Namespace is a second network namespace beside the test's own: another machine.
type Namespace struct{ holder *exec.Cmd }

// Neighbour makes a namespace that lives until the test ends. Its loopback is up.
func Neighbour(t *testing.T) *Namespace {
	t.Helper()
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	n := &Namespace{holder}
	t.Cleanup(func() {
		err := errors.Join(holder.Process.Kill(), ignoreExit(holder.Wait()))
		if err != nil {
			t.Error(err)
		}
	})
	n.Run(t, "ip", "link", "set", "lo", "up")
	return n
}

func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

// Path is the namespace's file, for `ip link set … netns` or setns(2).
func (n *Namespace) Path() string {
	return fmt.Sprintf("/proc/%d/ns/net", n.holder.Process.Pid)
}

// Take moves an interface of the test's namespace into this one; it goes down by that.
func (n *Namespace) Take(t *testing.T, name string) {
	t.Helper()
	Run(t, "ip", "link", "set", name, "netns", strconv.Itoa(n.holder.Process.Pid))
}

// Command prepares a command that will run in the namespace.
func (n *Namespace) Command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), "nsenter", append([]string{"--net=" + n.Path(), name}, args...)...)
}

// Run runs a command in the namespace and fails the test if it fails.
func (n *Namespace) Run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	output, err := n.Command(t, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s in the other namespace: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return output
}
