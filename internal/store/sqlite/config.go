package sqlite

import "fmt"

// Config says where the database is.
type Config struct {
	// Path is the database file; its folder is made if it is missing.
	Path string
}

// Default is data/netflow.db.
func Default() Config { return Config{Path: "data/netflow.db"} }

// Validate refuses an empty path.
func (c Config) Validate() error {
	if c.Path == "" {
		return fmt.Errorf("path: is empty; use a file name such as %s", Default().Path)
	}
	return nil
}
