package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

var errDisk = errors.New("disk trouble")

// faulty is a real store that fails when told to.
type faulty struct {
	store.Store
	mu         sync.Mutex
	failWrites bool
	failReads  bool
	// lie makes writes fail after they were done, as when the answer is lost.
	lie     bool
	batches []store.Batch
	// before is called by each write, if it is not nil.
	before func()
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: t.TempDir() + "/netflow.db"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &faulty{Store: s}
}

func (f *faulty) set(change func(*faulty)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *faulty) Write(ctx context.Context, b store.Batch) error {
	f.mu.Lock()
	f.batches = append(f.batches, b)
	fail, lie := f.failWrites, f.lie
	f.lie = lie && fail
	before := f.before
	f.mu.Unlock()
	if before != nil {
		before()
	}
	if fail {
		return errDisk
	}
	if err := f.Store.Write(ctx, b); err != nil || !lie {
		return err
	}
	return errDisk
}

func (f *faulty) reads() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failReads {
		return errDisk
	}
	return nil
}

func (f *faulty) Written(ctx context.Context, run string, sequence uint64) (bool, error) {
	if err := f.reads(); err != nil {
		return false, err
	}
	return f.Store.Written(ctx, run, sequence)
}

func (f *faulty) Sessions(ctx context.Context, q stats.SessionQuery) ([]stats.Session, store.Total, error) {
	if err := f.reads(); err != nil {
		return nil, store.Total{}, err
	}
	return f.Store.Sessions(ctx, q)
}

func (f *faulty) TallySessions(ctx context.Context, q stats.SessionQuery, tallies ...*stats.Tally) (float64, error) {
	if err := f.reads(); err != nil {
		return 0, err
	}
	return f.Store.TallySessions(ctx, q, tallies...)
}

func (f *faulty) Ranks(ctx context.Context, q store.RankQuery) ([]stats.Rank, error) {
	if err := f.reads(); err != nil {
		return nil, err
	}
	return f.Store.Ranks(ctx, q)
}

func (f *faulty) IPs(ctx context.Context, q stats.IPQuery) ([]stats.IP, int, error) {
	if err := f.reads(); err != nil {
		return nil, 0, err
	}
	return f.Store.IPs(ctx, q)
}

func (f *faulty) History(ctx context.Context, q store.HistoryQuery) ([]stats.Sample, error) {
	if err := f.reads(); err != nil {
		return nil, err
	}
	return f.Store.History(ctx, q)
}

func (f *faulty) Events(ctx context.Context, q store.EventQuery) ([]store.Event, int, error) {
	if err := f.reads(); err != nil {
		return nil, 0, err
	}
	return f.Store.Events(ctx, q)
}

func (f *faulty) tries() []store.Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.batches)
}

func newEngine(t *testing.T) *stats.Engine {
	t.Helper()
	engine, err := stats.New(stats.Default(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// traffic feeds an engine with sessions, second by second.
type traffic struct {
	engine *stats.Engine
	time   int64
	seq    uint32
	living []flow.Record
}

const start = int64(1_700_000_000) * 1e9

func record(id uint64, n uint64, at int64) flow.Record {
	r := flow.Record{
		ID: id, Start: at, Last: at, First: true, State: flow.StateActive,
		Key:  flow.Key{Version: 4, Protocol: flow.ProtoUDP, SrcPort: uint16(id), DstPort: 53},
		Sent: flow.Counters{Packets: n, WireBytes: 100 * n}, Received: flow.Counters{Packets: 1, WireBytes: id % 7},
	}
	r.Key.Src = netip.AddrFrom4([4]byte{10, 0, 0, byte(id % 5)}).As16()
	r.Key.Dst = netip.AddrFrom4([4]byte{192, 0, 2, byte(id % 11)}).As16()
	return r
}

// second lets every living session send a packet, begins and ends some, and returns
// how many sessions there were in all.
func (f *traffic) second(t *testing.T, begin, end int) int {
	t.Helper()
	f.time += 1e9
	at := start + f.time
	b := flow.Batch{Time: at + 999_999_999}
	for i := range f.living {
		r := f.living[i]
		r.Last, r.First, r.Received = at, false, flow.Counters{}
		r.Sent = flow.Counters{Packets: 1, WireBytes: 100}
		if i < end {
			r.End = flow.EndIdleTimeout
		}
		b.Records = append(b.Records, r)
	}
	f.living = f.living[min(end, len(f.living)):]
	for range begin {
		f.seq++
		r := record(flow.NewID(at, f.seq), 1, at)
		b.Records = append(b.Records, r)
		f.living = append(f.living, r)
	}
	for i := range b.Records {
		b.Input.Packets += b.Records[i].Sent.Packets + b.Records[i].Received.Packets
	}
	if err := f.engine.Consume(b); err != nil {
		t.Fatal(err)
	}
	return int(f.seq)
}

func sum(samples []stats.Sample) (s stats.Sample) {
	for i := range samples {
		store.AddSample(&s, &samples[i])
	}
	return s
}

func describe(events []store.Event) (kinds []string) {
	for _, e := range events {
		kinds = append(kinds, fmt.Sprintf("%s/%s", e.Level, e.Kind))
	}
	return kinds
}
