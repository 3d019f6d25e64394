package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netflow-monitor/internal/config"
)

func TestDatabaseChecksLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Database.Path = filepath.Join(dir, "data", "deep", "netflow.db")
	d := &deps{cfg: cfg}
	if v, detail := d.checkDatabase(t.Context()); v != passed || !strings.Contains(detail, "will be made") {
		t.Errorf("database: %s %s", v, detail)
	}
	if v, detail := d.checkDisk(t.Context()); v == failed || !strings.Contains(detail, "GB free") {
		t.Errorf("disk: %s %s", v, detail)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestDatabaseCheckSeesAFileInTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "netflow.db"), filepath.Join(file, "deep", "netflow.db")} {
		cfg := config.Default()
		cfg.Database.Path = path
		if v, detail := (&deps{cfg: cfg}).checkDatabase(t.Context()); v != failed || !strings.Contains(detail, "database.path") {
			t.Errorf("%s: %s %s", path, v, detail)
		}
	}
}
