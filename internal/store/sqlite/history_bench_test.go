package sqlite_test

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store/sqlite"
)

// BenchmarkHistory asks a large database what the page asks, and reports the 95th
// percentile of each kind of question and the memory that the process has. Make one with
// go run ./internal/store/past/gen -o FILE, and name it in NETFLOW_BENCH_DB.
func BenchmarkHistory(b *testing.B) {
	path := os.Getenv("NETFLOW_BENCH_DB")
	if path == "" {
		b.Skip("NETFLOW_BENCH_DB names no database")
	}
	s := open(b, path)
	to := newest(b, s)
	for _, question := range sessionQuestions(to) {
		b.Run(question.name, func(b *testing.B) {
			percentile(b, func(r *rand.Rand) {
				q := question.make(r)
				if _, _, err := s.Sessions(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// newest is when the last session ended.
func newest(b *testing.B, s *sqlite.Store) int64 {
	b.Helper()
	list, _, err := s.Sessions(b.Context(), stats.SessionQuery{Descending: true, Limit: 1})
	if err != nil || len(list) == 0 {
		b.Fatal(list, err)
	}
	return list[0].Last
}

// percentile runs an operation with random arguments and reports p50 and p95 in
// milliseconds, and the resident memory in MB.
func percentile(b *testing.B, do func(*rand.Rand)) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var times []time.Duration
	for b.Loop() {
		begin := time.Now()
		do(r)
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(times[len(times)*95/100].Seconds()*1e3, "p95-ms")
	b.ReportMetric(residentMB(b), "RSS-MB")
}

// residentMB reads VmRSS.
func residentMB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}

type sessionQuestion struct {
	name string
	make func(*rand.Rand) stats.SessionQuery
}

func sessionQuestions(to int64) []sessionQuestion {
	page := func(change func(*rand.Rand, *stats.SessionQuery)) func(*rand.Rand) stats.SessionQuery {
		return func(r *rand.Rand) stats.SessionQuery {
			q := stats.SessionQuery{Descending: true, Limit: 50}
			change(r, &q)
			return q
		}
	}
	column := func(r *rand.Rand) string { return stats.SessionColumns[r.IntN(len(stats.SessionColumns))].Name }
	tcp, reset := uint8(flow.ProtoTCP), flow.StateReset
	host := func(r *rand.Rand) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 0, byte(r.IntN(200))}), 32)
	}
	return []sessionQuestion{
		{"newest", page(func(*rand.Rand, *stats.SessionQuery) {})},
		{"sorted", page(func(r *rand.Rand, q *stats.SessionQuery) { q.OrderBy, q.Descending = column(r), r.IntN(2) == 0 })},
		{"range", page(func(r *rand.Rand, q *stats.SessionQuery) {
			q.From = to - r.Int64N(int64(30*24*time.Hour))
			q.To, q.OrderBy = q.From+int64(24*time.Hour), column(r)
		})},
		{"page1000", page(func(_ *rand.Rand, q *stats.SessionQuery) { q.Offset = 1000 * q.Limit })},
		{"ip", page(func(r *rand.Rand, q *stats.SessionQuery) { q.IP = host(r) })},
		{"ip-sorted", page(func(r *rand.Rand, q *stats.SessionQuery) { q.IP, q.OrderBy = host(r), column(r) })},
		{"network", page(func(r *rand.Rand, q *stats.SessionQuery) {
			q.IP = netip.PrefixFrom(netip.AddrFrom4([4]byte{52, byte(r.IntN(256)), 0, 0}), 16)
		})},
		{"protocol", page(func(_ *rand.Rand, q *stats.SessionQuery) { q.Protocol = &tcp })},
		{"port", page(func(r *rand.Rand, q *stats.SessionQuery) { q.Port = uint16(1 + r.IntN(1000)) })},
		{"port-sorted", page(func(r *rand.Rand, q *stats.SessionQuery) { q.Port, q.OrderBy = 443, column(r) })},
		{"country", page(func(_ *rand.Rand, q *stats.SessionQuery) { q.Country, q.OrderBy = "JP", "total_bytes" })},
		{"state-none", page(func(_ *rand.Rand, q *stats.SessionQuery) { q.State = &reset })},
		{"bytes", page(func(_ *rand.Rand, q *stats.SessionQuery) { q.MinBytes, q.OrderBy = 10_000_000, "duration" })},
		{"text", page(func(_ *rand.Rand, q *stats.SessionQuery) {
			q.Terms = []stats.Term{{Port: 853}, {Country: "JP"}, {ASN: 16509}}
		})},
	}
}
