package wire

import "time"

// DatabaseDetail is the answer of /api/database and of the jobs below it.
type DatabaseDetail struct {
	Database      Database  `json:"database"`
	SchemaVersion int       `json:"schema_version"`
	Retention     Retention `json:"retention"`
	// Job is the latest one since the program started, null if there was none.
	Job *DatabaseJob `json:"job"`
}

// Retention is for how many seconds each kind of row is kept; 0 is for ever.
type Retention struct {
	Sessions float64 `json:"sessions"`
	IPs      float64 `json:"ips"`
	Seconds  float64 `json:"seconds"` // traffic by the second
	Minutes  float64 `json:"minutes"`
	Hours    float64 `json:"hours"`
	Days     float64 `json:"days"`
	Events   float64 `json:"events"`
	MaxBytes int64   `json:"max_bytes"` // 0 is no bound
}

// DatabaseJob is work on the database that goes on in the background; one at a time.
type DatabaseJob struct {
	Kind  string `json:"kind"`  // "cleanup", "vacuum", "check" or "backup"
	State string `json:"state"` // "running", "done" or "failed"
	// Progress is how much of a backup is copied, 0 to 1; of other jobs 0 until they are done.
	Progress   float64    `json:"progress"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"` // null while it runs
	Error      string     `json:"error"`       // why it failed; empty if it did not
	Rows       int64      `json:"rows"`        // that a cleanup deleted
	Bytes      int64      `json:"bytes"`       // that were given back, or of the backup
	Faults     []string   `json:"faults"`      // that a check found
}

// Cleanup is the body of POST /api/database/cleanup.
type Cleanup struct {
	Days int `json:"days"` // what is older goes; 1 to 36500
}
