package store

import (
	"cmp"
	"strings"
	"time"

	"netflow-monitor/internal/stats"
)

// Event is something worth telling the user: started, stopped, no traffic, disk full.
type Event struct {
	// ID rises with time and is unique; the Writer assigns it.
	ID uint64
	// Time is the wall clock in nanoseconds since the Unix epoch.
	Time  int64
	Level Level
	// Kind is a stable code such as "capture_started"; the page translates it.
	Kind string
	// Message is English, complete in itself, and ends with the remedy where there is one.
	Message string
	// Params are the values in Message, for translation: {"interface": "eth0"}.
	Params map[string]string
}

// EventColumns are what events can be ordered by. The first one is used where no name is given.
var EventColumns = []stats.Column[Event]{
	// IDs rise with time, and tell events of one moment apart.
	{Name: "time", Stored: true, Compare: func(a, b *Event) int { return cmp.Compare(a.ID, b.ID) }},
	{Name: "level", Stored: true, Compare: func(a, b *Event) int { return cmp.Compare(a.Level, b.Level) }},
	{Name: "kind", Stored: true, Compare: func(a, b *Event) int { return cmp.Compare(a.Kind, b.Kind) }},
	{Name: "message", Stored: true, Compare: func(a, b *Event) int { return cmp.Compare(a.Message, b.Message) }},
}

// Match reports whether the query selects the event.
func (q *EventQuery) Match(e *Event) bool {
	return e.Level >= q.Level && (q.Kind == "" || e.Kind == q.Kind) &&
		(q.From == 0 || e.Time >= q.From) && (q.To == 0 || e.Time < q.To) &&
		(q.Text == "" || contains(e.Kind, q.Text) || contains(e.Message, q.Text))
}

// contains reports whether the text holds the part, in any case of ASCII letters, as
// databases do it.
func contains(text, part string) bool { return strings.Contains(lower(text), lower(part)) }

func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Level is an event's weight.
type Level uint8

// The levels.
const (
	LevelInfo Level = iota
	LevelWarning
	LevelError
)

var levelNames = [...]string{"info", "warning", "error"}

// String is the level's name in the API and the database.
func (l Level) String() string { return levelNames[min(int(l), len(levelNames)-1)] }

// ParseLevel is the inverse of Level.String.
func ParseLevel(text string) (Level, bool) {
	for i, n := range levelNames {
		if n == text {
			return Level(i), true
		}
	}
	return 0, false
}

// Retention is how long each kind of row is kept, and how large it may all become; zero
// keeps it for ever.
type Retention struct {
	Sessions, IPs, Seconds, Minutes, Hours, Days, Events time.Duration
	// MaxBytes bounds the files together; beyond it the oldest goes first.
	MaxBytes int64
}
