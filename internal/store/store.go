// Package store is the seam to what keeps history, and the part above it that is
// the same for every store: writing in windows, and live and stored as one list.
package store

import (
	"context"
	"errors"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// Batch is one window's worth of changes. Writing it again changes nothing: a
// store remembers the last Sequence of each Run.
type Batch struct {
	// Run identifies this start of the program; Sequence rises by one per batch.
	Run      string
	Sequence uint64
	// Sessions carry totals and replace the row of the same ID.
	Sessions []stats.Session
	// IPs and Samples carry deltas and are added to what is there.
	IPs     []stats.IP
	Samples []stats.Sample
	// Ranks are deltas too, for the roll-ups.
	Ranks  []stats.RankDelta
	Events []Event
}

// IsEmpty reports whether there is nothing to write.
func (b *Batch) IsEmpty() bool {
	return len(b.Sessions)+len(b.IPs)+len(b.Samples)+len(b.Ranks)+len(b.Events) == 0
}

// newest is the time of the latest sample; 0 if there is none.
func (b *Batch) newest() (t int64) {
	for i := range b.Samples {
		t = max(t, b.Samples[i].Time)
	}
	return t
}

// HistoryQuery asks for a series.
type HistoryQuery struct {
	// From and To bound the series in nanoseconds since the Unix epoch: [From, To).
	From, To int64
	// Step is the length of a point in seconds: a multiple of a stored tier (1, 60, 3600, 86400).
	Step int64
	// Point is the observation point that the series is of; 0: all of them.
	Point flow.Point
}

// Total is how many rows match a query. It is estimated where counting them would take
// longer than the answer is worth.
type Total struct {
	Rows      int
	Estimated bool
}

// RankQuery asks for the largest keys of a dimension within a time.
type RankQuery struct {
	Dimension string
	// From and To bound the time in nanoseconds since the Unix epoch: [From, To). What is
	// kept by the minute, hour or day counts if its beginning lies between them.
	From, To int64
	OrderBy  string   // a name from stats.RankColumns, but for the rate; largest first
	Keys     []string // only these; nil = all
	Limit    int      // 0 = all
}

// RankHistoryQuery asks for the series of some keys of a dimension.
type RankHistoryQuery struct {
	Dimension string
	Keys      []string
	From, To  int64 // as in HistoryQuery
	Step      int64 // seconds, a multiple of 60
}

// EventQuery selects events; by default the newest come first.
type EventQuery struct {
	Level    Level  // at least this
	Kind     string // empty = all
	Text     string // that kind or message contains, in any case of ASCII letters
	From, To int64
	OrderBy  string // a name from EventColumns; ties are broken by ID
	// OldestFirst reverses the order: the smallest comes first.
	OldestFirst bool
	Offset      int
	Limit       int
}

// Info is what the status page says of a store.
type Info struct {
	Name          string // "sqlite"
	Path          string
	Bytes         int64 // on disk, with its log
	FreeBytes     int64 // of these, room for rows to come
	Sessions      int64
	IPs           int64
	SchemaVersion int
	// The oldest of each kind there is, in nanoseconds since the Unix epoch; 0 if there is none.
	OldestSession, OldestMinute, OldestHour, OldestDay int64
	// GrowthPerDay is how many bytes a day would take that was as the last 24 hours were,
	// or what there is of them; 0 while it is not known.
	GrowthPerDay float64
	// SetAside is where a file was moved last that could not be used; empty if none was.
	SetAside string
}

// Store keeps history. All methods may be called from any goroutine.
type Store interface {
	// Write is atomic, and repeating it changes nothing.
	Write(context.Context, Batch) error
	// Written reports whether the batch of this run and sequence is stored.
	Written(ctx context.Context, run string, sequence uint64) (bool, error)
	// Sessions returns stored sessions that have ended, and how many match, also before q.After.
	Sessions(context.Context, stats.SessionQuery) ([]stats.Session, Total, error)
	// TallySessions adds the stored sessions that have ended and match to tallies, each with
	// all it ever did; where that would take too long, a sample of them. It returns the part
	// that was looked at, above 0 to 1.
	TallySessions(context.Context, stats.SessionQuery, ...*stats.Tally) (share float64, err error)
	// Session returns a stored session, ended or not; ErrNotFound if there is none.
	Session(ctx context.Context, id uint64) (stats.Session, error)
	// IPs returns IP totals and how many match.
	IPs(context.Context, stats.IPQuery) ([]stats.IP, int, error)
	// History returns a gap-free series: missing steps are zero samples.
	History(context.Context, HistoryQuery) ([]stats.Sample, error)
	// Ranks sums roll-ups, largest first. RankOther is what they had no room for; their
	// rates are 0.
	Ranks(context.Context, RankQuery) ([]stats.Rank, error)
	// RankHistory returns a gap-free series for each key.
	RankHistory(context.Context, RankHistoryQuery) ([][]stats.RankPoint, error)
	// FindNames returns the keys of a dimension whose name contains the text, in any case.
	FindNames(ctx context.Context, dimension, text string, limit int) ([]string, error)
	Events(context.Context, EventQuery) ([]Event, int, error)
	// Info is cheap enough to be asked every second.
	Info(context.Context) (Info, error)
	// Trim brings the roll-ups of what is over to their bounds, in slices that hardly delay
	// a write, and returns how many rows went. It is for once a minute.
	Trim(context.Context) (int64, error)
	// Prune deletes what is older than the retention, and the oldest of the rest while that
	// is larger than the retention allows.
	Prune(context.Context, Retention) (Pruned, error)
	Close() error
}

// Errors that a store's caller can tell apart.
var (
	ErrNotFound     = errors.New("not found")
	ErrNewerVersion = errors.New("database is from a newer version of netflow-monitor")
	ErrFull         = errors.New("disk is full")
	ErrReadOnly     = errors.New("database is not writable")
)
