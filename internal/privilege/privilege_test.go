//go:build linux

package privilege_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"netflow-monitor/internal/privilege"
)

func TestSetString(t *testing.T) {
	for set, want := range map[privilege.Set]string{
		0:                                   "none",
		privilege.NetRaw:                    "cap_net_raw",
		privilege.SetUID | privilege.SetGID: "cap_setgid,cap_setuid",
		privilege.NetRaw | 1<<21 | 1<<40:    "cap_net_raw,21,40",
	} {
		if got := set.String(); got != want {
			t.Errorf("%x is %s, want %s", uint64(set), got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	root, err := privilege.Lookup("root")
	if err != nil || root.UID != 0 || root.String() != "root" {
		t.Errorf("root: %+v, %v", root, err)
	}
	if byNumber, err := privilege.Lookup("0"); err != nil || byNumber.Name != "root" {
		t.Errorf("0: %+v, %v", byNumber, err)
	}
	nameless, err := privilege.Lookup("1999999999")
	if err != nil || nameless.UID != 1999999999 || nameless.GID != nameless.UID || nameless.String() != "1999999999" {
		t.Errorf("a number without a name: %+v, %v", nameless, err)
	}
	for _, text := range []string{"no-such-user", "-1", "4294967295", "4294967296", "0x0"} {
		if u, err := privilege.Lookup(text); !errors.Is(err, privilege.ErrUnknownUser) {
			t.Errorf("%s: %+v, %v", text, u, err)
		}
	}
}

func TestMakeFolder(t *testing.T) {
	dir := t.TempDir()
	self := privilege.User{UID: os.Getuid(), GID: os.Getgid()}
	deep := filepath.Join(dir, "a", "b", "c")
	if err := privilege.MakeFolder(deep, self); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(deep); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("%v, %v", info, err)
	}
	if err := privilege.MakeFolder(deep, self); err != nil {
		t.Errorf("a folder that is there: %v", err)
	}
	// A link that leads nowhere looks as if nothing were there.
	trap := filepath.Join(dir, "trap")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), trap); err != nil {
		t.Fatal(err)
	}
	if err := privilege.MakeFolder(filepath.Join(trap, "x"), self); err == nil {
		t.Error("it followed a link")
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made a folder through a link: %v", err)
	}
}

// TestDrop takes away, in a process of its own, all there is to take, and looks at
// threads from before and after it.
func TestDrop(t *testing.T) {
	const child = "PRIVILEGE_TEST_DROP"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDrop$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	stop := make(chan struct{})
	defer close(stop)
	startThreads(stop)
	left, err := privilege.Drop(nil, 0)
	if errors.Is(err, privilege.ErrUnsupported) {
		t.Skip(err) // with the race detector
	}
	if err != nil || left != 0 {
		t.Fatalf("left %v, %v", left, err)
	}
	startThreads(stop)
	if held, err := privilege.Held(); err != nil || held != 0 {
		t.Errorf("held %v, %v", held, err)
	}
	statuses, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(statuses) < 8 {
		t.Fatalf("%d threads, %v", len(statuses), err)
	}
	for _, path := range statuses {
		status, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(status), "\n")
		for _, want := range []string{"CapInh:\t0", "CapPrm:\t0", "CapEff:\t0", "CapAmb:\t0", "NoNewPrivs:\t1"} {
			key, value, _ := strings.Cut(want, "\t")
			if !slices.ContainsFunc(lines, func(l string) bool {
				return strings.HasPrefix(l, key) && strings.TrimLeft(strings.TrimPrefix(l, key+"\t"), "0") == strings.TrimLeft(value, "0")
			}) {
				t.Errorf("%s has not %q:\n%s", path, want, status)
			}
		}
	}
	if err := privilege.Possible(privilege.User{UID: 1, GID: 1}); !errors.Is(err, privilege.ErrNotPossible) {
		t.Errorf("becoming another user: %v", err)
	}
}

// startThreads starts four that stay.
func startThreads(stop <-chan struct{}) {
	var running sync.WaitGroup
	for range 4 {
		running.Add(1)
		go func() {
			runtime.LockOSThread()
			running.Done()
			<-stop
		}()
	}
	running.Wait()
}
