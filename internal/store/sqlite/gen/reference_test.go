package main

import (
	"bytes"
	"database/sql"
	"os"
	"strings"
	"testing"
)

// The reference in the repository is what the schema is now.
func TestReferenceIsFresh(t *testing.T) {
	want, err := reference(t.Context(), "../migrations")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale; run make gen", path)
	}
}

func TestExamples(t *testing.T) {
	err := withDatabase(t.Context(), func(db *sql.DB) error {
		for _, e := range examples {
			if _, err := db.ExecContext(t.Context(), e.query); err != nil {
				t.Errorf("%s: %v", e.question, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestComments(t *testing.T) {
	c := comments{}
	c.read(strings.Join([]string{
		"-- The first,", "-- in two lines.", "CREATE TABLE a (", "    x INTEGER, -- an x", "    -- not of y", "    y TEXT,", "    PRIMARY KEY (x)", ");",
		"-- Of nothing.", "", "CREATE VIEW v AS", "SELECT x FROM a;",
		"ALTER TABLE a ADD COLUMN z REAL; -- a z", "-- The second.", "CREATE TABLE a (", "    x INTEGER, -- another x", ");",
	}, "\n"))
	want := comments{"a": "The second.", "a.x": "another x", "a.z": "a z"}
	if len(c) != len(want) {
		t.Errorf("%v, want %v", c, want)
	}
	for name, text := range want {
		if c[name] != text {
			t.Errorf("%s: %q, want %q", name, c[name], text)
		}
	}
}
