package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
)

func fromBytes(data []byte) *Source {
	return newSource("test", bytes.NewReader(data), nothingToClose{}, Options{})
}

// Cut at any byte, a file yields the packets that are whole and no others.
func TestCutAnywhere(t *testing.T) {
	o := binary.LittleEndian
	for _, format := range []string{"pcap", "pcapng of several interfaces", "pcapng, simple and obsolete", "pcapng of several sections"} {
		test := formats(o)[format]
		before := 0
		for size := range len(test.file) + 1 {
			packets, err := readAll(t, fromBytes(test.file[:size]))
			if diff := cmp.Diff(test.want[:len(packets)], packets, nothingIsNil); diff != "" || len(packets) < before {
				t.Fatalf("%s, %d bytes: %d packets, %d before (-want +got):\n%s", format, size, len(packets), before, diff)
			}
			before = len(packets)
			if err != nil && !errors.Is(err, capture.ErrTruncated) && !errors.Is(err, ErrFormat) {
				t.Fatalf("%s, %d bytes: %v", format, size, err)
			}
			if size == len(test.file) && (err != nil || len(packets) != len(test.want)) {
				t.Errorf("%s: %d packets, %v", format, len(packets), err)
			}
		}
	}
}

var nothingIsNil = cmp.Transformer("nothingIsNil", func(p []got) []got {
	if len(p) == 0 {
		return nil
	}
	return p
})

func TestDamage(t *testing.T) {
	o := binary.LittleEndian
	pcap := join(pcapHeader(o, magicMicroseconds, 65535, 1), pcapRecord(o, 1, 2, 3, "abc"))
	ng := join(section(o), describe(o, 1, 0), enhanced(o, 0, 1, 3, "abc"))
	lengths := enhanced(o, 0, 1, 3, "abc")
	lengths[len(lengths)-1] = 1
	captured := enhanced(o, 0, 1, 3, "abc")
	captured[20] = 5
	mark := section(o)
	mark[8] = 0
	for _, test := range []struct {
		name string
		data []byte
		text string
	}{
		{"record cut", join(pcap, pcapRecord(o, 1, 2, 3, "abc")[:18]), "at byte 43, after 1 packets: it ends within a record"},
		{"record header cut", join(pcap, make([]byte, 15)), "at byte 43, after 1 packets"},
		{"packet too long", join(pcap, words(o, 1, 2, 0x7fffffff, 3)), "a packet length that cannot be"},
		{"block too short", join(ng, words(o, blockEnhanced, 8)), "a block length that cannot be"},
		{"block length not of words", join(ng, words(o, blockEnhanced, 33)), "a block length that cannot be"},
		{"block too long", join(ng, words(o, blockEnhanced, 0xfffffffc)), "a block length that cannot be"},
		{"block skipped beyond the end", join(ng, words(o, 0xbad, 0xfffffffc)), "it ends within a record"},
		{"lengths differ", join(ng, lengths), "a block length that cannot be"},
		{"packet longer than its block", join(ng, captured), "a packet length that cannot be"},
		{"interface unknown", join(ng, enhanced(o, 1, 1, 3, "abc")), "not described"},
		{"interface of the section before", join(ng, section(o), enhanced(o, 0, 1, 3, "abc")), "not described"},
		{"simple without interface", join(ng, section(o), block(o, blockSimple, words(o, 3), []byte("abc"))), "not described"},
		{"section without order", join(ng, mark), "byte-order mark"},
		{"time resolution", join(ng, describe(o, 1, 0, option(o, optionResolution, 19))), "time resolution"},
		{"binary time resolution", join(ng, describe(o, 1, 0, option(o, optionResolution, 0xff))), "time resolution"},
		{"time offset", join(ng, describe(o, 1, 0, option(o, optionTimeOffset, 0, 0, 0, 0, 0, 0, 0, 0x7f))), "time resolution or offset"},
		{"too many interfaces", join(ng, bytes.Repeat(describe(o, 1, 0), maxInterfaces)), "more interfaces"},
	} {
		packets, err := readAll(t, fromBytes(test.data))
		if !errors.Is(err, capture.ErrTruncated) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
		if len(packets) != 1 || packets[0].Data != "abc" {
			t.Errorf("%s: packets before the damage: %v", test.name, packets)
		}
	}
}

// What a small file claims to hold is not allocated.
func TestClaimsAreNotAllocated(t *testing.T) {
	o := binary.LittleEndian
	for name, data := range map[string][]byte{
		"pcap":   join(pcapHeader(o, magicMicroseconds, 0xffffffff, 1), words(o, 1, 2, maxPacket, 3), make([]byte, 1000)),
		"pcapng": join(section(o), describe(o, 1, 0), words(o, blockEnhanced, maxBlock), make([]byte, 1000)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := readAll(t, fromBytes(data)); !errors.Is(err, capture.ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4*windowSize {
			t.Errorf("%s: %d bytes allocated for %d", name, used, len(data))
		}
	}
}

// A packet larger than the window is delivered all the same.
func TestLargePacket(t *testing.T) {
	o := binary.LittleEndian
	large := strings.Repeat("x", 3*windowSize)
	data := join(pcapHeader(o, magicMicroseconds, 1<<20, 1), pcapRecord(o, 0, 1, 3, "abc"),
		pcapRecord(o, 0, 2, 0, large), pcapRecord(o, 0, 3, 3, "def"))
	packets, err := readAll(t, fromBytes(data))
	want := []got{{1000, 3, 1, "abc"}, {2000, uint32(len(large)), 1, large}, {3000, 3, 1, "def"}}
	if err != nil || !cmp.Equal(want, packets) {
		t.Errorf("%d packets, %v", len(packets), err)
	}
}

// A file may be cut short or go on growing while it is read.
func TestFileChangesWhileRead(t *testing.T) {
	o := binary.LittleEndian
	record := pcapRecord(o, 1, 2, 1500, strings.Repeat("x", 1000))
	const records = 1000
	path := write(t, join(pcapHeader(o, magicMicroseconds, 65535, 1), bytes.Repeat(record, records)))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var f capture.Frame
	err = s.Next(&f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 30); err != nil {
		t.Fatal(err)
	}
	if f.Data[999] != 'x' {
		t.Error("the frame changed with its file")
	}
	packets := 1
	for err == nil {
		if err = s.Next(new(capture.Frame)); err == nil {
			packets++
		}
	}
	if !errors.Is(err, capture.ErrTruncated) || packets == records {
		t.Errorf("%d packets, then %v", packets, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadError(t *testing.T) {
	o := binary.LittleEndian
	data := join(pcapHeader(o, magicMicroseconds, 65535, 1), pcapRecord(o, 1, 2, 3, "abc"))
	broken := errors.New("disk on fire")
	s := newSource("test", io.MultiReader(bytes.NewReader(data), failing{broken}), nothingToClose{}, Options{})
	packets, err := readAll(t, s)
	if len(packets) != 1 || !errors.Is(err, broken) || !errors.Is(err, capture.ErrTruncated) {
		t.Errorf("%d packets, %v", len(packets), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestNextDoesNotAllocate(t *testing.T) {
	o := binary.LittleEndian
	const packets = 5000
	for name, data := range map[string][]byte{
		"pcap":   join(pcapHeader(o, magicMicroseconds, 65535, 1), bytes.Repeat(pcapRecord(o, 1, 2, 1500, strings.Repeat("x", 300)), packets+2)),
		"pcapng": join(section(o), describe(o, 1, 0), bytes.Repeat(enhanced(o, 0, 1, 1500, strings.Repeat("x", 300)), packets+2)),
	} {
		s, err := Open(write(t, data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := new(capture.Frame)
		allocs := testing.AllocsPerRun(packets, func() {
			if err := s.Next(f); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a packet", name, allocs)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// FuzzRead looks for input that makes a source panic, hang or contradict itself.
func FuzzRead(f *testing.F) {
	for _, o := range orders {
		for _, test := range formats(o) {
			if len(test.file) < windowSize {
				f.Add(test.file)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		packets, err := readAll(t, fromBytes(data))
		for _, p := range packets {
			if len(p.Data) > len(data) || uint64(p.Wire) < uint64(len(p.Data)) || p.Time < 0 {
				t.Fatalf("%+v", p)
			}
		}
		if err != nil && !errors.Is(err, capture.ErrTruncated) && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	})
}
