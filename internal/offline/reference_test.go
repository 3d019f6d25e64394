package offline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

func TestReferenceIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reference", "session.md")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(Reference()), string(got)); diff != "" {
		t.Errorf("%s is not current; run make gen\n%s", path, diff)
	}
}

func TestEverythingIsExplained(t *testing.T) {
	checkFields(t, sessionFields)
	checkFields(t, hostFields)
	checkWords(t, flow.StateNames(), stateMeanings)
	checkWords(t, endReasons(), endMeanings)
	checkWords(t, flow.TunnelKindNames(), tunnelMeanings)
}

func checkFields[T any](t *testing.T, columns []column[T]) {
	t.Helper()
	names := map[string]bool{}
	for i := range columns {
		c := &columns[i]
		if names[c.name] {
			t.Errorf("there are two fields %s", c.name)
		}
		names[c.name] = true
		if c.about.unit == "" || !strings.HasSuffix(c.about.meaning, ".") {
			t.Errorf("%s: no unit, or its meaning is no sentence", c.name)
		}
		if (c.count == nil) == (c.append == nil) {
			t.Errorf("%s: its value must come from one function", c.name)
		}
	}
}

func checkWords(t *testing.T, words []string, meanings map[string]meaning) {
	t.Helper()
	for _, word := range words {
		if meanings[word].text == "" {
			t.Errorf("%q is not explained", word)
		}
	}
	if len(words) != len(meanings) {
		t.Errorf("%d words, %d explanations", len(words), len(meanings))
	}
}

// The names and their order are a contract: scripts and other programs rely on them.
func TestContractFields(t *testing.T) {
	var names []string
	for i := range sessionFields {
		names = append(names, sessionFields[i].name)
	}
	for name := range strings.FieldsSeq(`session_id src_ip dst_ip src_port dst_port protocol start_time last_seen duration
		packets_sent packets_received bytes_sent bytes_received total_packets total_bytes state
		rtt_ms rtt_client_ms rtt_server_ms retransmits_sent retransmits_received`) {
		if !slices.Contains(names, name) {
			t.Errorf("no field %s", name)
		}
	}
}

// The example of the reference is what the program writes.
func TestExample(t *testing.T) {
	var fields map[string]any
	if err := json.Unmarshal(appendJSON(nil, sessionFields, example()), &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"rtt_ms": 26.7625, "rtt_client_ms": 0.412, "rtt_server_ms": 26.3505, "retransmits_received": 1.0,
		"retransmitted_bytes_received": 1448.0, "total_packets": 33.0, "total_bytes": 23682.0,
		"tunnel": "vxlan", "tunnel_src_ip": "203.0.113.1", "tunnel_dst_ip": "203.0.113.2", "tunnel_id": 5001.0, "vlan": 20.0,
	} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}
	for _, name := range []string{"inner_vlan", "icmp_type", "wire_packets_sent", "wire_packets_estimated"} {
		if value, ok := fields[name]; ok {
			t.Errorf("%s is %v where it has no place", name, value)
		}
	}
}

// Fields that few sessions have are there when they have something to say.
func TestRareFields(t *testing.T) {
	r := example()
	r.Key.InnerVLAN, r.RTTClient, r.SentTCP.OffloadedPackets = 30, 0, 6
	r.Tunnel = flow.Tunnel{Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelGTPU, flow.TunnelTeredo}}
	var fields map[string]any
	if err := json.Unmarshal(appendJSON(nil, sessionFields, r), &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"inner_vlan": 30.0, "rtt_ms": nil, "rtt_client_ms": nil, "rtt_server_ms": 26.3505, "wire_packets_sent": 20.0,
		"wire_packets_received": 19.0, "wire_packets_estimated": true, "tunnel": "gtp-u/teredo", "tunnel_src_ip": nil, "tunnel_id": nil,
	} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}
}
