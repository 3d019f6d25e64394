package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const header = "// Code generated from internal/api/wire by tsgen (make gen). DO NOT EDIT.\n"

// generator holds what was written so far.
type generator struct {
	out strings.Builder
	// topics are the lines of the map from a WebSocket topic to its payload.
	topics []string
}

// generate returns the TypeScript text for the Go package in dir, in the order of
// its files' names and of the declarations within them.
func generate(dir string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", fmt.Errorf("list %s: %w", dir, err)
	}
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.HasSuffix(p, "_test.go") })
	if len(paths) == 0 {
		return "", fmt.Errorf("no Go files in %s: run tsgen from the repository's root or give -dir", dir)
	}
	g := &generator{}
	g.out.WriteString(header)
	set := token.NewFileSet()
	for _, p := range paths {
		file, err := parser.ParseFile(set, p, nil, parser.ParseComments)
		if err != nil {
			return "", fmt.Errorf("parse %s: %w", p, err)
		}
		if err := g.file(file); err != nil {
			return "", fmt.Errorf("%s: %w", p, err)
		}
	}
	g.topicMap()
	return g.out.String(), nil
}

func (g *generator) file(file *ast.File) error {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			var err error
			switch s := spec.(type) {
			case *ast.TypeSpec:
				err = g.typeSpec(s, group.Doc)
			case *ast.ValueSpec:
				if group.Tok == token.CONST {
					err = g.constant(s)
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *generator) typeSpec(s *ast.TypeSpec, doc *ast.CommentGroup) error {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return fmt.Errorf("type %s: only structs are supported", s.Name.Name)
	}
	var parameters []string
	if s.TypeParams != nil {
		for _, f := range s.TypeParams.List {
			for _, n := range f.Names {
				parameters = append(parameters, n.Name)
			}
		}
	}
	name := s.Name.Name
	if len(parameters) > 0 {
		name += "<" + strings.Join(parameters, ", ") + ">"
	}
	var parents []string
	var body strings.Builder
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 {
			parent, err := typeName(f.Type)
			if err != nil {
				return fmt.Errorf("type %s: %w", s.Name.Name, err)
			}
			parents = append(parents, parent)
			continue
		}
		if err := field(&body, f); err != nil {
			return fmt.Errorf("type %s: %w", s.Name.Name, err)
		}
	}
	if len(parents) > 0 {
		name += " extends " + strings.Join(parents, ", ")
	}
	g.out.WriteString("\n")
	comment(&g.out, "", doc)
	fmt.Fprintf(&g.out, "export interface %s {\n%s}\n", name, body.String())
	return nil
}

func field(out *strings.Builder, f *ast.Field) error {
	if f.Tag == nil {
		return fmt.Errorf("field %s has no json tag", f.Names[0].Name)
	}
	raw, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return fmt.Errorf("tag of %s: %w", f.Names[0].Name, err)
	}
	name, options, _ := strings.Cut(reflect.StructTag(raw).Get("json"), ",")
	if name == "" {
		return fmt.Errorf("field %s has no json name", f.Names[0].Name)
	}
	if name == "-" {
		return nil
	}
	t := f.Type
	if strings.Contains(options, "omit") {
		name += "?"
		// What is left out when it is nil is never null.
		if p, ok := t.(*ast.StarExpr); ok {
			t = p.X
		}
	}
	text, err := typeName(t)
	if err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	comment(out, "  ", f.Doc)
	comment(out, "  ", f.Comment)
	fmt.Fprintf(out, "  %s: %s\n", name, text)
	return nil
}

var basic = map[string]string{
	"string": "string", "bool": "boolean", "any": "unknown",
	"int": "number", "int8": "number", "int16": "number", "int32": "number", "int64": "number",
	"uint": "number", "uint8": "number", "uint16": "number", "uint32": "number", "uint64": "number",
	"float32": "number", "float64": "number",
}

// qualified are the types of other packages, as they look in JSON.
var qualified = map[string]string{"time.Time": "string", "json.RawMessage": "unknown"}

var errUnsupported = errors.New("unsupported type")

func typeName(e ast.Expr) (string, error) {
	switch t := e.(type) {
	case *ast.Ident:
		if b, ok := basic[t.Name]; ok {
			return b, nil
		}
		return t.Name, nil
	case *ast.SelectorExpr:
		if p, ok := t.X.(*ast.Ident); ok {
			if q, known := qualified[p.Name+"."+t.Sel.Name]; known {
				return q, nil
			}
		}
	case *ast.StarExpr:
		inner, err := typeName(t.X)
		return inner + " | null", err
	case *ast.ArrayType:
		inner, err := typeName(t.Elt)
		if strings.Contains(inner, " ") {
			inner = "(" + inner + ")"
		}
		return inner + "[]", err
	case *ast.MapType:
		inner, err := typeName(t.Value)
		return "Record<string, " + inner + ">", err
	case *ast.IndexExpr:
		outer, err := typeName(t.X)
		if err != nil {
			return "", err
		}
		inner, err := typeName(t.Index)
		return outer + "<" + inner + ">", err
	}
	return "", fmt.Errorf("%w %T", errUnsupported, e)
}

// payload finds the type at the beginning of a topic's comment: "History: the last hour …".
var payload = regexp.MustCompile(`^[A-Z]\w*(\[\w+\])?`)

func (g *generator) constant(s *ast.ValueSpec) error {
	if len(s.Names) != 1 || len(s.Values) != 1 {
		return fmt.Errorf("constant %s: one name and one value a line are supported", s.Names[0].Name)
	}
	value, ok := s.Values[0].(*ast.BasicLit)
	if !ok {
		return fmt.Errorf("constant %s is not a literal", s.Names[0].Name)
	}
	name := s.Names[0].Name
	if !strings.HasPrefix(name, "Topic") {
		fmt.Fprintf(&g.out, "\nexport const %s = %s\n", name, value.Value)
		return nil
	}
	found := payload.FindString(strings.TrimSpace(s.Comment.Text()))
	if found == "" {
		return fmt.Errorf("constant %s: its comment must begin with the payload's type", name)
	}
	expr, err := parser.ParseExpr(found)
	if err != nil {
		return fmt.Errorf("constant %s: %w", name, err)
	}
	text, err := typeName(expr)
	if err != nil {
		return fmt.Errorf("constant %s: %w", name, err)
	}
	g.topics = append(g.topics, fmt.Sprintf("  %s: %s\n", value.Value, text))
	return nil
}

func (g *generator) topicMap() {
	if len(g.topics) == 0 {
		return
	}
	g.out.WriteString("\n/** The topics of GET /api/ws and what their messages carry. */\nexport interface TopicPayload {\n")
	g.out.WriteString(strings.Join(g.topics, ""))
	g.out.WriteString("}\n\nexport type Topic = keyof TopicPayload\n")
}

func comment(out *strings.Builder, indent string, group *ast.CommentGroup) {
	lines := strings.Split(strings.TrimSpace(group.Text()), "\n")
	if lines[0] == "" {
		return
	}
	if len(lines) == 1 {
		fmt.Fprintf(out, "%s/** %s */\n", indent, lines[0])
		return
	}
	fmt.Fprintf(out, "%s/**\n", indent)
	for _, l := range lines {
		fmt.Fprintf(out, "%s\n", strings.TrimRight(indent+" * "+l, " "))
	}
	fmt.Fprintf(out, "%s */\n", indent)
}
