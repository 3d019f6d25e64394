package stats

import (
	"net/netip"
	"runtime"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
)

// country is a database without cities, and without the cost of one.
type country struct{}

func (country) Locate(a netip.Addr) geo.Location {
	b := a.As4()
	return geo.Location{Scope: geo.ScopePublic, CountryCode: atlasCountries[int(b[3])%len(atlasCountries)], HasPosition: true}
}

// filled has n living sessions of as many addresses.
func filled(b *testing.B, n int) (*Engine, []flow.Record) {
	b.Helper()
	cfg := Default()
	cfg.MaxIPs = n + 2 // room for the common end
	if n == 0 {
		cfg = Default()
	}
	e, err := New(cfg, country{}, NewHome([]netip.Addr{own}, nil))
	if err != nil {
		b.Fatal(err)
	}
	records := make([]flow.Record, n)
	for i := range records {
		peer := publicAddr(uint32(i) * 167)
		k := key("192.168.1.2", "11.0.0.1", uint16(i), uint16(i%1000+1))
		k.Dst = peer.As16()
		records[i] = record(flow.NewID(epoch+int64(i)*1e6, uint32(i)), k, epoch, 100, 1000)
	}
	consume(b, e, epoch+second, records...)
	for i := range records {
		records[i].First = false
	}
	return e, records
}

func BenchmarkConsume(b *testing.B) {
	e, records := filled(b, 100_000)
	touched := make([]flow.Record, 10_000)
	at := epoch + second
	b.ReportAllocs()
	for round := 0; b.Loop(); round++ {
		for i := range touched {
			touched[i] = records[(i*10+round)%len(records)]
		}
		at += second
		if err := e.Consume(flow.Batch{Time: at, Records: touched}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConsumeNew is a scan: each record is a session and an address of its own,
// and the tables are full.
func BenchmarkConsumeNew(b *testing.B) {
	e, records := filled(b, 100_000)
	fresh := make([]flow.Record, 10_000)
	at, id := epoch+second, uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		for i := range fresh {
			id++
			fresh[i] = records[i]
			fresh[i].First, fresh[i].ID = true, id
			fresh[i].Key.Dst = publicAddr(uint32(id) * 31).As16()
		}
		at += second
		if err := e.Consume(flow.Batch{Time: at, Records: fresh}); err != nil {
			b.Fatal(err)
		}
		e.Drain()
		e.Stored()
	}
}

func BenchmarkSessions(b *testing.B) {
	e, _ := filled(b, 10_000)
	for _, order := range []string{"last_seen", "rate", "src_ip", "state"} {
		b.Run(order, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, n := e.Sessions(SessionQuery{OrderBy: order, Descending: true, Limit: 50}); n != 10_000 {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkDrain(b *testing.B) {
	e, records := filled(b, 100_000)
	at := epoch + second
	e.DrainAll()
	e.Stored()
	for b.Loop() {
		at += second
		if err := e.Consume(flow.Batch{Time: at, Records: records[:10_000]}); err != nil {
			b.Fatal(err)
		}
		e.Drain()
		e.Stored()
	}
}

// BenchmarkMemory reports the heap of an engine with living sessions and as many
// addresses, in MB.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{0, 10_000, 100_000} {
		b.Run(map[int]string{0: "idle", 10_000: "10k", 100_000: "100k"}[n], func(b *testing.B) {
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				e, _ := filled(b, n)
				e.DrainAll()
				e.Stored()
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
				runtime.KeepAlive(e)
			}
		})
	}
}
