package netdev

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// The list of a machine with 21 interfaces. It needs a network namespace of its own:
// run it as root, or by unshare -Ur.
func BenchmarkLinks(b *testing.B) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the benchmark
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		b.Skipf("%v; run this as root, or by unshare -Ur", err)
	}
	var batch bytes.Buffer
	for i := range 10 {
		fmt.Fprintf(&batch, "link add left%d type veth peer name right%d\n", i, i)
	}
	ip := exec.CommandContext(b.Context(), "ip", "-batch", "-")
	ip.Stdin = &batch
	if output, err := ip.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	b.ReportAllocs()
	for b.Loop() {
		links, err := Links()
		if err != nil || len(links) < 21 {
			b.Fatal(len(links), err)
		}
	}
}
