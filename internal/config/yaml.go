package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlReader walks the file's nodes rather than letting the library decode them:
// so every error has a line and all are found at once.
type yamlReader struct {
	cfg  *Config
	path string
	errs []error
}

func (c *Config) readYAML(path string, data []byte) []error {
	r := yamlReader{cfg: c, path: path}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if !errors.Is(err, io.EOF) {
			r.errs = append(r.errs, syntaxError(path, err))
		}
		return r.errs // an empty file is no error
	}
	r.readDocument(document.Content[0])
	if err := decoder.Decode(&second); err == nil {
		r.fail(second.Content[0], "a second document; put everything into one, without ---")
	} else if !errors.Is(err, io.EOF) {
		r.errs = append(r.errs, syntaxError(path, err))
	}
	return r.errs
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func syntaxError(path string, err error) error {
	message := err.Error()
	match := yamlLine.FindStringSubmatch(message)
	if match == nil {
		return fmt.Errorf("%s: %s", path, message)
	}
	message = message[len(match[0]):]
	if strings.Contains(message, "cannot start any token") {
		message += "; indent with spaces, not with tabs, and quote values that begin with a special sign"
	}
	if match[1] != "" {
		path += ":" + match[1]
	}
	return fmt.Errorf("%s: not valid YAML: %s", path, message)
}

func (r *yamlReader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s: %s", r.at(n), fmt.Sprintf(format, args...)))
}

func (r *yamlReader) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", r.path, n.Line) }

func (r *yamlReader) readDocument(root *yaml.Node) {
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.name
	}
	r.eachPair(root, "the file", "", names, func(name string, _, body *yaml.Node) {
		r.readSection(name, body)
	})
}

func (r *yamlReader) readSection(section string, body *yaml.Node) {
	var names []string
	for _, s := range settings {
		if s.sectionName() == section {
			names = append(names, s.name())
		}
	}
	r.eachPair(body, section, section+".", names, func(name string, key, node *yaml.Node) {
		s, _ := lookup(section + "." + name)
		r.readSetting(s, key, node)
	})
}

// eachPair calls do for each known key of a mapping and refuses the others.
func (r *yamlReader) eachPair(n *yaml.Node, what, prefix string, names []string, do func(name string, key, value *yaml.Node)) {
	n = resolve(n)
	if n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping with the keys %s", what, strings.Join(names, ", "))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		name := key.Value
		first, again := lines[name]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(names, name):
			r.unknownKey(key, prefix, names)
		case again:
			r.fail(key, "%s is given twice; it is in line %d already", prefix+name, first)
		default:
			lines[name] = key.Line
			do(name, key, n.Content[i+1])
		}
	}
}

func (r *yamlReader) unknownKey(key *yaml.Node, prefix string, names []string) {
	hint := ""
	full := prefix + shorten(key.Value)
	if full == "web.password" {
		hint = "; a password is not kept here: use web.password_file or the variable " + passwordVariable
	} else if near := nearest(key.Value, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	r.fail(key, "unknown key %s%s (allowed: %s)", full, hint, strings.Join(names, ", "))
}

func (r *yamlReader) readSetting(s setting, key, n *yaml.Node) {
	n = resolve(n)
	if n.ShortTag() == "!!null" {
		return // a key without a value leaves the default
	}
	r.cfg.setOrigin(s.key, r.at(key))
	if text, ok := s.yamlText(n); !ok {
		r.fail(n, "%s must be %s, not %s", s.key, s.value.allowed, describe(n))
	} else if !s.value.parse(r.cfg, text) {
		r.fail(n, "%s", s.refuse(text).Error())
	}
}

// yamlText is the value's text, if its YAML type is one that the setting allows.
func (s setting) yamlText(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		return n.Value, slices.Contains(s.value.tags, n.ShortTag())
	}
	if n.Kind != yaml.SequenceNode || !s.value.list {
		return "", false
	}
	texts := make([]string, len(n.Content))
	for i, item := range n.Content {
		item = resolve(item)
		if item.Kind != yaml.ScalarNode || !slices.Contains(s.value.tags, item.ShortTag()) {
			return "", false
		}
		texts[i] = item.Value
	}
	return strings.Join(texts, ","), true
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "this list"
	case "!!str":
		return fmt.Sprintf("the text %q", shorten(n.Value))
	case "!!int", "!!float":
		return "the number " + shorten(n.Value)
	case "!!bool":
		return n.Value + " (put text in quotes)"
	default:
		return shorten(n.Value)
	}
}
