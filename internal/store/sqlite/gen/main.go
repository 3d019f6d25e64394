// Command gen writes the database reference from the migrated schema itself and from the
// comments in its migrations. It runs in the repository's root: make gen.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
)

const (
	migrations = "internal/store/sqlite/migrations"
	path       = "docs/reference/database.md"
)

func main() {
	text, err := reference(context.Background(), migrations)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		log.Fatalf("database reference: %v", err)
	}
}
