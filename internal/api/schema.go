package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// schemas are the JSON Schemas of the types met so far, by the name of the type.
type schemas object

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// of returns a type's schema: for a struct a reference to its entry.
func (s schemas) of(t reflect.Type) object {
	switch t {
	case timeType:
		return object{"type": "string", "format": "date-time"}
	case rawType:
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem()), {"type": "null"}}}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.ref(t)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64, reflect.Float32:
		return object{"type": "number"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	default:
		return object{"type": "integer"}
	}
}

func (s schemas) ref(t reflect.Type) object {
	name := schemaName(t)
	if _, ok := s[name]; !ok {
		s[name] = nil // so that a type may contain itself
		properties, required := object{}, []string{}
		s.fields(t, properties, &required)
		s[name] = object{
			"type": "object", "properties": properties, "required": required, "additionalProperties": false,
		}
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (s schemas) fields(t reflect.Type, properties object, required *[]string) {
	for f := range t.Fields() {
		if f.Anonymous {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		ft := f.Type
		if options == "" {
			*required = append(*required, name)
		} else if ft.Kind() == reflect.Pointer {
			ft = ft.Elem() // left out when nil, so never null
		}
		properties[name] = s.of(ft)
	}
}

// schemaName is the type's name, with its parameter: Page[…wire.Session] is SessionPage.
func schemaName(t reflect.Type) string {
	name, parameter, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return name
	}
	parameter = strings.TrimSuffix(parameter, "]")
	return parameter[strings.LastIndexByte(parameter, '.')+1:] + name
}
