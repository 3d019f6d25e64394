package offline

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netflow-monitor/internal/flow"
)

// Every field of every record must come out as it was put in, whatever is in it.
func TestPackedRecordsAreWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var full flow.Record
	fill(reflect.ValueOf(&full).Elem(), func() uint64 { return math.MaxUint64 })
	full.Counted, full.Also, full.Carried = 0, flow.PointList{}, false // of captures on several interfaces
	records := []flow.Record{{}, full}
	for range 5000 {
		var r flow.Record
		fill(reflect.ValueOf(&r).Elem(), func() uint64 {
			if random.IntN(2) == 0 {
				return 0
			}
			return random.Uint64() >> random.UintN(64)
		})
		r.Counted, r.Also, r.Carried = 0, flow.PointList{}, false
		if random.IntN(2) == 0 {
			copy(r.Key.Src[:12], []byte{10: 0xff, 11: 0xff})
			copy(r.Key.Dst[:12], []byte{10: 0xff, 11: 0xff})
			r.Received, r.Tunnel = flow.Counters{}, flow.Tunnel{}
		}
		records = append(records, r)
	}
	var s Sessions
	if err := s.Consume(flow.Batch{Records: records}); err != nil {
		t.Fatal(err)
	}
	i := 0
	for got := range s.unsorted() {
		if *got != records[i] {
			t.Fatalf("record %d (-want +got):\n%s", i, cmp.Diff(records[i], *got))
		}
		i++
	}
	if i != len(records) {
		t.Errorf("%d of %d records", i, len(records))
	}
	if n := len(pack(nil, &full)); n > maxPacked {
		t.Errorf("a record takes %d bytes", n)
	}
}

// fill sets every number in v, also in fields that are yet to come.
func fill(v reflect.Value, next func() uint64) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, next)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.Bool:
		v.SetBool(next()&1 != 0)
	case reflect.Int64:
		v.SetInt(int64(next()))
	default:
		v.SetUint(next())
	}
}

// A million sessions of one packet, half of which live at the same time, are to fit
// into 400 MB with everything else: the records may take a fraction of it.
func TestSmallSessionsStaySmall(t *testing.T) {
	r := flow.Record{
		ID: math.MaxInt64, Start: math.MaxInt64, Last: math.MaxInt64, First: true,
		Key:          flow.Key{Src: [16]byte{10: 0xff, 11: 0xff, 12: 1}, Dst: [16]byte{10: 0xff, 11: 0xff, 12: 2}, Protocol: 6, Version: 4},
		Sent:         flow.Counters{Packets: 1, WireBytes: 66, IPBytes: 52},
		TCPFlagsSent: flow.TCPSyn, State: flow.StateSynSent, End: flow.EndIdleTimeout,
	}
	if n := len(pack(nil, &r)); n > 48 {
		t.Errorf("the session of one packet takes %d bytes", n)
	}
}
