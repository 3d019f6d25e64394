package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// childEnv makes the test binary run one of the children instead of the tests.
const childEnv = "NETFLOW_SQLITE_TEST_CHILD"

// children run in a process of their own: to be killed, or to have a disk of their own.
var children = map[string]func(folder string) error{
	"write until killed":    writeUntilKilled,
	"write on until killed": writeOnUntilKilled,
	"full disk":             fillDisk,
	"read-only disk":        openReadOnly,
	"read-only file":        replaceByReadOnly,
	"backup on a full disk": backupOnFullDisk,
}

func TestMain(m *testing.M) {
	name, folder, ok := strings.Cut(os.Getenv(childEnv), ":")
	if !ok {
		os.Exit(m.Run())
	}
	if err := children[name](folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(t *testing.T, name, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name+":"+folder)
	return cmd
}

// runWithOwnDisk runs a child that may mount what it likes on its folder.
func runWithOwnDisk(t *testing.T, name string) {
	t.Helper()
	cmd := child(t, name, t.TempDir())
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		skip(t, "user namespaces are not available: "+err.Error())
	}
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output.String())
	}
}

func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI_REQUIRE_ALL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func mount(folder string, flags uintptr, options string) error {
	if err := syscall.Mount("tmpfs", folder, "tmpfs", flags, options); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", folder, err)
	}
	return nil
}
