// Command tsgen writes the TypeScript types of the page from the Go types of
// internal/api/wire. Run it from the repository's root:
//
//	go run ./internal/api/wire/tsgen > web/src/api/types.ts
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dir := flag.String("dir", "internal/api/wire", "folder of the wire package")
	flag.Parse()
	text, err := generate(*dir)
	if err == nil {
		_, err = os.Stdout.WriteString(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}
