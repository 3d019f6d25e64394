package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"netflow-monitor/internal/capture"
)

// formats are small files in every format, with what must be read from them.
func formats(o order) map[string]struct {
	file []byte
	want []got
} {
	packets := []got{{1_000_000_002_000, 60, 1, "abc"}, {1_000_000_003_000, 3, 1, "def"}}
	old := block(o, blockObsolete, halves(o, 0, 7), words(o, 0, 5, 3, 60), []byte("abc"))
	binaryClock := option(o, optionResolution, 0x80|10)
	offset := option(o, optionTimeOffset, o.AppendUint64(nil, uint64(1000))...)
	return map[string]struct {
		file []byte
		want []got
	}{
		"pcap": {join(pcapHeader(o, magicMicroseconds, 65535, 1), pcapRecord(o, 1000, 2, 60, "abc"), pcapRecord(o, 1000, 3, 0, "def")), packets},
		"pcap in nanoseconds": {join(pcapHeader(o, magicNanoseconds, 0, 101), pcapRecord(o, 1000, 2, 60, "abc")),
			[]got{{1_000_000_000_002, 60, 101, "abc"}}},
		"pcap with check sequences": {join(pcapHeader(o, magicMicroseconds, 0, 2<<28|1<<26|1), pcapRecord(o, 1000, 2, 64, "abc"), pcapRecord(o, 1000, 3, 7, "defFCS!")), packets},
		"pcap without packets":      {pcapHeader(o, magicMicroseconds, 65535, 1), nil},
		"pcapng":                    {join(section(o), describe(o, 1, 0), enhanced(o, 0, 1_000_000_002, 60, "abc"), enhanced(o, 0, 1_000_000_003, 3, "def")), packets},
		"pcapng of several interfaces": {
			join(section(o), describe(o, 1, 0), describe(o, 113, 0, option(o, 2, 'e', 't', 'h', '0', '0'), option(o, optionResolution, 9)),
				describe(o, 101, 0, binaryClock, offset), describe(o, 1, 0, option(o, optionFCSLen, 4)),
				enhanced(o, 1, 7, 60, "abc"), enhanced(o, 0, 7, 60, "def"), enhanced(o, 2, 3<<9, 4, "ghij"), enhanced(o, 3, 7, 64, "k")),
			[]got{{7, 60, 113, "abc"}, {7000, 60, 1, "def"}, {1_001_500_000_000, 4, 101, "ghij"}, {7000, 60, 1, "k"}},
		},
		"pcapng with other blocks": {
			join(section(o), block(o, 0x80000bad, make([]byte, 100)), describe(o, 1, 0), block(o, 5, make([]byte, 3*windowSize)),
				enhanced(o, 0, 1_000_000_002, 60, "abc"), block(o, 4), enhanced(o, 0, 1_000_000_003, 3, "def"), block(o, 5)), packets,
		},
		"pcapng of several sections": {
			join(section(binary.LittleEndian), describe(binary.LittleEndian, 101, 0), section(binary.BigEndian), section(o), describe(o, 1, 0),
				enhanced(o, 0, 1_000_000_002, 60, "abc"), enhanced(o, 0, 1_000_000_003, 3, "def")), packets,
		},
		"pcapng, simple and obsolete": {
			join(section(o), describe(o, 1, 4), old, block(o, blockSimple, words(o, 6), []byte("abcd"), []byte("ef")), block(o, blockSimple, words(o, 3), []byte("abc"))),
			[]got{{5000, 60, 1, "abc"}, {5000, 6, 1, "abcd"}, {5000, 3, 1, "abc"}},
		},
	}
}

func TestFormats(t *testing.T) {
	for name, o := range orders {
		for format, test := range formats(o) {
			for how, pack := range map[string]func(*testing.T, []byte) []byte{
				"plain": func(_ *testing.T, b []byte) []byte { return b }, "gzip": pack(newGzip), "zstd": pack(newZstd),
			} {
				t.Run(name+"/"+format+"/"+how, func(t *testing.T) {
					s, err := Open(write(t, pack(t, test.file)), Options{})
					if err != nil {
						t.Fatal(err)
					}
					packets, err := readAll(t, s)
					if err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(test.want, packets); diff != "" {
						t.Errorf("packets differ (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func newGzip(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

func newZstd(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }

func pack(open func(io.Writer) (io.WriteCloser, error)) func(*testing.T, []byte) []byte {
	return func(t *testing.T, data []byte) []byte {
		t.Helper()
		var b bytes.Buffer
		w, err := open(&b)
		if err == nil {
			_, err = w.Write(data)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
}

// A stream delivers what a file does, however its bytes arrive, and says so while
// nothing arrives.
func TestStream(t *testing.T) {
	o := binary.LittleEndian
	test := formats(o)["pcapng of several interfaces"]
	packed := pack(newGzip)(t, test.file)
	for name, data := range map[string][]byte{"plain": test.file, "gzip": packed} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			idle := make(chan struct{})
			written := make(chan error, 1)
			go func() {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					written <- err
					return
				}
				<-idle // nothing is written before the reader has found the stream silent
				for _, b := range data {
					if _, err := f.Write([]byte{b}); err != nil {
						written <- err
						return
					}
				}
				written <- f.Close()
			}()
			s, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var f capture.Frame
			if err := s.Next(&f); !errors.Is(err, capture.ErrIdle) || f.Time != 0 {
				t.Fatalf("silent stream: time %d, %v", f.Time, err)
			}
			close(idle)
			packets, err := readAll(t, s)
			if err := errors.Join(err, <-written); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, packets); diff != "" {
				t.Errorf("packets differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	o := binary.LittleEndian
	for _, test := range []struct {
		name string
		data []byte
		want error
		text string
	}{
		{"empty", nil, ErrFormat, "is empty"},
		{"short", []byte("abc"), ErrFormat, "less than 4 bytes"},
		{"text", []byte("hello, world"), ErrFormat, `"hello,"`},
		{"modified", words(binary.BigEndian, 0xa1b2cd34, 0), ErrFormat, "modified pcap; convert it with `editcap"},
		{"modified, swapped", words(o, 0xa1b2cd34, 0), ErrFormat, "modified pcap"},
		{"xz", []byte("\xfd7zXZ\x00"), ErrFormat, "xz -dc"},
		{"future version", join(words(o, magicMicroseconds), halves(o, 3, 0), make([]byte, 16)), ErrFormat, "version 3"},
		{"link type", pcapHeader(o, magicMicroseconds, 0, 0x10001), ErrFormat, "link type 65537"},
		{"cut header", pcapHeader(o, magicMicroseconds, 0, 1)[:23], capture.ErrTruncated, "at byte 0, after 0 packets"},
		{"gzip of text", pack(newGzip)(t, []byte("hello")), ErrFormat, `"hell"`},
		{"damaged gzip", []byte{0x1f, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, gzip.ErrHeader, "gzip"},
	} {
		_, err := Open(write(t, test.data), Options{})
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
		if errors.Is(err, ErrFormat) && !strings.Contains(err.Error(), "pcapng") && test.name != "link type" {
			t.Errorf("%s: error does not tell what is accepted: %v", test.name, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	for _, speed := range []float64{-1, maxSpeed + 1} {
		if _, err := Open("-", Options{Speed: speed}); err == nil {
			t.Errorf("speed %v is accepted", speed)
		}
	}
}
