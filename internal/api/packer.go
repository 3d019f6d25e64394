package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.Trim(strings.TrimSpace(weight), "q=0.") != "" || weight == ""
		}
	}
	return false
}

// packer compresses answers; its writers are large and used again.
type packer struct{ writers sync.Pool }

func newPacker() *packer {
	return &packer{writers: sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			return gzip.NewWriter(io.Discard)
		}
		return w
	}}}
}

func (p *packer) pack(w io.Writer, body []byte) {
	z, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		return
	}
	defer p.writers.Put(z)
	z.Reset(w)
	_, _ = z.Write(body) // fails only if the client has gone
	_ = z.Close()
}

// stream compresses what is written by do, which may flush it on the way. If do fails, the
// end is missing on purpose.
func (p *packer) stream(w io.Writer, do func(z io.Writer, flush func() error) error) error {
	z, ok := p.writers.Get().(*gzip.Writer)
	if !ok {
		return errors.ErrUnsupported
	}
	defer p.writers.Put(z)
	z.Reset(w)
	if err := do(z, z.Flush); err != nil {
		return err
	}
	return z.Close()
}

// best compresses as well as it can, for what is sent often. It returns nil if
// that does not pay.
func (p *packer) best(body []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(body); err != nil {
		return nil
	}
	if err := z.Close(); err != nil || out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}
