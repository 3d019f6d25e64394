// Command gen writes the session reference from the table of fields. It runs in the
// repository's root: make gen.
package main

import (
	"log"
	"os"
	"path/filepath"

	"netflow-monitor/internal/offline"
)

const path = "docs/reference/session.md"

func main() {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, offline.Reference(), 0o644)
	}
	if err != nil {
		log.Fatalf("session reference: %v", err)
	}
}
