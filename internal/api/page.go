package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

const (
	pagePattern = "/{path...}"
	indexFile   = "index.html"
	// packFrom is the size in bytes from which compressing is worth it.
	packFrom = 1400
)

const pageHint = "The page is not part of this program: it was built without it.\n" +
	"Run \"make web\" and build again, or \"make run\", which does both. The API works: see /api/openapi.json.\n"

// page serves the built single-page application. Its files don't change while the
// program runs, so each is hashed and compressed once, when it is first asked for.
type page struct {
	files  fs.FS
	packer *packer
	// assets are the files that exist; the map itself never changes.
	assets map[string]*asset
}

type asset struct {
	once   sync.Once
	err    error
	etag   string
	packed []byte // gzip; nil if it would not pay
	plain  []byte // kept only if packed is nil
}

func newPage(files fs.FS, packer *packer) (*page, error) {
	p := &page{files: files, packer: packer, assets: make(map[string]*asset)}
	if files == nil {
		return p, nil
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") {
			p.assets[name] = &asset{}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the files of the page: %w", err)
	}
	return p, nil
}

// find returns the file for a path. A path without a file is a view of the page,
// unless it looks like a file; /ips/192.0.2.1 does not.
func (p *page) find(name string) (string, *asset) {
	if name == "" {
		name = indexFile
	}
	if a, ok := p.assets[name]; ok {
		return name, a
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "assets/") || typeOf(path.Ext(name)) != "" {
		return name, nil
	}
	return indexFile, p.assets[indexFile]
}

func (p *page) load(name string, a *asset) error {
	a.once.Do(func() {
		var plain []byte
		if plain, a.err = fs.ReadFile(p.files, name); a.err != nil {
			return
		}
		sum := sha256.Sum256(plain)
		a.etag = `"` + hex.EncodeToString(sum[:12]) + `"`
		if isText(name) && len(plain) >= packFrom {
			a.packed = p.packer.best(plain)
			return
		}
		a.plain = plain
	})
	return a.err
}

func isText(name string) bool {
	switch path.Ext(name) {
	case ".html", ".js", ".css", ".json", ".svg", ".txt", ".map", ".webmanifest":
		return true
	}
	return false
}

func (s *Server) getPage(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	if s.page.assets[indexFile] == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, pageHint)
		return nil, nil
	}
	name, a := s.page.find(r.PathValue("path"))
	if a == nil {
		return nil, notFound("the page has no file " + name)
	}
	if err := s.page.load(name, a); err != nil {
		return nil, fmt.Errorf("read %s of the page: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("ETag", a.etag)
	if strings.HasPrefix(name, "assets/") { // their names hold a hash of what is in them
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if a.packed != nil {
		h.Add("Vary", "Accept-Encoding")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil, nil
	}
	return nil, s.page.send(w, r, name, a)
}

func (p *page) send(w http.ResponseWriter, r *http.Request, name string, a *asset) error {
	body := a.plain
	switch {
	case a.packed != nil && acceptsGzip(r):
		w.Header().Set("Content-Encoding", "gzip")
		body = a.packed
	case a.packed != nil:
		var err error
		if body, err = fs.ReadFile(p.files, name); err != nil {
			return fmt.Errorf("read %s of the page: %w", name, err)
		}
	}
	_, _ = w.Write(body) //nolint:gosec // G705: a file of the page, which the request only chooses
	return nil
}

func contentType(name string) string {
	if t := typeOf(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// typeOf knows what a built page consists of. It does not ask the system's tables,
// which differ and may be missing.
func typeOf(extension string) string {
	switch extension {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	}
	return ""
}
