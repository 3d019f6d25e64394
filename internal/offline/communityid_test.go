package offline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every identifier of the specification's baseline must come out of its captures.
func TestCommunityIDBaseline(t *testing.T) {
	dir := corpora(t, "community-id")
	text, err := os.ReadFile(filepath.Join(dir, "baseline", "baseline_deflt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want []struct {
		Protocol uint8  `json:"proto"`
		Src      string `json:"saddr"`
		Dst      string `json:"daddr"`
		ID       string `json:"communityid"`
	}
	if err := json.Unmarshal(text, &want); err != nil || len(want) == 0 {
		t.Fatalf("%d baselines, error %v", len(want), err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "pcaps", "*"))
	if err != nil {
		t.Fatal(err)
	}
	type session struct {
		Protocol uint8  `json:"ip_protocol"`
		Src      string `json:"src_ip"`
		Dst      string `json:"dst_ip"`
		ID       string `json:"community_id"`
	}
	got := map[session]bool{}
	output := written(t, func(b *bytes.Buffer) error { return read(t, files...).WriteSessions(b, JSON) })
	for line := range strings.Lines(output) {
		var s session
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		got[s] = true
		s.Src, s.Dst = s.Dst, s.Src
		got[s] = true
	}
	for _, w := range want {
		if !got[session{w.Protocol, w.Src, w.Dst, w.ID}] {
			t.Errorf("no session has %+v", w)
		}
	}
}
