package offline

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// A DNS question and its answer, and a ping, as a pcap file of microseconds.
var sample = pcap(
	frame(1_700_000_000_000_001, 17, "\x0a\x00\x00\x01\x0a\x00\x00\x02", "\x9c\x40\x00\x35\x00\x0c\x00\x00abcd"),
	frame(1_700_000_000_250_001, 17, "\x0a\x00\x00\x02\x0a\x00\x00\x01", "\x00\x35\x9c\x40\x00\x0a\x00\x00ab"),
	frame(1_700_000_001_000_000, 1, "\x0a\x00\x00\x01\x0a\x00\x00\x02", "\x08\x00\x00\x00\x00\x01\x00\x01"),
	frame(1_699_999_999_500_000, 6, "\x0a\x00\x00\x03\x0a\x00\x00\x02", "\xc0\x00\x01\xbb\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\x10\x00\x00\x00\x00\x00"),
)

func pcap(records ...[]byte) []byte {
	head := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00"
	return append([]byte(head), bytes.Join(records, nil)...)
}

func frame(micros int64, protocol byte, addresses, transport string) []byte {
	ip := "\x45\x00\x00" + string(rune(20+len(transport))) + "\x00\x00\x00\x00\x40" + string(rune(protocol)) + "\x00\x00" + addresses
	data := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + ip + transport
	b := le32(nil, uint32(micros/1e6))
	b = le32(b, uint32(micros%1e6))
	b = le32(b, uint32(len(data)))
	b = le32(b, uint32(len(data)))
	return append(b, data...)
}

func le32(b []byte, n uint32) []byte {
	return append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.pcap")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, paths ...string) *Result {
	t.Helper()
	result, err := Read(context.Background(), paths, Options{Meter: meter.Default()})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func written(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	result := read(t, file(t, sample))
	tests := []struct {
		name string
		got  string
		want string
	}{
		{"sessions as JSON", written(t, func(b *bytes.Buffer) error { return result.WriteSessions(b, JSON) }), `
{"session_id":"3565158398951424002","community_id":"1:zy9Bo5+vvXEnryuSD4cn/ac99oo=","ip_protocol":6,"protocol":"TCP","src_ip":"10.0.0.3","src_port":49152,"dst_ip":"10.0.0.2","dst_port":443,"vlan":0,"start_time":"2023-11-14T22:13:19.5Z","last_seen":"2023-11-14T22:13:19.5Z","duration":0,"packets_sent":1,"packets_received":0,"total_packets":1,"bytes_sent":54,"bytes_received":0,"total_bytes":54,"ip_bytes_sent":40,"ip_bytes_received":0,"payload_bytes_sent":0,"payload_bytes_received":0,"tcp_flags_sent":"S","tcp_flags_received":"","state":"syn_sent","end_reason":"forced_end","retransmits_sent":0,"retransmits_received":0,"retransmitted_bytes_sent":0,"retransmitted_bytes_received":0,"out_of_order_sent":0,"out_of_order_received":0,"zero_windows_sent":0,"zero_windows_received":0,"resets_sent":0,"resets_received":0}
{"session_id":"3565158400000000000","community_id":"1:RXKURpyQITZU13SCYbIzaVPTxaQ=","ip_protocol":17,"protocol":"UDP","src_ip":"10.0.0.1","src_port":40000,"dst_ip":"10.0.0.2","dst_port":53,"vlan":0,"start_time":"2023-11-14T22:13:20.000001Z","last_seen":"2023-11-14T22:13:20.250001Z","duration":0.25,"packets_sent":1,"packets_received":1,"total_packets":2,"bytes_sent":46,"bytes_received":44,"total_bytes":90,"ip_bytes_sent":32,"ip_bytes_received":30,"payload_bytes_sent":4,"payload_bytes_received":2,"tcp_flags_sent":"","tcp_flags_received":"","state":"active","end_reason":"forced_end"}
{"session_id":"3565158402097152001","community_id":"1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ=","ip_protocol":1,"protocol":"ICMP","src_ip":"10.0.0.1","src_port":0,"dst_ip":"10.0.0.2","dst_port":0,"vlan":0,"start_time":"2023-11-14T22:13:21Z","last_seen":"2023-11-14T22:13:21Z","duration":0,"packets_sent":1,"packets_received":0,"total_packets":1,"bytes_sent":42,"bytes_received":0,"total_bytes":42,"ip_bytes_sent":28,"ip_bytes_received":0,"payload_bytes_sent":0,"payload_bytes_received":0,"tcp_flags_sent":"","tcp_flags_received":"","state":"unreplied","end_reason":"forced_end","icmp_type":8,"icmp_code":0}
`},
		{"sessions as a table", written(t, func(b *bytes.Buffer) error { return result.WriteSessions(b, Table) }), `
START                           DURATION  PROTO  SOURCE          DESTINATION   PKTS SENT  RECV  BYTES SENT  RECV  STATE
2023-11-14T22:13:19.5Z                 0  TCP    10.0.0.3:49152  10.0.0.2:443          1     0          54     0  syn_sent
2023-11-14T22:13:20.000001Z         0.25  UDP    10.0.0.1:40000  10.0.0.2:53           1     1          46    44  active
2023-11-14T22:13:21Z                   0  ICMP   10.0.0.1        10.0.0.2              1     0          42     0  unreplied

3 sessions, 4 packets, 186 bytes on the wire, 130 IP bytes, 6 payload bytes
`},
		{"IPs as a table", written(t, func(b *bytes.Buffer) error { return result.WriteHosts(b, Table) }), `
IP        BYTES SENT  RECV  TOTAL  PKTS SENT  RECV  SESSIONS  LAST SEEN
10.0.0.2          44   142    186          1     3         3  2023-11-14T22:13:21Z
10.0.0.1          88    44    132          2     1         2  2023-11-14T22:13:21Z
10.0.0.3          54     0     54          1     0         1  2023-11-14T22:13:19.5Z

3 IPs, 3 sessions, 4 packets, 186 bytes on the wire
`},
		{"IPs as CSV", written(t, func(b *bytes.Buffer) error { return result.WriteHosts(b, CSV) }), `
ip,bytes_sent,bytes_received,total_bytes,packets_sent,packets_received,total_packets,session_count,first_seen,last_seen
10.0.0.2,44,142,186,1,3,4,3,2023-11-14T22:13:19.5Z,2023-11-14T22:13:21Z
10.0.0.1,88,44,132,2,1,3,2,2023-11-14T22:13:20.000001Z,2023-11-14T22:13:21Z
10.0.0.3,54,0,54,1,0,1,1,2023-11-14T22:13:19.5Z,2023-11-14T22:13:19.5Z
`},
		{"summary", result.Summary(), "4 packets read, 4 decoded, 0 refused, 0 cut short by the capture, 3 sessions"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// JSON and CSV say the same in the same order.
func TestCSVMatchesJSON(t *testing.T) {
	result := read(t, file(t, sample))
	lines := strings.Split(written(t, func(b *bytes.Buffer) error { return result.WriteSessions(b, JSON) }), "\n")
	rows, err := csv.NewReader(strings.NewReader(written(t, func(b *bytes.Buffer) error { return result.WriteSessions(b, CSV) }))).ReadAll()
	if err != nil || len(rows) != len(lines) {
		t.Fatalf("%d CSV rows for %d lines of JSON, error %v", len(rows), len(lines), err)
	}
	for i, row := range rows[1:] {
		decoder := json.NewDecoder(strings.NewReader(lines[i]))
		decoder.UseNumber()
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			t.Fatal(err)
		}
		for j, name := range rows[0] {
			want, ok := object[name]
			if !ok {
				want = ""
			}
			if got := row[j]; got != toText(want) {
				t.Errorf("session %d: %s is %q in CSV, %v in JSON", i, name, got, want)
			}
		}
	}
}

func toText(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	s, _ := v.(string)
	return s
}

func TestFilesAreApartAndOrderDoesNotMatter(t *testing.T) {
	a, b := file(t, sample), file(t, sample)
	both := read(t, a, b)
	if n := both.Sessions.Len(); n != 6 {
		t.Errorf("%d sessions from two files of 3", n)
	}
	ids := map[uint64]bool{}
	for r := range both.Sessions.All() {
		ids[r.ID] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d identifiers for 6 sessions", len(ids))
	}
}

func TestBrokenFiles(t *testing.T) {
	whole := file(t, sample)
	cut := file(t, sample[:len(sample)-3])
	result, err := Read(context.Background(), []string{cut, "/nonexistent.pcap", whole}, Options{Meter: meter.Default()})
	if !errors.Is(err, capture.ErrTruncated) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
	if result.Sessions.Len() != 2+3 || result.Files != 2 {
		t.Errorf("%d sessions from %d files", result.Sessions.Len(), result.Files)
	}
}

func TestParseTimeouts(t *testing.T) {
	valid := map[string]meter.Config{
		"":         meter.Default(),
		"default":  meter.Default(),
		"none":     meter.Default().WithTimeouts(0, 0),
		"30/300":   meter.Default().WithTimeouts(30*time.Second, 300*time.Second),
		"30s/5m":   meter.Default().WithTimeouts(30*time.Second, 300*time.Second),
		"0.5/0":    meter.Default().WithTimeouts(time.Second/2, 0),
		"1500ms/9": meter.Default().WithTimeouts(1500*time.Millisecond, 9*time.Second),
	}
	for text, want := range valid {
		if got, err := ParseTimeouts(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"30", "30/", "/30", "-1/30", "30/x", "None", "NaN/1", "Inf/1", "1e300/1", "1/2/3"} {
		if _, err := ParseTimeouts(text); err == nil || !strings.Contains(err.Error(), "IDLE/ACTIVE") {
			t.Errorf("%q: got error %v", text, err)
		}
	}
}

// The order of sessions must not depend on the order in which they ended.
func TestSort(t *testing.T) {
	var s Sessions
	records := make([]flow.Record, 30_000)
	for i := range records {
		records[i] = flow.Record{ID: uint64(i), Start: int64(i * 7919 % 1000), Key: flow.Key{SrcPort: uint16(i % 50)}}
	}
	for chunk := range slices.Chunk(records, 1000) {
		if err := s.Consume(flow.Batch{Records: chunk}); err != nil {
			t.Fatal(err)
		}
	}
	s.sort()
	slices.SortFunc(records, func(a, b flow.Record) int {
		if a.Start != b.Start {
			return int(a.Start - b.Start)
		}
		return compareKeys(&a, &b)
	})
	i := 0
	for r := range s.All() {
		if *r != records[i] {
			t.Fatalf("session %d is %d, want %d", i, r.ID, records[i].ID)
		}
		i++
	}
	if i != len(records) || s.Len() != i {
		t.Errorf("%d of %d sessions", i, len(records))
	}
}
