package api

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/store"
)

// Keeper looks after the database; sqlite.Store does.
type Keeper interface {
	// Backup copies the database to a new file and checks it.
	Backup(ctx context.Context, target string, progress func(stage string, done, total int64)) error
	// Check lists what is wrong.
	Check(context.Context) ([]string, error)
	// Vacuum gives free space back and returns how many bytes.
	Vacuum(context.Context) (int64, error)
	// Cleanup deletes what is older than an age.
	Cleanup(ctx context.Context, age time.Duration) (store.Pruned, error)
}

// partialMark is in the name of a backup that is made, beside the database, to be
// downloaded: the store removes what a killed program left of that name.
const partialMark = ".partial-"

// maxCleanupDays is a hundred years.
const maxCleanupDays = 36500

func (s *Server) databaseRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/api/database", accessRead, s.getDatabase, "The database: size, forecast, retention, and the latest job on it", nil, nil, wire.DatabaseDetail{}},
		{post, "/api/database/cleanup", accessChange, s.cleanUp, "Delete what is older than a number of days", nil, wire.Cleanup{}, wire.DatabaseDetail{}},
		{post, "/api/database/vacuum", accessChange, s.vacuum, "Give free space in the database back", nil, nil, wire.DatabaseDetail{}},
		{post, "/api/database/check", accessChange, s.checkDatabase, "Look for faults in the database", nil, nil, wire.DatabaseDetail{}},
		{post, "/api/database/backup", accessChange, s.downloadBackup, "A checked copy of the database, as a file", nil, nil, nil},
	}
}

func (s *Server) getDatabase(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	return s.databaseDetail(r.Context())
}

func (s *Server) databaseDetail(ctx context.Context) (wire.DatabaseDetail, error) {
	info, err := s.deps.Catalog.Info(ctx)
	if err != nil {
		return wire.DatabaseDetail{}, err
	}
	keep := s.deps.Writer.Retention()
	return wire.DatabaseDetail{
		Database: s.database(ctx), SchemaVersion: info.SchemaVersion, Job: s.jobs.snapshot(),
		Retention: wire.Retention{
			Sessions: keep.Sessions.Seconds(), IPs: keep.IPs.Seconds(), Events: keep.Events.Seconds(), MaxBytes: keep.MaxBytes,
			Seconds: keep.Seconds.Seconds(), Minutes: keep.Minutes.Seconds(), Hours: keep.Hours.Seconds(), Days: keep.Days.Seconds(),
		},
	}, nil
}

// job is what is done in the background: it returns what came of it.
type job func(ctx context.Context) (wire.DatabaseJob, error)

// work begins a job and answers when it is over, or after a while with the job running.
func (s *Server) work(r *http.Request, kind string, do job) (any, error) {
	done, err := s.jobs.begin(kind, func(ctx context.Context, update func(func(*wire.DatabaseJob))) error {
		result, err := do(ctx)
		update(func(j *wire.DatabaseJob) {
			j.Rows, j.Bytes, j.Faults = result.Rows, result.Bytes, append(j.Faults, result.Faults...)
		})
		if err != nil {
			s.log.Warn("database job failed", "kind", kind, "error", err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.Info("database job", "kind", kind, "by", principalOf(r).Name, "remote", remoteAddr(r))
	select {
	case <-done:
	case <-time.After(jobPatience):
	case <-r.Context().Done():
	}
	return s.databaseDetail(r.Context())
}

func (s *Server) cleanUp(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	var body wire.Cleanup
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	if body.Days < 1 || body.Days > maxCleanupDays {
		return nil, badParameter("days", "must be from 1 to %d", maxCleanupDays)
	}
	return s.work(r, "cleanup", func(ctx context.Context) (j wire.DatabaseJob, err error) {
		before, err := s.deps.Catalog.Info(ctx)
		if err != nil {
			return j, err
		}
		pruned, err := s.deps.Keeper.Cleanup(ctx, time.Duration(body.Days)*24*time.Hour)
		j.Rows = pruned.Rows
		if err != nil {
			return j, err
		}
		if _, err := s.deps.Keeper.Vacuum(ctx); err != nil {
			return j, err
		}
		after, err := s.deps.Catalog.Info(ctx)
		j.Bytes = max(0, before.Bytes-after.Bytes)
		return j, err
	})
}

func (s *Server) vacuum(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	return s.work(r, "vacuum", func(ctx context.Context) (j wire.DatabaseJob, err error) {
		j.Bytes, err = s.deps.Keeper.Vacuum(ctx)
		return j, err
	})
}

func (s *Server) checkDatabase(_ http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	return s.work(r, "check", func(ctx context.Context) (j wire.DatabaseJob, err error) {
		j.Faults, err = s.deps.Keeper.Check(ctx)
		return j, err
	})
}

// downloadBackup makes a backup beside the database, sends it, and removes it. Its
// progress can be seen at /api/database.
func (s *Server) downloadBackup(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	info, err := s.deps.Catalog.Info(r.Context())
	if err != nil {
		return nil, err
	}
	path := info.Path + partialMark + strings.ToLower(rand.Text()[:8])
	made := make(chan error, 1)
	done, err := s.jobs.begin("backup", func(ctx context.Context, update func(func(*wire.DatabaseJob))) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(r.Context(), cancel)() // nobody waits for it any more
		err := s.deps.Keeper.Backup(ctx, path, func(_ string, done, total int64) {
			update(func(j *wire.DatabaseJob) { j.Bytes, j.Progress = total, float64(done)/float64(max(total, 1)) })
		})
		made <- err
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.Info("database job", "kind", "backup", "by", principalOf(r).Name, "remote", remoteAddr(r))
	response := http.NewResponseController(w)
	// What the copying takes is no slowness of the client's; a test's recorder has no deadline.
	if err := response.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	<-done
	if err := <-made; err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = file.Close(), os.Remove(path) }() // all of it was sent, or nobody wants it
	return nil, sendFile(w, response, file, "netflow-"+time.Now().UTC().Format("20060102-150405")+".db")
}

// sendFile sends a file to be kept under a name. The client may take as long as it likes,
// as long as it takes something.
func sendFile(w http.ResponseWriter, response *http.ResponseController, file *os.File, name string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.sqlite3")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	h.Set("Cache-Control", "no-store")
	const piece = 1 << 20
	for {
		if err := response.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return nil // the answer has begun
		}
		if _, err := io.CopyN(w, file, piece); err != nil {
			return nil //nolint:nilerr // it is the end, or the client has gone
		}
	}
}
