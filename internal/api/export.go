package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"netflow-monitor/internal/api/rows"
	"netflow-monitor/internal/store"
)

const (
	// exportPage is how many rows are asked for at a time: what an export holds in memory.
	exportPage = 20_000
	// maxExports is how many are written at a time: packets keep their share of the cores.
	maxExports = 2
	// exportTimeout is how long a client may take for a piece of it.
	exportTimeout = 30 * time.Second
)

// export is one that is ready: its first rows are there, so that what is wrong has been
// said before the answer begins.
type export struct {
	total store.Total
	// write writes all rows; pushed is called after each page of them.
	write func(ctx context.Context, out io.Writer, f rows.Format, pushed func() error) error
}

// exported is a list that can be exported.
type exported struct {
	name   string
	params func() []param
	begin  func(*Server, context.Context, *query) (*export, error)
}

var exportedLists = [...]exported{
	{"sessions", sessionExportParams, (*Server).exportSessions},
	{"ip-stats", ipExportParams, (*Server).exportIPs},
	{"events", eventExportParams, (*Server).exportEvents},
	{"traffic-history", historySpanParams, (*Server).exportHistory},
	{"rankings", rankingExportParams, (*Server).exportRanking},
}

func formatParam() param {
	return param{name: "format", kind: kindChoice, doc: "csv, or jsonl: a JSON object a line", fallback: rows.Formats()[0], values: rows.Formats()}
}

func (s *Server) exportRoutes() []route {
	routes := make([]route, len(exportedLists))
	for i, x := range exportedLists {
		routes[i] = route{
			method: http.MethodGet, pattern: exportPath + x.name, access: accessRead,
			handle: func(w http.ResponseWriter, r *http.Request, q *query) (any, error) {
				return nil, s.sendExport(w, r, q, &x)
			},
			summary: "Export of " + x.name + ": all rows, as they come",
			params:  append([]param{formatParam()}, x.params()...),
		}
	}
	return routes
}

const exportPath = "/api/export/"

func (s *Server) sendExport(w http.ResponseWriter, r *http.Request, q *query, x *exported) error {
	f, _ := rows.ParseFormat(q.choice("format"))
	select {
	case s.exports <- struct{}{}:
		defer func() { <-s.exports }()
	default:
		return &problem{
			status: http.StatusServiceUnavailable, code: "too_many_exports", retryAfter: 10 * time.Second,
			detail: fmt.Sprintf("%d exports are being written already; try again when one is done", maxExports),
		}
	}
	e, err := x.begin(s, r.Context(), q)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.ContentType())
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="netflow-%s-%s.%s"`,
		x.name, time.Unix(0, q.now).UTC().Format("20060102-150405"), f.Extension()))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Total-Count", strconv.Itoa(e.total.Rows))
	h.Set("X-Total-Estimated", strconv.FormatBool(e.total.Estimated))
	h.Add("Vary", "Accept-Encoding")
	if r.Method == http.MethodHead {
		return nil
	}
	out := &patient{w: w, control: http.NewResponseController(w)}
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		err = s.packer.stream(out, func(z io.Writer, flush func() error) error { return e.send(r.Context(), z, f, flush, out) })
	} else {
		err = e.send(r.Context(), out, f, func() error { return nil }, out)
	}
	if err != nil {
		s.log.Info("export ended early", "list", x.name, "error", err)
		panic(http.ErrAbortHandler) // the answer has begun: cutting it off is the only way to say so
	}
	return nil
}

// send writes the rows; after each page the client gets what there is.
func (e *export) send(ctx context.Context, out io.Writer, f rows.Format, flush func() error, client *patient) error {
	return e.write(ctx, out, f, func() error {
		if err := flush(); err != nil {
			return err
		}
		return client.push(ctx)
	})
}

// patient is a client that may take its time, but for each piece only so much: the
// server's own bound is for answers that are made at once.
type patient struct {
	w       io.Writer
	control *http.ResponseController
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(exportTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.w.Write(b)
}

func (p *patient) push(ctx context.Context) error {
	if err := p.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return ctx.Err()
}

// Export writes a list as GET /api/export/{list} does, for callers in the program. The
// query is that of the route; total is told before the first row.
func (s *Server) Export(ctx context.Context, list, rawQuery string, out io.Writer, total func(store.Total)) error {
	for i := range exportedLists {
		x := &exportedLists[i]
		if x.name != list {
			continue
		}
		q := parseQuery(rawQuery, append([]param{formatParam()}, x.params()...), s.now())
		f, ok := rows.ParseFormat(q.choice("format"))
		if !ok {
			return q.err
		}
		e, err := x.begin(s, ctx, q)
		if err != nil {
			return err
		}
		total(e.total)
		return e.write(ctx, out, f, ctx.Err)
	}
	return notFound("there is no list " + list)
}

// IsMistake reports whether an error is one of who asked: it says what is allowed.
func IsMistake(err error) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.status < http.StatusInternalServerError
}
