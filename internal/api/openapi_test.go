package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/store"
)

// TestAnswersMatchTheDescription asks every route and checks the answer against the
// schema that the OpenAPI document gives for it.
func TestAnswersMatchTheDescription(t *testing.T) {
	f := newFixture(t)
	f.traffic(t, 30)
	f.lossy(t, flow.EndNone)
	f.writer.Record(store.Event{Kind: "capture_started", Params: map[string]string{"interface": "eth0"}})
	if err := f.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc := description(t, f)
	sessions := f.get(t, "/api/sessions?per_page=1")
	var id struct {
		Items []struct {
			SessionID string `json:"session_id"`
		}
	}
	if err := json.Unmarshal(sessions.Body.Bytes(), &id); err != nil {
		t.Fatal(err)
	}
	paths := strings.NewReplacer("{id}", id.Items[0].SessionID, "{ip}", "192.168.1.2")
	for _, r := range f.routes() {
		if r.answer == nil {
			continue
		}
		body := ""
		if r.body != nil {
			body = map[string]string{"/api/sign-in": `{"password":"x"}`, "/api/database/cleanup": `{"days":30}`}[r.pattern]
		}
		w := f.do(t, r.method, paths.Replace(r.pattern), body)
		if w.Code != 200 {
			t.Errorf("%s %s: %d %s", r.method, r.pattern, w.Code, w.Body)
			continue
		}
		operation := doc.at(t, "paths", r.pattern, strings.ToLower(r.method))
		schema := operation.at(t, "responses", "200", "content", "application/json", "schema")
		doc.check(t, r.pattern, schema, decodeAny(t, w.Body.Bytes()))
	}
	problem := doc.at(t, "components", "schemas", "Problem")
	doc.check(t, "problem", problem, decodeAny(t, f.get(t, "/api/sessions?x=1").Body.Bytes()))
}

func TestDescription(t *testing.T) {
	f := newFixture(t)
	doc := description(t, f)
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi %v", doc["openapi"])
	}
	ids := map[any]bool{}
	for _, r := range f.routes() {
		if r.pattern == pagePattern {
			continue
		}
		op := doc.at(t, "paths", r.pattern, strings.ToLower(r.method))
		if r.summary == "" || op["summary"] != r.summary || ids[op["operationId"]] {
			t.Errorf("%s %s: summary %q, id %v", r.method, r.pattern, op["summary"], op["operationId"])
		}
		ids[op["operationId"]] = true
		if _, secured := op["security"]; secured != (r.access != accessOpen) {
			t.Errorf("%s %s: security is %v", r.method, r.pattern, op["security"])
		}
	}
	for _, name := range []string{"ServerMessage", "ClientMessage", "SessionPage", "IPPage", "EventPage"} {
		doc.at(t, "components", "schemas", name)
	}
	// The parameters that the contract names must be there.
	var names []string
	parameters, ok := doc.at(t, "paths", "/api/sessions", "get")["parameters"].([]any)
	if !ok {
		t.Fatal("no parameters of /api/sessions")
	}
	for _, p := range parameters {
		if p, ok := p.(map[string]any); ok {
			names = append(names, fmt.Sprint(p["name"]))
		}
	}
	for want := range strings.FieldsSeq("page per_page order_by order_direction src_ip dst_ip protocol state") {
		if !slices.Contains(names, want) {
			t.Errorf("parameter %s of /api/sessions is missing", want)
		}
	}
}

// node is an object of the document.
type node map[string]any

func description(t *testing.T, f *fixture) node {
	t.Helper()
	return decode[node](t, f.get(t, "/api/openapi.json"), 200)
}

func (n node) at(t *testing.T, keys ...string) node {
	t.Helper()
	for i, k := range keys {
		next, ok := n[k].(map[string]any)
		if !ok {
			t.Fatalf("the description has no %s", strings.Join(keys[:i+1], " → "))
		}
		n = next
	}
	return n
}

// check validates a value with the part of JSON Schema that we write.
func (n node) check(t *testing.T, where string, schema node, value any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = n.at(t, "components", "schemas", strings.TrimPrefix(ref, "#/components/schemas/"))
	}
	if options, ok := schema["anyOf"].([]any); ok {
		if value == nil {
			return
		}
		first, _ := options[0].(map[string]any)
		n.check(t, where, first, value)
		return
	}
	switch kind := schema["type"]; v := value.(type) {
	case map[string]any:
		n.checkObject(t, where, schema, v)
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, x := range v {
			n.check(t, where+"."+strconv.Itoa(i), items, x)
		}
		if kind != "array" {
			t.Errorf("%s is an array, want %v", where, kind)
		}
	case string:
		if kind != "string" {
			t.Errorf("%s is a string, want %v", where, kind)
		}
		if schema["format"] == "date-time" {
			if at, err := time.Parse(time.RFC3339Nano, v); err != nil || at.Location() != time.UTC {
				t.Errorf("%s is %q, want a time in UTC", where, v)
			}
		}
	case json.Number:
		_, err := v.Int64()
		if kind != "number" && (kind != "integer" || err != nil) {
			t.Errorf("%s is %v, want %v", where, v, kind)
		}
	case bool:
		if kind != "boolean" {
			t.Errorf("%s is a boolean, want %v", where, kind)
		}
	default:
		t.Errorf("%s is %v, want %v", where, value, kind)
	}
}

func (n node) checkObject(t *testing.T, where string, schema node, value map[string]any) {
	t.Helper()
	if schema["type"] != "object" {
		t.Errorf("%s is an object, want %v", where, schema["type"])
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	other, _ := schema["additionalProperties"].(map[string]any)
	for name, v := range value {
		property, ok := properties[name].(map[string]any)
		if !ok {
			property = other
		}
		if property == nil {
			t.Errorf("%s.%s is not described", where, name)
			continue
		}
		n.check(t, where+"."+name, property, v)
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := value[fmt.Sprint(name)]; !ok {
			t.Errorf("%s.%v is missing", where, name)
		}
	}
}

func decodeAny(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
