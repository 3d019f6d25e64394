package offline

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/meter"
)

// Reference is the page that explains what read writes, in Markdown.
func Reference() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, referenceHead, appendJSON(nil, sessionFields, example()))
	writeFields(&b, sessionFields)
	b.WriteString(referenceBytes)
	writeFlags(&b)
	writeWords(&b, "States", "What is known of a conversation. The first two are for protocols without a handshake.",
		"state", flow.StateNames(), stateMeanings)
	writeWords(&b, "End reasons", "Why a session ended: flowEndReason, IE 136.", "end reason", endReasons(), endMeanings)
	writeTimeouts(&b)
	writeWords(&b, "Tunnels", fmt.Sprintf(tunnelsHead, flow.MaxTunnelDepth), "tunnel", flow.TunnelKindNames(), tunnelMeanings)
	b.WriteString(referenceHosts)
	writeFields(&b, hostFields)
	b.WriteString(referenceTail)
	return b.Bytes()
}

// example is a session in which most fields have something to say.
func example() *record {
	start := time.Date(2026, 11, 23, 9, 15, 2, 250_000_000, time.UTC).UnixNano()
	return &record{
		ID: flow.NewID(start, 41),
		Key: flow.Key{
			Src: netip.MustParseAddr("192.0.2.10").As16(), Dst: netip.MustParseAddr("198.51.100.7").As16(),
			SrcPort: 50514, DstPort: 443, VLAN: 20, Protocol: flow.ProtoTCP, Version: 4,
		},
		Start: start, Last: start + int64(1_834_000_500),
		Sent:         flow.Counters{Packets: 14, WireBytes: 2112, IPBytes: 1916, PayloadBytes: 1188},
		Received:     flow.Counters{Packets: 19, WireBytes: 21_570, IPBytes: 21_304, PayloadBytes: 20_312},
		TCPFlagsSent: flow.TCPSyn | flow.TCPAck | flow.TCPPsh | flow.TCPFin, TCPFlagsReceived: flow.TCPSyn | flow.TCPAck | flow.TCPPsh | flow.TCPFin,
		ReceivedTCP: flow.TCPCounters{Retransmits: 1, RetransmittedBytes: 1448},
		RTTClient:   412_000, RTTServer: 26_350_500,
		Tunnel: flow.Tunnel{
			Src: netip.MustParseAddr("203.0.113.1").As16(), Dst: netip.MustParseAddr("203.0.113.2").As16(),
			ID: 5001, Kinds: [flow.MaxTunnelDepth]flow.TunnelKind{flow.TunnelVXLAN},
		},
		State: flow.StateClosed, End: flow.EndOfFlow, First: true,
	}
}

func writeFields[T any](b *bytes.Buffer, columns []column[T]) {
	b.WriteString("| field | type | unit or range | present | meaning | source |\n|---|---|---|---|---|---|\n")
	for i := range columns {
		c := &columns[i]
		present := "always"
		if c.only != nil {
			present = c.only.words
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n", c.name, c.typeName(), c.about.unit, present, c.about.meaning, c.about.source)
	}
}

// typeName is the type of a field's JSON value.
func (c *column[T]) typeName() string {
	switch {
	case c.quoted():
		return "string"
	case c.count != nil:
		return "whole number"
	case c.about.unit == unitTrue:
		return "boolean"
	}
	return "number"
}

// meaning explains one word of a list.
type meaning struct{ text, source string }

func writeWords(b *bytes.Buffer, title, head, column string, words []string, meanings map[string]meaning) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| %s | meaning | source |\n|---|---|---|\n", title, head, column)
	for _, word := range words {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", word, meanings[word].text, meanings[word].source)
	}
}

func endReasons() []string {
	var names []string
	for reason := flow.EndIdleTimeout; reason <= flow.EndLackOfResources; reason++ {
		names = append(names, reason.String())
	}
	return names
}

func writeFlags(b *bytes.Buffer) {
	b.WriteString("\n## TCP flags\n\nLetters in the order of the bits (RFC 9293 section 3.1): ")
	for i, name := range flagNames {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "`%s` %s", flow.TCPFlagLetters(1<<i), name)
	}
	b.WriteString(". A session's letters are those of all its packets in that direction.\n")
}

func writeTimeouts(b *bytes.Buffer) {
	cfg := meter.Default()
	fmt.Fprint(b, "\n## Timeouts\n\n", timeoutsHead, "\n\n| session | ends after silence of |\n|---|---|\n")
	for _, t := range []struct {
		name string
		idle time.Duration
	}{
		{"TCP, `established`, `midstream` or `closing`", cfg.IdleTCP},
		{"TCP, `syn_sent` or `syn_received`", cfg.IdleHalfOpen},
		{"TCP, `closed` or `reset`", cfg.IdleClosing},
		{"UDP", cfg.IdleUDP},
		{"ICMP, ICMPv6", cfg.IdleICMP},
		{"any other protocol", cfg.IdleOther},
	} {
		fmt.Fprintf(b, "| %s | %s s |\n", t.name, strings.TrimSuffix(fmt.Sprint(t.idle.Seconds()), ".0"))
	}
	b.WriteString(timeoutsTail)
}
