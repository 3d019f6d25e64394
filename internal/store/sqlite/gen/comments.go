package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// comments are what the migrations say of tables and views, by name, and of columns, by
// table and name with a dot between.
type comments map[string]string

var (
	create    = regexp.MustCompile(`^CREATE (?:TABLE|VIEW) (\w+)`)
	alter     = regexp.MustCompile(`^ALTER TABLE (\w+) ADD COLUMN (\w+)`)
	column    = regexp.MustCompile(`^\s+([a-z]\w*)\s+(?:INTEGER|TEXT|BLOB|REAL)\b`)
	aside     = regexp.MustCompile(`--\s*(.*)$`)
	wholeLine = regexp.MustCompile(`^--\s?(.*)$`)
)

// readComments goes through the migrations in their order, so that the latest word on a
// table counts.
func readComments(folder string) (comments, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return nil, err
	}
	c := comments{}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return nil, err
		}
		c.read(string(text))
	}
	return c, nil
}

func (c comments) read(script string) {
	var above []string // comment lines right above
	table := ""
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if m := wholeLine.FindStringSubmatch(line); m != nil {
			above = append(above, m[1])
			continue
		}
		text := ""
		if m := aside.FindStringSubmatch(line); m != nil {
			text = m[1]
		}
		switch m := create.FindStringSubmatch(line); {
		case m != nil:
			table = m[1]
			c.set(table, strings.Join(above, " "))
		case alter.MatchString(line):
			m := alter.FindStringSubmatch(line)
			c.set(m[1]+"."+m[2], text)
		case strings.HasPrefix(line, ")"):
			table = ""
		case table != "":
			if m := column.FindStringSubmatch(line); m != nil {
				c.set(table+"."+m[1], text)
			}
		}
		above = nil
	}
}

func (c comments) set(name, text string) {
	if text != "" {
		c[name] = text
	}
}
