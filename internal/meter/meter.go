package meter

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	never = math.MaxInt64
	// maxTime (the year 2200) bounds packet times, so that sums of times and
	// time-outs can't overflow whatever a damaged file says.
	maxTime = 7_258_118_400_000_000_000
	// maxBackstep is how far packet times may go back and still be jitter. If they
	// go back further, the clock was set and the meter follows it.
	maxBackstep = int64(10 * time.Second)
	// contextInterval is the number of packets between two looks at the context.
	contextInterval = 1024
)

// Meter meters the packets of one source. Its methods other than Counters belong to
// the goroutine that calls Run.
type Meter struct {
	cfg      Config
	decoder  packet.Decoder
	table    table
	lists    [classCount]list
	idle     [classCount]int64
	active   int64
	interval int64
	interim  bool
	tagged   bool // packets had VLAN tags
	retain   uint32
	sequence uint32
	step     uint32 // of sequence

	// clock is the source's time: the latest seen, unless it was set back.
	clock    int64
	nextTick int64 // when the running tick ends; 0 before the first packet
	nextWork int64 // nextTick, or the past while expired flows are left
	tick     uint32

	fragments fragments
	newcomers newcomers
	overflow  overflow
	pipeline  pipeline
	sights    sights
	output
	totals Counters

	mu        sync.Mutex
	published Counters // guarded by mu
}

// New makes a meter; it does nothing until Run.
func New(cfg Config) (*Meter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("meter configuration: %w", err)
	}
	m := &Meter{
		cfg:      cfg,
		decoder:  packet.Decoder{Decapsulate: cfg.Decapsulate},
		active:   timeout(cfg.Active),
		interval: int64(cfg.Interval),
		interim:  cfg.Interim,
		retain:   uint32(min(cfg.Retain, maxSessionsLimit)),
		sequence: cfg.FirstSequence,
		step:     max(cfg.SequenceStep, 1),
		tick:     1,
	}
	m.idle = [classCount]int64{
		classTCP: timeout(cfg.IdleTCP), classClosing: timeout(cfg.IdleClosing), classHalfOpen: timeout(cfg.IdleHalfOpen),
		classUDP: timeout(cfg.IdleUDP), classICMP: timeout(cfg.IdleICMP), classOther: timeout(cfg.IdleOther),
	}
	for i := range m.lists {
		m.lists[i] = list{none, none}
	}
	m.inputs = []flow.PointInput{{Point: cfg.Point}}
	m.forgetInterfaces()
	return m, nil
}

func timeout(d time.Duration) int64 {
	if d == 0 {
		return never
	}
	return int64(d)
}

func seedWords(seed uint64) (words [4]uint64) {
	if seed == 0 {
		var b [32]byte
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
		for i := range words {
			words[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		return words
	}
	for i := range words {
		seed += 0x9e3779b97f4a7c15 // splitmix64
		words[i] = fold(seed^seed>>30, 0xbf58476d1ce4e5b9)
	}
	return words
}

// Run meters src until it is exhausted (nil), ctx is cancelled (its error), or src or
// out fail (their error). In each case all flows end and their records are handed
// over first. Run is called once; src stays the caller's to close.
func (m *Meter) Run(ctx context.Context, src capture.Source, out flow.Sink) error {
	if err := m.open(src, out, ctx.Done()); err != nil {
		return err
	}
	defer m.table.close()
	err := m.loop(ctx, src)
	m.meterAll()
	m.releaseAll()
	m.endAll()
	m.finish()
	m.publish()
	return errors.Join(err, m.output.err)
}

func (m *Meter) open(src capture.Source, out flow.Sink, stop <-chan struct{}) error {
	m.source, m.sink, m.stop = src, out, stop
	m.limit, m.most = finalBatch, finalBatch
	if m.interim {
		m.limit, m.most = batchLimit, 2*batchLimit
	}
	return m.table.open(m.cfg.MaxSessions, seedWords(m.cfg.Seed))
}

func (m *Meter) loop(ctx context.Context, src capture.Source) error {
	var frame capture.Frame
	for n := uint(1); ; n++ {
		err := src.Next(&frame)
		switch {
		case err == nil:
			m.take(&frame)
			if n%contextInterval != 0 {
				continue
			}
		case errors.Is(err, capture.ErrIdle):
			m.meterAll()
			m.rest(frame.Time)
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
		if err := ctx.Err(); err != nil || m.output.err != nil {
			return err
		}
	}
}
