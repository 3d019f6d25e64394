package sqlite

import (
	"context"
	"fmt"
	"time"

	"netflow-monitor/internal/store"
)

// forecast is what takes longer to find out than may be spent each second.
type forecast struct {
	at            time.Time
	growthPerDay  float64
	oldestSession int64
}

// fewSessions are too few to tell how much one takes.
const fewSessions = 1000

// forecastAge is how old a forecast may be.
const forecastAge = time.Minute

// Info describes the database; it reads only the counts and the ends of indices.
func (s *Store) Info(ctx context.Context) (store.Info, error) {
	info := store.Info{Name: "sqlite", Path: s.path, SchemaVersion: int(s.version.Load())}
	if aside := s.aside.Load(); aside != nil {
		info.SetAside = *aside
	}
	if err := s.describe(ctx, &info); err != nil {
		return store.Info{}, fmt.Errorf("describe the database: %w", s.explain(err))
	}
	return info, nil
}

func (s *Store) describe(ctx context.Context, info *store.Info) (err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT ("+countSQL(countEnded)+") + ("+countSQL(countLiving)+"), ("+countSQL(countIPs)+")").
		Scan(&info.Sessions, &info.IPs)
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		size, err := fileSize(s.path + suffix)
		if err != nil {
			return err
		}
		info.Bytes += size
	}
	u, err := s.measure(ctx)
	if err != nil {
		return err
	}
	info.FreeBytes = u.free
	for step, oldest := range map[int64]*int64{60: &info.OldestMinute, 3600: &info.OldestHour, 86400: &info.OldestDay} {
		if *oldest, err = s.oldestStep(step)(ctx); err != nil {
			return err
		}
	}
	f, err := s.lookAhead(ctx, u, info.Sessions)
	info.GrowthPerDay, info.OldestSession = f.growthPerDay, f.oldestSession
	return err
}

// lookAhead finds out anew what is too old.
func (s *Store) lookAhead(ctx context.Context, u usage, sessions int64) (f forecast, err error) {
	s.forecasting.Lock()
	defer s.forecasting.Unlock()
	if s.outdated.Swap(false) {
		s.forecast = forecast{}
	}
	now := time.Now()
	if !s.forecast.at.IsZero() && now.Sub(s.forecast.at) < forecastAge {
		return s.forecast, nil
	}
	perDay, err := s.sessionsPerDay(ctx)
	if err != nil {
		return f, err
	}
	if f.oldestSession, err = s.oldestSession(ctx); err != nil {
		return f, err
	}
	// The number of new sessions in a day like the last, times what a session takes with
	// all that is kept beside it. With few, the empty tables would be most of that.
	if sessions >= fewSessions {
		f.growthPerDay = perDay * float64(u.used) / float64(sessions)
	}
	if f.oldestSession != 0 { // the first one is news
		f.at = now
	}
	s.forecast = f
	return f, nil
}

// forgetForecast is for when much has changed. It waits for nobody: who looks ahead may
// wait for the file, and who changes the file comes by here.
func (s *Store) forgetForecast() { s.outdated.Store(true) }

// sessionsPerDay is how many began in the last 24 hours of history, or would have if there
// is less of it; 0 while there is not an hour.
func (s *Store) sessionsPerDay(ctx context.Context) (float64, error) {
	const day = int64(24 * time.Hour)
	var oldest, newest, sessions int64
	err := s.reader.QueryRowContext(ctx, `SELECT ifnull(min(time), 0), ifnull(max(time), 0), ifnull(sum(new_sessions), 0) FROM traffic_history
		WHERE step = 60 AND point = 0 AND time > (SELECT max(time) FROM traffic_history WHERE step = 60) - ?`, day).
		Scan(&oldest, &newest, &sessions)
	span := newest - oldest
	if err != nil || span < int64(time.Hour) {
		return 0, err
	}
	return float64(sessions) * float64(day) / float64(span+int64(time.Minute)), nil
}
