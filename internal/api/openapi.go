package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"netflow-monitor/internal/api/rows"
	"netflow-monitor/internal/api/wire"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

// describe makes the OpenAPI 3.1 document from the routes and the types they send.
func describe(routes []route, version string) ([]byte, error) {
	types := schemas{}
	paths := object{}
	for _, r := range routes {
		if r.access == 0 {
			return nil, fmt.Errorf("api: route %s %s: nobody decided who may use it", r.method, r.pattern)
		}
		if r.pattern == pagePattern {
			continue
		}
		at, ok := paths[r.pattern].(object)
		if !ok {
			at = object{}
			paths[r.pattern] = at
		}
		at[strings.ToLower(r.method)] = operation(&r, types)
	}
	types.of(reflect.TypeFor[wire.ClientMessage]())
	types.of(reflect.TypeFor[wire.ServerMessage]())
	return json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "netflow-monitor", "version": version,
			"description": "Times are RFC 3339 in UTC, durations seconds, rates per second, bytes plain numbers. Errors are problem details (RFC 9457).",
			"license":     object{"name": "MIT", "identifier": "MIT"},
		},
		"paths": paths,
		"components": object{
			"schemas": types,
			"securitySchemes": object{
				"session": object{"type": "apiKey", "in": "cookie", "name": cookieName},
				"basic":   object{"type": "http", "scheme": "basic", "description": "any user name, and the password"},
				"bearer":  object{"type": "http", "scheme": "bearer", "description": "the password"},
			},
		},
	})
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func operation(r *route, types schemas) object {
	params := make([]object, 0, len(r.params)+1)
	for _, m := range pathParameter.FindAllStringSubmatch(r.pattern, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range r.params {
		params = append(params, object{"name": p.name, "in": "query", "description": p.doc, "schema": p.schema()})
	}
	problem := object{
		"description": "problem details",
		"content":     object{"application/problem+json": object{"schema": types.of(reflect.TypeFor[wire.Problem]())}},
	}
	answer := object{"description": "OK"}
	switch {
	case r.answer != nil:
		answer["content"] = object{"application/json": object{"schema": types.of(reflect.TypeOf(r.answer))}}
	case strings.HasPrefix(r.pattern, exportPath):
		content := object{}
		for _, name := range rows.Formats() {
			f, _ := rows.ParseFormat(name)
			media, _, _ := strings.Cut(f.ContentType(), ";")
			content[media] = object{"schema": object{"type": "string"}}
		}
		answer["content"] = content
		answer["headers"] = object{
			"X-Total-Count":     object{"description": "how many rows there are", "schema": object{"type": "integer"}},
			"X-Total-Estimated": object{"description": "whether that is estimated", "schema": object{"type": "boolean"}},
		}
	case r.pattern == "/api/openapi.json":
		answer["content"] = object{"application/json": object{"schema": object{"type": "object"}}}
	}
	status := "200"
	if r.pattern == "/api/ws" {
		status, answer["description"] = "101", "the WebSocket; it carries ClientMessage and ServerMessage"
	}
	op := object{
		"summary": r.summary, "operationId": operationID(r),
		"responses": object{status: answer, "default": problem},
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = object{
			"required": true,
			"content":  object{"application/json": object{"schema": types.of(reflect.TypeOf(r.body))}},
		}
	}
	if r.access != accessOpen {
		op["security"] = []object{{"session": []string{}}, {"basic": []string{}}, {"bearer": []string{}}}
	}
	return op
}

// operationID is camel case of the method and the path: getIpStatsIp.
func operationID(r *route) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(r.method))
	words := strings.FieldsFunc(strings.TrimPrefix(r.pattern, "/api"), func(c rune) bool { return strings.ContainsRune("/-{}.", c) })
	for _, w := range words {
		id.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return id.String()
}

func (p *param) schema() object {
	s := object{"type": "string"}
	switch p.kind {
	case kindNumber:
		s = object{"type": "integer", "minimum": p.min, "maximum": p.max}
	case kindFlag:
		s = object{"type": "boolean"}
	case kindChoice:
		s["enum"] = slices.Clone(p.values)
	case kindCountry:
		s["pattern"] = "^[A-Za-z]{2}$"
	case kindASN:
		s["pattern"] = "^([Aa][Ss])?[0-9]+$"
	case kindSeconds:
		s = object{"type": "number", "minimum": 0}
	case kindTime:
		s["examples"] = []string{"2026-01-31T12:00:00Z", "-24h", "now"}
	case kindNetwork, kindProtocol, kindText:
	}
	if p.fallback != "" {
		s["default"] = p.fallback
		if p.kind == kindNumber {
			s["default"] = json.Number(p.fallback)
		}
	}
	return s
}

func (s *Server) getOpenAPI(w http.ResponseWriter, r *http.Request, _ *query) (any, error) {
	s.writeJSON(w, r, s.openAPI)
	return nil, nil
}
