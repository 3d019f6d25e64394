package offline

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// Whatever a capture holds, each packet that was read is metered once or refused for
// one reason, and no packet is counted twice.
func TestEveryPacketIsAccounted(t *testing.T) {
	var files, packets, refused uint64
	for _, tool := range []string{"tcpdump", "arkime", "zeek", "ipfixprobe"} {
		err := filepath.WalkDir(filepath.Join(corpora(t, tool), "pcap"), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			// An error is that of a file which breaks off; what was read must add up.
			result, _ := Read(context.Background(), []string{path}, Options{Meter: meter.Default()})
			files += uint64(result.Files)
			packets += result.Counters.Input.Packets
			refused += result.Counters.Input.Refused
			checkAccount(t, filepath.Base(path), result)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d captures, %d packets, %d of them refused", files, packets, refused)
	if files < 900 || packets < 30_000 || refused == packets {
		t.Error("too few captures were read for a judgement")
	}
}

func checkAccount(t *testing.T, name string, r *Result) {
	t.Helper()
	c, total := &r.Counters, r.Totals()
	if got := total.Packets + c.Input.Refused; got != c.Input.Packets {
		t.Errorf("%s: %d packets read, %d in sessions and %d refused", name, c.Input.Packets, total.Packets, c.Input.Refused)
	}
	if got := total.WireBytes + c.Input.RefusedBytes; got != c.Input.WireBytes {
		t.Errorf("%s: %d bytes read, %d in sessions and %d refused", name, c.Input.WireBytes, total.WireBytes, c.Input.RefusedBytes)
	}
	var faults, ended uint64
	for _, n := range c.Faults {
		faults += n
	}
	for _, n := range c.Ended {
		ended += n
	}
	if faults != c.Input.Refused {
		t.Errorf("%s: %d packets refused, %d for a reason", name, c.Input.Refused, faults)
	}
	if n := uint64(r.Sessions.Len()); ended != n || c.Started != n || c.Active != 0 {
		t.Errorf("%s: %d sessions, %d started, %d ended, %d active", name, n, c.Started, ended, c.Active)
	}
	for s := range r.Sessions.All() {
		if s.End == flow.EndNone || s.Last < s.Start || s.Sent.IPBytes > s.Sent.WireBytes || s.Received.IPBytes > s.Received.WireBytes {
			t.Errorf("%s: impossible session %+v", name, *s)
		}
	}
}
