package sqlite_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
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
	// The index of IPs is made in the background from the start on, with a core of its own.
	if _, _, err := s.IPs(b.Context(), stats.IPQuery{Limit: 1}); err != nil {
		b.Fatal(err)
	}
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

	for name, ask := range map[string]func(r *rand.Rand) error{
		"ips":              func(r *rand.Rand) error { _, _, err := s.IPs(b.Context(), ipQuestion(r)); return err },
		"ranks":            func(r *rand.Rand) error { _, err := s.Ranks(b.Context(), rankQuestion(r, to)); return err },
		"overview-30-days": func(*rand.Rand) error { return overview(b, s, to) },
		"series-of-keys": func(r *rand.Rand) error {
			q := rankQuestion(r, to)
			ranks, err := s.Ranks(b.Context(), q)
			if err != nil || len(ranks) == 0 {
				return err
			}
			_, err = s.RankHistory(b.Context(), store.RankHistoryQuery{Dimension: q.Dimension, Keys: []string{ranks[0].Key}, From: q.From, To: q.To, Step: 3600})
			return err
		},
		"peers-of-ip": func(r *rand.Rand) error {
			q := stats.SessionQuery{IP: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 0, byte(r.IntN(200))}), 32), From: to - int64(7*24*time.Hour)}
			var tallies []*stats.Tally
			for _, d := range stats.Dimensions {
				t, _ := stats.NewTally(d.Name)
				tallies = append(tallies, t)
			}
			_, err := s.TallySessions(b.Context(), q, tallies...)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			percentile(b, func(r *rand.Rand) {
				if err := ask(r); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// overview is what the first page shows of 30 days: the series, all rankings, the newest events.
func overview(b *testing.B, s *sqlite.Store, to int64) error {
	b.Helper()
	from := to - int64(30*24*time.Hour)
	_, err := s.History(b.Context(), store.HistoryQuery{From: from, To: to, Step: 3600})
	for _, d := range stats.Dimensions {
		_, e := s.Ranks(b.Context(), store.RankQuery{Dimension: d.Name, From: from, To: to, Limit: 10})
		err = errors.Join(err, e)
	}
	_, _, e := s.Events(b.Context(), store.EventQuery{Limit: 10})
	return errors.Join(err, e)
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
	before := cpuTime(b)
	for b.Loop() {
		begin := time.Now()
		do(r)
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(times[len(times)*95/100].Seconds()*1e3, "p95-ms")
	b.ReportMetric(residentMB(b), "RSS-MB")
	b.ReportMetric((cpuTime(b)-before).Seconds()*1e3/float64(len(times)), "cpu-ms/op")
}

// cpuTime is what the process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
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

func ipQuestion(r *rand.Rand) stats.IPQuery {
	q := stats.IPQuery{
		OrderBy: stats.IPColumns[r.IntN(len(stats.IPColumns))].Name, Descending: r.IntN(4) > 0, Limit: 50,
		Offset: r.IntN(3) * r.IntN(3) * 500,
	}
	if r.IntN(4) == 0 {
		q.Network = netip.PrefixFrom(netip.AddrFrom4([4]byte{52, 0, 0, 0}), 8)
	}
	return q
}

// rankQuestion is of a time from an hour to 30 days long.
func rankQuestion(r *rand.Rand, to int64) store.RankQuery {
	const hour, month = int64(time.Hour), int64(30 * 24 * time.Hour)
	span := []int64{hour, 24 * hour, 7 * 24 * hour, month}[r.IntN(4)]
	from := to - span - r.Int64N(month-span+1)
	return store.RankQuery{Dimension: stats.Dimensions[r.IntN(len(stats.Dimensions))].Name, From: from, To: from + span, Limit: 10}
}
