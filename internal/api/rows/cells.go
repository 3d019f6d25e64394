package rows

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

type mode int

const (
	modeJSON mode = iota + 1
	modeCSV
	modeNames // the first line of CSV
)

// cells is a row in the making: each value is named once, for all formats. The methods
// whose names end in If leave a value out where it is zero, as omitempty does.
type cells struct {
	mode   mode
	buf    []byte
	prefix string // of the names in CSV
	later  bool   // it is not the first value of its object, or of its line
	hollow bool   // values stay empty
}

func (c *cells) begin() {
	c.later = false
	if c.mode == modeJSON {
		c.buf = append(c.buf, '{')
	}
}

func (c *cells) end() {
	if c.mode == modeJSON {
		c.buf = append(c.buf, '}', '\n')
		return
	}
	c.buf = append(c.buf, '\r', '\n') // RFC 4180
}

// name begins a value and reports whether one is to follow: not in the line of names.
func (c *cells) name(name string) bool {
	if c.later {
		c.buf = append(c.buf, ',')
	}
	c.later = true
	switch c.mode {
	case modeNames:
		c.buf = append(append(c.buf, c.prefix...), name...)
		return false
	case modeJSON:
		c.buf = append(c.buf, '"')
		c.buf = append(c.buf, name...)
		c.buf = append(c.buf, '"', ':')
	case modeCSV:
		return !c.hollow
	}
	return true
}

// without stands for an object that is left out.
func (c *cells) without(object func()) {
	if c.mode == modeJSON {
		return
	}
	c.hollow = true
	object()
	c.hollow = false
}

// absent stands for a value that is left out.
func (c *cells) absent(name string) {
	if c.mode != modeJSON {
		c.name(name)
	}
}

// null stands for one that is there and is not known.
func (c *cells) null(name string) {
	if c.name(name) && c.mode == modeJSON {
		c.buf = append(c.buf, "null"...)
	}
}

// open begins an object within, close ends it.
func (c *cells) open(name string) {
	if c.mode != modeJSON {
		c.prefix = name + "_"
		return
	}
	c.name(name)
	c.buf = append(c.buf, '{')
	c.later = false
}

func (c *cells) close() {
	c.prefix = ""
	if c.mode == modeJSON {
		c.buf = append(c.buf, '}')
		c.later = true
	}
}

func (c *cells) text(name, v string) {
	switch {
	case !c.name(name):
	case c.mode == modeJSON:
		c.buf = appendJSON(c.buf, v)
	default:
		c.buf = appendCSV(c.buf, v)
	}
}

func (c *cells) textIf(name, v string) {
	if v == "" {
		c.absent(name)
		return
	}
	c.text(name, v)
}

// textsIf is a list of names, which hold no spaces.
func (c *cells) textsIf(name string, v []string) {
	switch {
	case len(v) == 0:
		c.absent(name)
	case !c.name(name):
	case c.mode == modeCSV:
		c.buf = appendCSV(c.buf, strings.Join(v, " "))
	default:
		for i, text := range v {
			c.buf = append(c.buf, "[,"[min(i, 1)])
			c.buf = appendJSON(c.buf, text)
		}
		c.buf = append(c.buf, ']')
	}
}

// values is a map, which is JSON in CSV too.
func (c *cells) values(name string, v map[string]string) {
	if !c.name(name) {
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte("{}") // strings only: it can't fail
	}
	if c.mode == modeCSV {
		c.buf = appendCSV(c.buf, string(text))
		return
	}
	c.buf = append(c.buf, text...)
}

func (c *cells) number(name string, v uint64) {
	if c.name(name) {
		c.buf = strconv.AppendUint(c.buf, v, 10)
	}
}

func (c *cells) numberIf(name string, v uint64) {
	if v == 0 {
		c.absent(name)
		return
	}
	c.number(name, v)
}

func (c *cells) decimal(name string, v float64) {
	if c.name(name) {
		c.buf = appendDecimal(c.buf, v)
	}
}

func (c *cells) flag(name string, v bool) {
	if c.name(name) {
		c.buf = strconv.AppendBool(c.buf, v)
	}
}

func (c *cells) flagIf(name string, v bool) {
	if !v {
		c.absent(name)
		return
	}
	c.flag(name, v)
}

func (c *cells) time(name string, t time.Time) {
	switch {
	case !c.name(name):
	case c.mode == modeJSON:
		c.buf = append(c.buf, '"')
		c.buf = t.AppendFormat(c.buf, time.RFC3339Nano)
		c.buf = append(c.buf, '"')
	default:
		c.buf = t.AppendFormat(c.buf, time.RFC3339Nano)
	}
}

// pointer and pointerIf are values that may be missing: the first is null then, the
// second is left out.
func pointer[T any](c *cells, name string, v *T, add func(string, T)) {
	if v == nil {
		c.null(name)
		return
	}
	add(name, *v)
}

func pointerIf[T any](c *cells, name string, v *T, add func(string, T)) {
	if v == nil {
		c.absent(name)
		return
	}
	add(name, *v)
}

// appendJSON quotes as encoding/json does.
func appendJSON(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || strings.IndexByte(`"\<>&`, c) >= 0 {
			quoted, err := json.Marshal(text)
			if err != nil {
				quoted = []byte(`""`) // a string: it can't fail
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// appendCSV quotes as RFC 4180 has it. A text that a spreadsheet would take for a formula
// gets an apostrophe before it: names of networks come from strangers.
func appendCSV(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	if strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		text = "'" + text
	}
	if !strings.ContainsAny(text, "\",\r\n") {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// appendDecimal writes as encoding/json does.
func appendDecimal(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, v, format, -1, 64)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 to e-9
		b = b[:n-1]
	}
	return b
}
