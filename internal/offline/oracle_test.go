package offline

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netflow-monitor/internal/flow"
)

var update = flag.Bool("update", false, "rewrite what is compared with")

// corpora is the folder of captures with independent expectations.
func corpora(t *testing.T, sub string) string {
	t.Helper()
	root := os.Getenv("NETFLOW_CORPORA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpora")
	}
	dir := filepath.Join(root, sub)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI_REQUIRE_ALL") == "1" {
			t.Fatalf("captures are missing: %v", err)
		}
		t.Skipf("no captures to compare with (set NETFLOW_CORPORA): %v", err)
	}
	return dir
}

// seen is a session in the terms in which meters can be compared.
type seen struct {
	protocol                 string
	src, dst                 netip.AddrPort
	sent, received           uint64
	bytesSent, bytesReceived uint64
	connState                string // Zeek's; empty where it isn't compared
}

func (s seen) String() string {
	text := fmt.Sprintf("%s %v > %v, %d + %d packets, %d + %d bytes", s.protocol, s.src, s.dst, s.sent, s.received, s.bytesSent, s.bytesReceived)
	return strings.TrimSuffix(text+" "+s.connState, " ")
}

// expected is a row of another meter's result.
type expected struct {
	seen
	file  string
	extra extra
}

// extra is what a row says beyond what all tools say.
type extra struct {
	UID       string   `json:"uid"`
	Parents   string   `json:"tunnel_parents"`
	ConnState string   `json:"conn_state"`
	InitRTT   *float64 `json:"initRTT"`
}

// expectation reads a tool's expected.csv. A tunnel that another row names as its
// parent is left out: we count its packets on the session inside.
func expectation(t *testing.T, dir string) []expected {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]expected, 0, len(lines))
	for _, line := range lines[1:] {
		rows = append(rows, parseRow(t, line))
	}
	return slices.DeleteFunc(rows, func(e expected) bool {
		return e.extra.UID != "" && slices.ContainsFunc(rows, func(inner expected) bool {
			return inner.file == e.file && slices.Contains(strings.Split(inner.extra.Parents, ","), e.extra.UID)
		})
	})
}

func parseRow(t *testing.T, line []string) expected {
	t.Helper()
	src, errSrc := netip.ParseAddr(line[2])
	dst, errDst := netip.ParseAddr(line[4])
	e := expected{file: line[0]}
	errs := []error{errSrc, errDst, json.Unmarshal([]byte(line[11]), &e.extra)}
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(line[i], 10, 64)
		errs = append(errs, err)
		return n
	}
	srcPort, dstPort := number(3), number(5)
	if !hasPorts(line[1]) {
		srcPort, dstPort = 0, 0
	}
	e.seen = seen{
		line[1], netip.AddrPortFrom(src, uint16(srcPort)), netip.AddrPortFrom(dst, uint16(dstPort)),
		number(6), number(7), number(8), number(9), e.extra.ConnState,
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return e
}

// hasPorts tells for which protocols all tools give ports: ICMP has none, and some
// tools put type and code there; those of SCTP are not known to all.
func hasPorts(protocol string) bool { return protocol == "6" || protocol == "17" }

// meterOracle is another team's meter: what it calls bytes, and which of our time-outs
// come closest to its own.
type meterOracle struct {
	tool     string
	timeouts string
	bytes    func(flow.Counters) uint64
	state    func(*flow.Record) string
	// joined compares all sessions of the same ends in a file as one, in the state of
	// the last. Arkime splits sessions when it saves them, into rows that may be empty,
	// and Zeek 5 s after a SYN that nobody answered; ipfixprobe has time-outs that we
	// can set.
	joined  bool
	percent float64 // of the rows must agree
}

var oracles = []meterOracle{
	{"arkime", "none", wireBytes, noState, true, 95},
	{"zeek", "default", ipBytes, zeekState, true, 90},
	{"ipfixprobe", "30/300", ipBytes, noState, false, 95},
}

func wireBytes(c flow.Counters) uint64 { return c.WireBytes }
func ipBytes(c flow.Counters) uint64   { return c.IPBytes }
func noState(*flow.Record) string      { return "" }

// sessions is what Read makes of a file, in the oracle's terms.
func (o *meterOracle) sessions(t *testing.T, file string) []seen {
	t.Helper()
	var rows []seen
	for r := range o.records(t, file) {
		protocol := strconv.Itoa(int(r.Key.Protocol))
		src, dst := r.Key.Ports()
		if !hasPorts(protocol) {
			src, dst = 0, 0
		}
		rows = append(rows, seen{
			protocol,
			netip.AddrPortFrom(r.Key.SrcAddr(), src), netip.AddrPortFrom(r.Key.DstAddr(), dst),
			r.Sent.Packets, r.Received.Packets, o.bytes(r.Sent), o.bytes(r.Received), o.state(r),
		})
	}
	if o.joined {
		return join(rows, func(s *seen) *seen { return s })
	}
	return rows
}

// join adds up the rows of the same ends, in the direction of the first and the state
// of the last.
func join[T any](rows []T, session func(*T) *seen) (joined []T) {
	for i := range rows {
		s := session(&rows[i])
		first := slices.IndexFunc(joined, func(other T) bool {
			o := session(&other)
			return o.protocol == s.protocol && (o.src == s.src && o.dst == s.dst || o.src == s.dst && o.dst == s.src)
		})
		if first < 0 {
			joined = append(joined, rows[i])
			continue
		}
		into := session(&joined[first])
		if into.src != s.src {
			s.sent, s.received, s.bytesSent, s.bytesReceived = s.received, s.sent, s.bytesReceived, s.bytesSent
		}
		into.connState = s.connState
		into.sent, into.received = into.sent+s.sent, into.received+s.received
		into.bytesSent, into.bytesReceived = into.bytesSent+s.bytesSent, into.bytesReceived+s.bytesReceived
	}
	return joined
}

func (o *meterOracle) records(t *testing.T, file string) func(func(*flow.Record) bool) {
	t.Helper()
	cfg, err := ParseTimeouts(o.timeouts)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Read(context.Background(), []string{filepath.Join(corpora(t, o.tool), "pcap", file)}, Options{Meter: cfg})
	if err != nil {
		t.Logf("%s: %v", file, err)
	}
	return result.Sessions.All()
}

// compare returns how many rows there are, and those that no session of ours equals.
func (o *meterOracle) compare(t *testing.T) (all int, missing []expected) {
	t.Helper()
	files := map[string][]expected{}
	for _, e := range expectation(t, corpora(t, o.tool)) {
		files[e.file] = append(files[e.file], e)
	}
	for file, rows := range files {
		if o.joined {
			rows = join(rows, func(e *expected) *seen { return &e.seen })
		}
		all += len(rows)
		ours := o.sessions(t, file)
		for _, e := range rows {
			if i := slices.Index(ours, e.seen); i >= 0 {
				ours = slices.Delete(ours, i, i+1)
			} else {
				missing = append(missing, e)
			}
		}
	}
	slices.SortFunc(missing, func(a, b expected) int {
		return strings.Compare(a.file+a.String(), b.file+b.String())
	})
	return all, missing
}

// Where other teams' meters agree with one another and not with us, we are wrong.
// Each row that differs stands in the documentation, with its reason.
func TestOtherMeters(t *testing.T) {
	reasons := readDifferences(t)
	var found []difference
	for _, o := range oracles {
		t.Run(o.tool, func(t *testing.T) {
			all, missing := o.compare(t)
			agree := 100 * float64(all-len(missing)) / float64(all)
			t.Logf("%d of %d sessions agree, %.1f %%", all-len(missing), all, agree)
			if agree < o.percent {
				t.Errorf("%.1f %% of the sessions agree, at least %v %% must", agree, o.percent)
			}
			for _, e := range missing {
				d := difference{tool: o.tool, file: e.file, row: e.String()}
				found = append(found, difference{d.tool, d.file, d.row, reasons[d]})
			}
		})
	}
	if *update {
		writeDifferences(t, found)
		return
	}
	for _, d := range found {
		if d.reason == "" {
			t.Errorf("%s, %s: no session of ours is %s, and no reason is given", d.tool, d.file, d.row)
		}
		delete(reasons, difference{tool: d.tool, file: d.file, row: d.row})
	}
	for d := range reasons {
		t.Errorf("%s, %s: a difference is explained that is none: %s", d.tool, d.file, d.row)
	}
}

// difference is a row of another meter that no session of ours equals, and why.
type difference struct{ tool, file, row, reason string }

// The table of differences in the documentation, and the line above its rows.
const (
	differencesFile = "../../docs/explanation/accuracy.md"
	differencesHead = "| meter | capture | its session | why we differ |\n|---|---|---|---|\n"
)

// readDifferences maps differences without their reasons to the reasons.
func readDifferences(t *testing.T) map[difference]string {
	t.Helper()
	text, err := os.ReadFile(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rows, found := strings.Cut(string(text), differencesHead)
	if !found {
		t.Fatalf("%s has no table of differences", differencesFile)
	}
	reasons := map[difference]string{}
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if len(cells) != 4 {
			break
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		reasons[difference{tool: cells[0], file: cells[1], row: cells[2]}] = cells[3]
	}
	return reasons
}

func writeDifferences(t *testing.T, rows []difference) {
	t.Helper()
	text, err := os.ReadFile(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), differencesHead)
	var b strings.Builder
	b.WriteString(before + differencesHead)
	for _, d := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.tool, d.file, d.row, d.reason)
	}
	if err := os.WriteFile(differencesFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
