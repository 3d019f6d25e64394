package api

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/geo"
	"netflow-monitor/internal/stats"
)

const textDoc = "either end's address, the beginning of one (10.0. or 2001:db8:) or a network, its port or the name of a service, " +
	"its country by code or English name, its AS by number (AS64500) or a part of the name; or protocol, state or interface"

// maxNames bounds the autonomous systems that a part of a name may stand for.
const maxNames = 200

// terms are all readings of a search text: nil if there is none, empty if it says nothing.
func (s *Server) terms(ctx context.Context, q *query) []stats.Term {
	text := strings.TrimSpace(q.text("text"))
	if text == "" || q.err != nil {
		return nil
	}
	terms := []stats.Term{}
	if p, ok := parseBeginning(text); ok {
		return append(terms, stats.Term{Network: p})
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		if n > 0 && n <= 65535 {
			return append(terms, stats.Term{Port: uint16(n)})
		}
		return append(terms, stats.Term{ASN: uint32(n)})
	}
	if n, ok := parseASN(text); ok {
		terms = append(terms, stats.Term{ASN: n})
	}
	if p, ok := flow.ParseProtocol(text); ok {
		terms = append(terms, stats.Term{Protocol: &p})
	}
	if state, ok := flow.ParseState(strings.ToLower(text)); ok {
		terms = append(terms, stats.Term{State: &state})
	}
	if p, ok := s.deps.FindPoint(text); ok {
		terms = append(terms, stats.Term{Point: p})
	}
	for _, port := range flow.ServicePorts(text) {
		terms = append(terms, stats.Term{Port: port})
	}
	for _, code := range geo.FindCountries(text) {
		terms = append(terms, stats.Term{Country: code})
	}
	return append(terms, s.namedASNs(ctx, q, text)...)
}

func (s *Server) namedASNs(ctx context.Context, q *query, text string) (terms []stats.Term) {
	if len(text) < 2 {
		return nil
	}
	keys, err := s.deps.Catalog.FindNames(ctx, stats.DimensionASN, text, maxNames)
	if err != nil {
		q.err = err
		return nil
	}
	for _, key := range keys {
		if n, ok := parseASN(key); ok {
			terms = append(terms, stats.Term{ASN: n})
		}
	}
	return terms
}

// parseBeginning reads an address, a network, or whole parts that an address begins
// with: "10.0", "10.0.", "2001:db8:", "2001:db8::".
func parseBeginning(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil && !p.Addr().Is4In6() {
		return p.Masked(), true
	}
	if six := strings.TrimRight(text, ":"); six != text && six != "" {
		parts := strings.Split(six, ":")
		a, err := netip.ParseAddr(six + "::")
		if err == nil && len(parts) < 8 && !slices.Contains(parts, "") {
			return netip.PrefixFrom(a, 16*len(parts)), true
		}
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	parts := strings.Split(strings.TrimSuffix(text, "."), ".")
	if !strings.Contains(text, ".") || len(parts) > 3 {
		return netip.Prefix{}, false
	}
	a, err := netip.ParseAddr(strings.Join(parts, ".") + strings.Repeat(".0", 4-len(parts)))
	return netip.PrefixFrom(a, 8*len(parts)), err == nil
}
