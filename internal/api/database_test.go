package api

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

func TestDatabase(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 30)
	for range 1003 { // three more than wait
		f.writer.Record(store.Event{Kind: "test"})
	}
	if err := f.writer.SetRetention(store.Retention{Sessions: time.Hour, MaxBytes: 20_000_000}); err != nil {
		t.Fatal(err)
	}
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := decode[wire.DatabaseDetail](t, f.get(t, "/api/database"), 200)
	d := got.Database
	if got.Retention != (wire.Retention{Sessions: 3600, MaxBytes: 20_000_000}) || got.Job != nil || got.SchemaVersion < 1 {
		t.Errorf("%+v", got)
	}
	if d.MaxBytes != 20_000_000 || d.Bytes == 0 || d.FitsDays != nil || d.GrowthPerDay != nil || d.OldestMinute == nil || d.OldestSession != nil || d.SetAside != "" || d.LostEvents != 3 {
		t.Errorf("%+v", d)
	}
}

func TestDatabaseJobs(t *testing.T) {
	f := newFixture(t)
	old := f.now.AddDate(0, 0, -9)
	b := store.Batch{Run: "old", Sequence: 1, Samples: []stats.Sample{{Time: old.UnixNano(), NewSessions: 1}, {Time: f.now.UnixNano()}}}
	if err := f.database.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{`{}`, `{"days":0}`, `{"days":36501}`} {
		if p := decode[wire.Problem](t, f.do(t, "POST", "/api/database/cleanup", body), 400); p.Field != "days" {
			t.Errorf("%s: %+v", body, p)
		}
	}
	for _, c := range []struct {
		path, body string
		rows       int64
	}{
		{"cleanup", `{"days":7}`, 4}, // a second, a minute, an hour, a day
		{"vacuum", "", 0},
		{"check", "", 0},
	} {
		got := decode[wire.DatabaseDetail](t, f.do(t, "POST", "/api/database/"+c.path, c.body), 200)
		if j := got.Job; j == nil || j.Kind != c.path || j.State != "done" || j.Rows != c.rows || j.FinishedAt == nil || j.Error != "" || len(j.Faults) > 0 {
			t.Errorf("%s: %+v", c.path, got.Job)
		}
	}
	if d := decode[wire.DatabaseDetail](t, f.get(t, "/api/database"), 200); d.Job.Kind != "check" || d.Database.OldestMinute.Before(old.Add(time.Hour)) {
		t.Errorf("%+v", d)
	}
}

func TestBackupDownload(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 30)
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := f.do(t, "POST", "/api/database/backup", "")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename="netflow-2`) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, w.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Attach(t.Context(), sqlite.Config{Path: copied})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := db.Check(t.Context())
	ips, _, ipErr := db.IPs(t.Context(), stats.IPQuery{})
	if err := errors.Join(err, ipErr, db.Close()); err != nil || len(problems) > 0 || len(ips) != 31 {
		t.Errorf("%d IPs, %v, %v", len(ips), problems, err)
	}
	d := decode[wire.DatabaseDetail](t, f.get(t, "/api/database"), 200)
	if d.Job.Kind != "backup" || d.Job.State != "done" || d.Job.Bytes != int64(w.Body.Len()) {
		t.Errorf("%+v", d.Job)
	}
	if left, _ := filepath.Glob(d.Database.Path + ".*"); len(left) != 1 { // its lock
		t.Errorf("left behind: %v", left)
	}
}

// slowKeeper works until it is told to stop.
type slowKeeper struct {
	Keeper
	stop chan struct{}
}

func (k slowKeeper) Check(ctx context.Context) ([]string, error) {
	select {
	case <-k.stop:
		return []string{"a page is wrong"}, errors.New("the disk is broken")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A job that takes long is answered while it runs, keeps others away, and tells its end.
func TestSlowJob(t *testing.T) {
	stop := make(chan struct{})
	f := newFixture(t, func(_ *Config, d *Deps) { d.Keeper = slowKeeper{d.Keeper, stop} })
	if j := decode[wire.DatabaseDetail](t, f.do(t, "POST", "/api/database/check", ""), 200).Job; j.State != "running" || j.FinishedAt != nil {
		t.Errorf("%+v", j)
	}
	for _, path := range []string{"check", "vacuum", "backup"} {
		p := decode[wire.Problem](t, f.do(t, "POST", "/api/database/"+path, ""), http.StatusConflict)
		if p.Code != "busy" || !strings.Contains(p.Detail, "a check of the database is running") {
			t.Errorf("%s beside it: %+v", path, p)
		}
	}
	close(stop)
	f.jobs.run.Wait()
	j := decode[wire.DatabaseDetail](t, f.get(t, "/api/database"), 200).Job
	if j.State != "failed" || j.Error != "the disk is broken" || len(j.Faults) != 1 || j.FinishedAt == nil {
		t.Errorf("%+v", j)
	}
	if got := decode[wire.DatabaseDetail](t, f.do(t, "POST", "/api/database/vacuum", ""), 200); got.Job.State != "done" {
		t.Errorf("the next one: %+v", got.Job)
	}
}
