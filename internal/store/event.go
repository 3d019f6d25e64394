package store

import "time"

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
