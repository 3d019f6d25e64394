package api

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/stats"
)

// kind is what a query parameter holds.
type kind int

const (
	kindNumber kind = iota + 1
	kindChoice
	kindFlag
	kindTime
	kindNetwork
	kindProtocol
	kindSeconds
	kindCountry
	kindASN
	kindText
)

// param describes a query parameter, for the parser and for the OpenAPI document.
type param struct {
	name     string
	kind     kind
	doc      string
	fallback string
	min, max int64    // of a number
	values   []string // of a choice
}

// maxQuery bounds a query string, in bytes.
const maxQuery = 2048

// query reads parameters strictly: the first thing that is wrong is kept in err,
// and what is asked for afterwards is zero.
type query struct {
	params []param
	values map[string]string
	// now is what relative times are relative to, in nanoseconds since the Unix epoch.
	now int64
	err error
}

// parseQuery refuses unknown and repeated parameters. An empty one is as good as absent.
func parseQuery(raw string, params []param, now int64) *query {
	q := &query{params: params, values: make(map[string]string), now: now}
	if len(raw) > maxQuery {
		q.err = badBody("the query may have " + strconv.Itoa(maxQuery) + " bytes")
		return q
	}
	parsed, err := url.ParseQuery(raw)
	if err != nil {
		q.err = badBody("the query is not well-formed: " + err.Error())
		return q
	}
	names := make([]string, 0, len(parsed))
	for name := range parsed {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same query always gives the same error
	for _, name := range names {
		values := parsed[name]
		if !slices.ContainsFunc(params, func(p param) bool { return p.name == name }) {
			q.fail(name, "no such parameter; known are: %s", known(params))
			return q
		}
		if len(values) > 1 {
			q.fail(name, "given %d times, allowed once", len(values))
			return q
		}
		if values[0] != "" {
			q.values[name] = values[0]
		}
	}
	return q
}

func known(params []param) string {
	if len(params) == 0 {
		return "none"
	}
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}

func (q *query) fail(field, format string, args ...any) {
	if q.err == nil {
		q.err = badParameter(field, format, args...)
	}
}

// get returns a parameter's text, or its fallback, and its description.
func (q *query) get(name string) (string, param) {
	i := slices.IndexFunc(q.params, func(p param) bool { return p.name == name })
	if i < 0 || q.err != nil {
		return "", param{}
	}
	if v, ok := q.values[name]; ok {
		return v, q.params[i]
	}
	return q.params[i].fallback, q.params[i]
}

// has reports whether the client gave the parameter.
func (q *query) has(name string) bool { return q.values[name] != "" }

func (q *query) number(name string) int64 {
	text, p := q.get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < p.min || n > p.max {
		q.fail(name, "%q is not allowed; use a whole number from %d to %d", text, p.min, p.max)
		return 0
	}
	return n
}

func (q *query) choice(name string) string {
	text, p := q.get(name)
	if text != "" && !slices.Contains(p.values, text) {
		q.fail(name, "%q is not allowed; use one of: %s", text, strings.Join(p.values, ", "))
		return ""
	}
	return text
}

func (q *query) text(name string) string {
	text, _ := q.get(name)
	return text
}

func (q *query) flag(name string) *bool {
	text, _ := q.get(name)
	var value bool
	switch text {
	case "":
		return nil
	case "true", "1":
		value = true
	case "false", "0":
	default:
		q.fail(name, "%q is not allowed; use true or false", text)
		return nil
	}
	return &value
}

// network accepts an address or a network in CIDR notation.
func (q *query) network(name string) netip.Prefix {
	text, _ := q.get(name)
	if text == "" {
		return netip.Prefix{}
	}
	if p, err := netip.ParsePrefix(text); err == nil && !p.Addr().Is4In6() {
		return p.Masked()
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen())
	}
	q.fail(name, "%q is not allowed; use an address or a network such as 192.0.2.0/24", text)
	return netip.Prefix{}
}

func (q *query) protocol(name string) *uint8 {
	text, _ := q.get(name)
	if text == "" {
		return nil
	}
	p, ok := flow.ParseProtocol(text)
	if !ok {
		q.fail(name, "%q is not allowed; use a name such as tcp, or a number from 0 to 255", text)
		return nil
	}
	return &p
}

func (q *query) state(name string) *flow.State {
	text := q.choice(name)
	if text == "" {
		return nil
	}
	state, ok := flow.ParseState(text)
	if !ok {
		return nil
	}
	return &state
}

func directionNames() []string {
	return []string{
		stats.DirectionOut.String(), stats.DirectionIn.String(), stats.DirectionInternal.String(), stats.DirectionTransit.String(),
	}
}

func (q *query) direction(name string) *stats.Direction {
	text := q.choice(name)
	for _, d := range [...]stats.Direction{stats.DirectionTransit, stats.DirectionIn, stats.DirectionOut, stats.DirectionInternal} {
		if text == d.String() {
			return &d
		}
	}
	return nil
}

// country accepts a code in any case.
func (q *query) country(name string) string {
	text, _ := q.get(name)
	code := strings.ToUpper(text)
	if code != "" && !isCountryCode(code) {
		q.fail(name, "%q is not allowed; use the two letters of a country's code, such as CN", text)
		return ""
	}
	return code
}

func isCountryCode(text string) bool {
	return len(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z'
}

// asn accepts a number with or without AS before it.
func (q *query) asn(name string) uint32 {
	text, _ := q.get(name)
	if text == "" {
		return 0
	}
	n, ok := parseASN(text)
	if !ok {
		q.fail(name, "%q is not allowed; use a number such as 64500 or AS64500", text)
	}
	return n
}

func parseASN(text string) (uint32, bool) {
	if len(text) > 2 && strings.EqualFold(text[:2], "as") {
		text = text[2:]
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n > 0
}

// What the parameter of tunnels takes besides their names.
const (
	anyTunnel = "any"
	noTunnel  = "none"
)

func tunnelChoices() []string { return append(flow.TunnelKindNames(), anyTunnel, noTunnel) }

func (q *query) tunnel(name string) flow.TunnelSet {
	switch text := q.choice(name); text {
	case "":
		return 0
	case anyTunnel:
		return flow.AllTunnels
	case noTunnel:
		return flow.TunnelNone.Set()
	default:
		kind, _ := flow.ParseTunnelKind(text)
		return kind.Set()
	}
}
