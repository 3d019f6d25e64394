// Package web holds the built page.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS returns the built page, with index.html at its root. It holds no index.html
// if the page was not built before the program (make web).
func FS() fs.FS {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // unreachable: the path is a constant that the compiler embedded
	}
	return root
}
