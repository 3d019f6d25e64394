package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
	"netflow-monitor/internal/store"
	"netflow-monitor/internal/store/sqlite"
)

// fillHours writes some sessions for each minute of the hours before end, and their history.
func fillHours(t *testing.T, s *sqlite.Store, end time.Time, hours, perMinute int) {
	t.Helper()
	for m := range hours * 60 {
		at := end.Add(time.Duration(m-hours*60) * time.Minute).UnixNano()
		b := store.Batch{Run: "hours", Sequence: uint64(m + 1)}
		for i := range perMinute {
			x := batchOf(1, 1).Sessions[0]
			x.ID, x.Start, x.Last = flow.NewID(at, uint32(i)), at, at+int64(i)
			b.Sessions = append(b.Sessions, x)
		}
		b.Samples = []stats.Sample{{Time: at, NewSessions: uint64(perMinute)}}
		b.IPs = []stats.IP{{Addr: b.Sessions[0].Key.SrcAddr(), Sessions: 1, First: at, Last: at}}
		b.Events = []store.Event{{ID: uint64(at), Time: at, Kind: "k"}}
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

func info(t *testing.T, s *sqlite.Store) store.Info {
	t.Helper()
	i, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// The bound holds while others write and read; what goes is the oldest, sessions first.
func TestPruneBySize(t *testing.T) {
	const perMinute, hours = 60, 8
	s := open(t, filepath.Join(t.TempDir(), "netflow.db"))
	end := time.Now().Truncate(time.Hour)
	fillHours(t, s, end, hours, perMinute)
	before := info(t, s)

	var writing sync.WaitGroup
	stop := make(chan struct{})
	var written uint64
	writing.Go(func() {
		for ; ; written++ {
			select {
			case <-stop:
				return
			default:
			}
			b := batchOf(written+1, 1)
			b.Run, b.Sessions, b.Samples = "beside", nil, nil
			if err := s.Write(t.Context(), b); err != nil {
				t.Error(err)
				return
			}
		}
	})
	// About half of the bytes are the log's.
	keep := store.Retention{Sessions: 100 * time.Hour, MaxBytes: before.Bytes / 3}
	pruned, err := s.Prune(t.Context(), keep)
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Prune(t.Context(), keep); err != nil || again.Rows != 0 {
		t.Errorf("pruned again: %+v, %v", again, err)
	}
	after := info(t, s)
	if after.Bytes > keep.MaxBytes || after.Bytes < keep.MaxBytes/2 {
		t.Errorf("%d bytes of %d are left, want at most %d and not much less", after.Bytes, before.Bytes, keep.MaxBytes)
	}
	if gone := before.Sessions - after.Sessions; pruned.Shortened != gone || pruned.Rows != gone || pruned.Over != 0 {
		t.Errorf("%+v, %d sessions are gone", pruned, gone)
	}
	if pruned.Oldest != after.OldestSession || after.OldestSession <= before.OldestSession || after.OldestMinute != before.OldestMinute {
		t.Errorf("%+v, before %+v, after %+v", pruned, before, after)
	}
	_, total, err := s.Sessions(t.Context(), stats.SessionQuery{From: pruned.Oldest, Limit: 1})
	if err != nil || int64(total.Rows) != after.Sessions {
		t.Errorf("%d sessions since the oldest, %v; %d in all", total.Rows, err, after.Sessions)
	}
	if ip, _, err := s.IPs(t.Context(), stats.IPQuery{OrderBy: "session_count", Descending: true, Limit: 1}); err != nil || ip[0].Sessions < written {
		t.Errorf("%d batches were written beside it: %+v, %v", written, ip, err)
	}
}

// What a long reader keeps in the log is no reason to delete more.
func TestPruneBySizeBesideReader(t *testing.T) {
	const perMinute, hours = 60, 4
	path := filepath.Join(t.TempDir(), "netflow.db")
	s := open(t, path)
	fillHours(t, s, time.Now().Truncate(time.Hour), hours, perMinute)
	if _, err := s.Vacuum(t.Context()); err != nil { // the log is empty then
		t.Fatal(err)
	}
	before := info(t, s)

	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(reader.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	var n int
	if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM sessions").Scan(&n); err != nil {
		t.Fatal(err)
	}
	pruned, err := s.Prune(t.Context(), store.Retention{MaxBytes: before.Bytes / 50 * 49})
	if err != nil {
		t.Fatal(err)
	}
	after := info(t, s)
	if after.Sessions == before.Sessions || after.Sessions < before.Sessions/5*4 || after.OldestMinute != before.OldestMinute || pruned.Over != 0 {
		t.Errorf("%+v, before %+v, after %+v", pruned, before, after)
	}
}

// Where there is no room at all, the newest hour stays, and it is said how much too much it is.
func TestPruneKeepsNewestHour(t *testing.T) {
	const perMinute, hours = 20, 6
	s := open(t, filepath.Join(t.TempDir(), "netflow.db"))
	end := time.Now().Truncate(time.Hour)
	fillHours(t, s, end, hours, perMinute)
	pruned, err := s.Prune(t.Context(), store.Retention{MaxBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	after := info(t, s)
	floor := end.Add(-time.Hour).UnixNano()
	if after.Sessions != perMinute*60 || after.OldestSession != floor || after.OldestMinute != floor || after.OldestHour != floor || after.IPs != 1 {
		t.Errorf("not the newest hour and nothing else is left: %+v", after)
	}
	if events, total, err := s.Events(t.Context(), store.EventQuery{OldestFirst: true, Limit: 1}); err != nil || total != 60 || events[0].Time != floor {
		t.Errorf("events: %d, %+v, %v", total, events, err)
	}
	if pruned.Over <= 0 || pruned.Shortened == 0 {
		t.Errorf("%+v", pruned)
	}
	if i := info(t, s); i.FreeBytes > 1<<21 {
		t.Errorf("free pages were not given back: %+v", i)
	}
}

func TestForecast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netflow.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if days, ok := info(t, s).FitsDays(store.DefaultRetention()); ok {
		t.Errorf("an empty database has a forecast: %g", days)
	}
	const perMinute, hours = 30, 4
	fillHours(t, s, time.Now().Truncate(time.Hour), hours, perMinute)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path) // what was found out before is a minute old at most
	i := info(t, s)
	perSession := float64(i.Bytes-i.FreeBytes) / float64(i.Sessions)
	want := perSession * perMinute * 60 * 24
	if i.GrowthPerDay < want*0.9 || i.GrowthPerDay > want*1.1 {
		t.Errorf("growth is %g bytes a day, want about %g", i.GrowthPerDay, want)
	}
	days, ok := i.FitsDays(store.Retention{MaxBytes: int64(10 * want)})
	if !ok || days < 9 || days > 11 {
		t.Errorf("%g days fit, want about 10", days)
	}
	if _, ok := i.FitsDays(store.Retention{}); ok {
		t.Error("without a bound there is a forecast")
	}
	if i.OldestSession != i.OldestMinute || i.OldestHour != i.OldestMinute || i.OldestMinute == 0 {
		t.Errorf("%+v", i)
	}
}
