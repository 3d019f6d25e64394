package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// mux sends each path to its routes; what has no route is a problem, like any other error.
func (s *Server) mux(routes []route) http.Handler {
	byPattern := make(map[string][]route)
	for _, r := range routes {
		byPattern[r.pattern] = append(byPattern[r.pattern], r)
	}
	mux := http.NewServeMux()
	for pattern, group := range byPattern {
		mux.Handle(pattern, s.resource(group))
	}
	missing := func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, notFound("nothing is at "+r.URL.Path+"; see /api/openapi.json"))
	}
	// What asks these wants no page: a 200 would tell a probe that all is well.
	for _, path := range []string{"/api/", "/debug/", "/healthz/", "/metrics", "/readyz"} {
		mux.HandleFunc(path, missing)
	}
	return mux
}

// resource answers the methods of one path.
func (s *Server) resource(group []route) http.HandlerFunc {
	methods := make([]string, 0, len(group)+1)
	for _, r := range group {
		methods = append(methods, r.method)
		if r.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		i := slices.IndexFunc(group, func(x route) bool { return x.method == method })
		if i < 0 {
			allowed := strings.Join(methods, ", ")
			w.Header().Set("Allow", allowed)
			writeProblem(w, &problem{
				status: http.StatusMethodNotAllowed, code: "method_not_allowed",
				detail: r.Method + " is not allowed; use " + allowed,
			})
			return
		}
		if err := s.serve(&group[i], w, r); err != nil {
			p := asProblem(err)
			if p.status >= http.StatusInternalServerError && r.Context().Err() == nil {
				s.log.Warn("request failed", "path", r.URL.Path, "error", err)
			}
			writeProblem(w, p)
		}
	}
}

func (s *Server) serve(x *route, w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	if x.access != accessOpen {
		who, err := s.identify(r)
		if err != nil {
			return err
		}
		r = withPrincipal(r, who)
	}
	q := &query{}
	if x.pattern != pagePattern {
		if q = parseQuery(r.URL.RawQuery, x.params, s.now()); q.err != nil {
			return q.err
		}
	}
	if x.body == nil && x.method != http.MethodGet {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return readError(err)
		}
	}
	answer, err := x.handle(w, r, q)
	if err != nil || answer == nil {
		return err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode the answer of %s: %w", x.pattern, err)
	}
	s.writeJSON(w, r, body)
	return nil
}

func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Encoding")
	if len(body) >= packFrom && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		s.packer.pack(w, body)
		return
	}
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// readJSON decodes a body strictly.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return readError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badBody("the body must be one JSON object and nothing else")
	}
	return nil
}

func readError(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	return badBody("the body is not the JSON that was expected: " + err.Error())
}

// wrap is what happens to every request before its route is looked up.
func (s *Server) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if fault := recover(); fault != nil {
				s.recovered(rec, r, fault)
			}
			s.log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", rec.status,
				"remote", r.RemoteAddr, "took", time.Since(start))
		}()
		secureHeaders(rec.Header())
		if err := s.checkOrigin(r); err != nil {
			writeProblem(rec, asProblem(err))
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// recovered keeps a fault in one request from ending the program.
func (s *Server) recovered(w *recorder, r *http.Request, fault any) {
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault)
	}
	s.log.Error("request handler panicked", "path", r.URL.Path, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler) // the answer has begun: cutting it off is the only way to say so
	}
	writeProblem(w, &problem{
		status: http.StatusInternalServerError, code: "internal",
		detail: "the request failed for a fault in the program; its log says more",
	})
}

func secureHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "+
		"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "+
		"form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController and the WebSocket reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
