package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"netflow-monitor/internal/store"
)

var eventColumns = []string{"id", "time", "level", "kind", "message", "params"}

func (s *Store) writeEvents(ctx context.Context, tx *sql.Tx, events []store.Event) error {
	params := make([]string, len(events))
	for i := range events {
		text, err := json.Marshal(events[i].Params)
		if err != nil {
			return err
		}
		params[i] = string(text)
	}
	return s.statements.events.exec(ctx, tx, len(events), func(args []any, i int) []any {
		e := &events[i]
		return append(args, int64(e.ID), e.Time, e.Level.String(), e.Kind, e.Message, params[i])
	})
}

// eventNames are what the columns of the schema are ordered by.
var eventNames = map[string]string{
	"time": "id", "level": "CASE level WHEN 'info' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END",
}

// likePattern matches what contains the text as it stands.
func likePattern(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// Events returns events and how many match.
func (s *Store) Events(ctx context.Context, q store.EventQuery) ([]store.Event, int, error) {
	c := &conditions{}
	switch q.Level {
	case store.LevelInfo:
	case store.LevelWarning:
		c.add("level IN (?, ?)", store.LevelWarning.String(), store.LevelError.String())
	default:
		c.add("level = ?", store.LevelError.String())
	}
	if q.Kind != "" {
		c.add("kind = ?", q.Kind)
	}
	if q.Text != "" {
		part := likePattern(q.Text)
		c.add(`(kind LIKE ? ESCAPE '\' OR message LIKE ? ESCAPE '\')`, part, part)
	}
	if q.From != 0 {
		c.add("time >= ?", q.From)
	}
	if q.To != 0 {
		c.add("time < ?", q.To)
	}
	by, err := order(store.EventColumns, q.OrderBy, "id", eventNames, !q.OldestFirst)
	if err != nil {
		return nil, 0, err
	}
	events, total, err := readList(ctx, s, list{
		args:  c.args,
		count: "SELECT count(*) FROM event_logs" + c.where(),
		rows: func(int) string {
			return "SELECT " + strings.Join(eventColumns, ",") + " FROM event_logs" + c.where() + by + page(q.Limit, q.Offset)
		},
	}, scanEvent)
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w", s.explain(err))
	}
	return events, total, nil
}

func scanEvent(row scanner) (e store.Event, err error) {
	var level, params string
	if err := row.Scan(&e.ID, &e.Time, &level, &e.Kind, &e.Message, &params); err != nil {
		return e, err
	}
	var ok bool
	if e.Level, ok = store.ParseLevel(level); !ok {
		return e, fmt.Errorf("event %d: level %q is not known", e.ID, level)
	}
	if err := json.Unmarshal([]byte(params), &e.Params); err != nil {
		return e, fmt.Errorf("event %d: params: %w", e.ID, err)
	}
	return e, nil
}
