// Command gen writes the configuration reference and the example file from the
// table of settings. It runs in the repository's root: make gen.
package main

import (
	"log"
	"os"
	"path/filepath"

	"netflow-monitor/internal/config"
)

func main() {
	for path, data := range map[string][]byte{
		"docs/reference/configuration.md": config.Reference(),
		"config/config.example.yaml":      config.Example(),
	} {
		if err := write(path, data); err != nil {
			log.Fatalf("configuration reference: %v", err)
		}
	}
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
