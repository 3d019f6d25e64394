package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"netflow-monitor/internal/api/wire"
)

func TestPage(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		path        string
		status      int
		contentType string
		cache       string
		contains    string
	}{
		{"/", 200, "text/html; charset=utf-8", "no-cache", "<title>page"},
		{"/index.html", 200, "text/html; charset=utf-8", "no-cache", "<title>page"},
		{"/sessions", 200, "text/html; charset=utf-8", "no-cache", "<title>page"},
		{"/ips/192.168.1.2", 200, "text/html; charset=utf-8", "no-cache", "<title>page"},
		{"/favicon.ico", 404, "application/problem+json", "no-store", "not_found"},
		{"/assets/app-1a2b.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "script"},
		{"/logo.png", 200, "image/png", "no-cache", "png"},
		{"/assets/app-old.js", 404, "application/problem+json", "no-store", "not_found"},
		{"/assets/", 404, "application/problem+json", "no-store", "not_found"},
		{"/.gitkeep", 404, "application/problem+json", "no-store", "not_found"},
		{"/metrics", 404, "application/problem+json", "no-store", "not_found"},
		{"/readyz", 404, "application/problem+json", "no-store", "not_found"},
		{"/?anything=goes", 200, "text/html; charset=utf-8", "no-cache", "<title>page"},
	} {
		w := f.get(t, tt.path)
		h := w.Header()
		if w.Code != tt.status || h.Get("Content-Type") != tt.contentType || h.Get("Cache-Control") != tt.cache || !strings.Contains(w.Body.String(), tt.contains) {
			t.Errorf("%s: %d %v %.80s", tt.path, w.Code, h, w.Body)
		}
	}
	if w := f.do(t, "HEAD", "/", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestPageIsCompressedAndCached(t *testing.T) {
	f := newFixture(t)
	const script = "/assets/app-1a2b.js"
	accepts := func(encodings string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Accept-Encoding", encodings) }
	}
	plain := f.get(t, script)
	for encodings, want := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "": false,
	} {
		w := f.do(t, "GET", script, "", accepts(encodings))
		if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: %v", encodings, w.Header())
		}
		if want && !bytes.Equal(unpack(t, w.Body), plain.Body.Bytes()) {
			t.Errorf("Accept-Encoding %q: the content differs", encodings)
		}
	}
	etag := plain.Header().Get("ETag")
	again := f.do(t, "GET", script, "", func(r *http.Request) { r.Header.Set("If-None-Match", etag) })
	if etag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("etag %q: %d with %d bytes", etag, again.Code, again.Body.Len())
	}
	f.traffic(t, 40)
	var got wire.Page[wire.Session]
	w := f.do(t, "GET", "/api/sessions", "", accepts("gzip"))
	if w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatal("a large answer is not compressed")
	}
	w.Body = bytes.NewBuffer(unpack(t, w.Body))
	if got = decode[wire.Page[wire.Session]](t, w, 200); len(got.Items) != 40 {
		t.Errorf("%d sessions", len(got.Items))
	}
}

func TestPageWasNotBuilt(t *testing.T) {
	for name, option := range map[string]option{
		"no files": func(_ *Config, d *Deps) { d.Page = nil },
		"no index": func(_ *Config, d *Deps) { d.Page = fstest.MapFS{".gitkeep": {}} },
	} {
		f := newFixture(t, option)
		w := f.get(t, "/")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		decode[wire.Health](t, f.get(t, "/healthz"), 200)
	}
}

func unpack(t *testing.T, b *bytes.Buffer) []byte {
	t.Helper()
	z, err := gzip.NewReader(b)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(readAll(t, z))
}
