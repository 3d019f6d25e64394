package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"netflow-monitor/internal/api/wire"
	"netflow-monitor/internal/auth"
	"netflow-monitor/internal/store"
)

// problem is an error answer (RFC 9457). Its codes are stable.
type problem struct {
	status int
	code   string
	detail string
	field  string
	// retryAfter becomes the header of that name.
	retryAfter time.Duration
}

func (p *problem) Error() string { return p.detail }

func (p *problem) wire() *wire.Problem {
	return &wire.Problem{
		Type: "about:blank", Title: http.StatusText(p.status), Status: p.status,
		Detail: p.detail, Code: p.code, Field: p.field,
	}
}

// badParameter says which parameter is wrong and what is allowed.
func badParameter(field, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, code: "bad_parameter", field: field, detail: field + ": " + fmt.Sprintf(format, args...)}
}

func badBody(detail string) *problem {
	return &problem{status: http.StatusBadRequest, code: "bad_body", detail: detail}
}

func notFound(detail string) *problem {
	return &problem{status: http.StatusNotFound, code: "not_found", detail: detail}
}

func forbidden(code, detail string) *problem {
	return &problem{status: http.StatusForbidden, code: code, detail: detail}
}

func unavailable(code, detail string) *problem {
	return &problem{status: http.StatusServiceUnavailable, code: code, detail: detail}
}

// asProblem turns any error into one that a client may see. Unknown ones come from
// the store: the failure is the server's, and the client may try again.
func asProblem(err error) *problem {
	var p *problem
	var limit *auth.LimitError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &limit):
		return &problem{
			status: http.StatusTooManyRequests, code: "too_many_attempts",
			detail: limit.Error(), retryAfter: limit.RetryAfter,
		}
	case errors.Is(err, auth.ErrWrongPassword):
		return &problem{status: http.StatusUnauthorized, code: "wrong_password", detail: "the password is wrong"}
	case errors.As(err, &tooLarge):
		return &problem{
			status: http.StatusRequestEntityTooLarge, code: "too_large",
			detail: fmt.Sprintf("the body may have %d bytes", tooLarge.Limit),
		}
	case errors.Is(err, store.ErrNotFound):
		return notFound(err.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("timeout", "the request was given up before it was answered")
	default:
		return unavailable("store_failed", err.Error())
	}
}

// writeProblem answers with an error.
func writeProblem(w http.ResponseWriter, p *problem) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter/time.Second)+1))
	}
	if p.status == http.StatusUnauthorized {
		// Not Basic: a browser would ask for the password in a dialogue of its own.
		h.Set("WWW-Authenticate", `Bearer realm="netflow-monitor"`)
	}
	body, err := json.Marshal(p.wire())
	if err != nil {
		body = nil // a struct of strings and a number: it can't fail
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // the client has gone, or not: there is nobody else to tell
}
