package sqlite_test

import (
	"path/filepath"
	"testing"

	"netflow-monitor/internal/store/sqlite"
)

func TestOpen(t *testing.T) {
	cfg := sqlite.Default()
	cfg.Path = filepath.Join(t.TempDir(), "a b?%#", "netflow.db")
	s, err := sqlite.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(s.Point(t.Context(), "eth0"))
	t.Log(s.Point(t.Context(), "eth1"))
	t.Log(s.Point(t.Context(), "eth0"))
	t.Log(s.Points(t.Context()))
	t.Log(s.Info(t.Context()))
	t.Log(sqlite.Open(t.Context(), cfg))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
