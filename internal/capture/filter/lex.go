package filter

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokSymbol           // an operator, a parenthesis or a bracket
	tokWord             // a keyword
	tokName             // any other word, or a keyword behind a backslash
	tokNumber
	tokDotted // two to four numbers with dots: an IPv4 address or network
	tokIPv6
	tokMAC
)

// token is a piece of the expression. Which of the values is valid depends on the kind.
type token struct {
	kind   tokenKind
	offset int
	text   string // as it is written
	word   string // a keyword or symbol without its aliases, a name without its backslash
	number uint32
	dotted dotted
	ipv6   netip.Addr
	mac    [6]byte
}

func (t token) is(word string) bool {
	return (t.kind == tokWord || t.kind == tokSymbol) && t.word == word
}

// dotted are the leading parts of an IPv4 address.
type dotted struct {
	value uint32 // left-aligned
	bits  int
}

// tokens cuts an expression up; the last one is a tokEnd. As in flex, which libpcap is
// built with, the longest match counts: "len-5" is one word.
func tokens(expr string) ([]token, *Error) {
	if len(expr) > maxExpression {
		return nil, &Error{
			Offset: maxExpression, Found: "", Reason: "expression is too long",
			Remedy: "write at most " + strconv.Itoa(maxExpression) + " bytes",
		}
	}
	var list []token
	for offset := 0; ; {
		for offset < len(expr) && strings.IndexByte(" \t\r\n", expr[offset]) >= 0 {
			offset++
		}
		if offset == len(expr) {
			return append(list, token{kind: tokEnd, offset: offset}), nil
		}
		t, err := lex(expr[offset:])
		t.offset = offset
		if err != nil {
			err.Offset += offset
			return nil, err
		}
		list = append(list, t)
		offset += len(t.text)
	}
}

// symbols, the longer ones first, and what they mean.
var symbols = []struct{ text, word string }{
	{"&&", "and"}, {"||", "or"}, {"!=", "!="}, {">=", ">="}, {"<=", "<="}, {"==", "="}, {"<<", "<<"}, {">>", ">>"},
	{"!", "not"}, {"=", "="}, {">", ">"}, {"<", "<"}, {"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"}, {"%", "%"},
	{"&", "&"}, {"|", "|"}, {"^", "^"}, {"(", "("}, {")", ")"}, {"[", "["}, {"]", "]"}, {":", ":"},
}

// lex takes one token off the front.
func lex(s string) (token, *Error) {
	if colons := prefix(s, func(c byte) bool { return isHex(c) || c == ':' || c == '.' }); strings.Count(colons, ":") > 1 {
		return lexColons(colons)
	}
	if isAlnum(s[0]) {
		word := prefix(s, func(c byte) bool { return isAlnum(c) || c == '-' || c == '_' || c == '.' })
		return lexWord(strings.TrimRight(word, "-_"))
	}
	if s[0] == '\\' {
		name := prefix(s[1:], func(c byte) bool { return strings.IndexByte(" !()\t\r\n", c) < 0 })
		if name != "" {
			return token{kind: tokName, text: s[:1+len(name)], word: name}, nil
		}
	}
	for _, symbol := range symbols {
		if strings.HasPrefix(s, symbol.text) {
			return token{kind: tokSymbol, text: symbol.text, word: symbol.word}, nil
		}
	}
	return token{}, &Error{Found: s[:1], Reason: "character that means nothing here", Remedy: "write words, numbers, addresses and operators"}
}

// lexColons reads an IPv6 or Ethernet address.
func lexColons(s string) (token, *Error) {
	if mac, ok := parseMAC(s); ok {
		return token{kind: tokMAC, text: s, mac: mac}, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return token{kind: tokIPv6, text: s, ipv6: addr}, nil
	}
	return token{}, &Error{Found: s, Reason: "neither an IPv6 nor an Ethernet address", Remedy: "write it like 2001:db8::1 or 00:1b:2c:3d:4e:5f"}
}

func lexWord(s string) (token, *Error) {
	t := token{text: s, word: s}
	if n, ok := constants[s]; ok {
		t.kind, t.number = tokNumber, n
		return t, nil
	}
	if word, ok := keywords[s]; ok {
		t.kind, t.word = tokWord, word
		return t, nil
	}
	if mac, ok := parseMAC(s); ok {
		t.kind, t.mac = tokMAC, mac
		return t, nil
	}
	if isNumber(s) {
		n, err := strconv.ParseUint(s, 0, 64)
		switch {
		case err != nil && s[0] == '0' && len(s) > 1 && strings.ContainsAny(s, "89"):
			return t, faultAt(t, "octal number with a digit above 7", "leave the leading 0 away, or write 0x for hexadecimal")
		case err != nil || n > math.MaxUint32:
			return t, faultAt(t, "number does not fit into 32 bits", "write a number from 0 to 4294967295")
		}
		t.kind, t.number = tokNumber, uint32(n)
		return t, nil
	}
	if strings.Trim(s, "0123456789.") == "" && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..") {
		d, ok := parseDotted(s)
		if !ok {
			return t, faultAt(t, "no IPv4 address", "write two to four numbers from 0 to 255, without leading zeros")
		}
		t.kind, t.dotted = tokDotted, d
		return t, nil
	}
	t.kind = tokName
	return t, nil
}

// isNumber tells a number, decimal, octal or hexadecimal, from a word.
func isNumber(s string) bool {
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		return hex != "" && prefix(hex, isHex) == hex
	}
	return strings.Trim(s, "0123456789") == ""
}

// parseDotted refuses leading zeros: whether they mean octal depends on whom one asks.
func parseDotted(s string) (dotted, bool) {
	var d dotted
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return d, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return d, false
		}
		d.value |= uint32(n) << (24 - 8*i)
	}
	d.bits = 8 * len(parts)
	return d, true
}

// parseMAC reads the forms of pcap-filter(7): pairs with colons, dashes or dots, groups
// of four with dots, or twelve digits.
func parseMAC(s string) (mac [6]byte, ok bool) {
	parts, width := []string{s}, 12
	for _, separator := range []string{":", "-", "."} {
		if strings.Contains(s, separator) {
			parts = strings.Split(s, separator)
			break
		}
	}
	switch len(parts) {
	case 6:
		width = 2
	case 3:
		if !strings.Contains(s, ".") {
			return mac, false
		}
		width = 4
	case 1:
	default:
		return mac, false
	}
	var digits strings.Builder
	for _, part := range parts {
		if width == 2 && len(part) == 1 {
			part = "0" + part
		}
		if len(part) != width || prefix(part, isHex) != part {
			return mac, false
		}
		digits.WriteString(part)
	}
	for i := range mac {
		n, err := strconv.ParseUint(digits.String()[2*i:2*i+2], 16, 8)
		if err != nil {
			return mac, false
		}
		mac[i] = byte(n)
	}
	return mac, true
}

// prefix is the longest beginning of s all of whose bytes are accepted.
func prefix(s string, accept func(byte) bool) string {
	for i := range len(s) {
		if !accept(s[i]) {
			return s[:i]
		}
	}
	return s
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
