package offline

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"netflow-monitor/internal/flow"
)

// host is what all sessions of one IP add up to.
type host struct {
	addr           netip.Addr
	sent, received flow.Counters
	sessions       uint64
	first, last    int64
}

// hostFields are the fields of an IP in JSON and CSV, in their order.
var hostFields = []column[host]{
	{name: "ip", kind: text, append: func(b []byte, h *host) []byte { return h.addr.AppendTo(b) }},
	{name: "bytes_sent", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sent.WireBytes) }},
	{name: "bytes_received", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.received.WireBytes) }},
	{name: "total_bytes", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.bytes()) }},
	{name: "packets_sent", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets) }},
	{name: "packets_received", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.received.Packets) }},
	{name: "total_packets", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets+h.received.Packets) }},
	{name: "session_count", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sessions) }},
	{name: "first_seen", kind: text, append: func(b []byte, h *host) []byte { return appendTime(b, h.first) }},
	{name: "last_seen", kind: text, append: func(b []byte, h *host) []byte { return appendTime(b, h.last) }},
}

// hostTable are the columns of the table of IPs.
var hostTable = []column[host]{
	{name: "IP", kind: text, append: func(b []byte, h *host) []byte { return h.addr.AppendTo(b) }},
	{name: "BYTES SENT", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sent.WireBytes) }},
	{name: "RECV", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.received.WireBytes) }},
	{name: "TOTAL", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.bytes()) }},
	{name: "PKTS SENT", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets) }},
	{name: "RECV", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.received.Packets) }},
	{name: "SESSIONS", kind: number, append: func(b []byte, h *host) []byte { return appendUint(b, h.sessions) }},
	{name: "LAST SEEN", kind: text, append: func(b []byte, h *host) []byte { return appendTime(b, h.last) }},
}

func (h *host) bytes() uint64 { return h.sent.WireBytes + h.received.WireBytes }

func (h *host) add(sent, received flow.Counters, r *record) {
	h.sent.Add(sent)
	h.received.Add(received)
	h.first, h.last = min(h.first, r.Start), max(h.last, r.Last)
}

// hosts folds sessions into IPs, those with the most bytes first.
func hosts(sessions iter.Seq[*record]) []host {
	index := map[netip.Addr]int{}
	var all []host
	at := func(addr netip.Addr, start int64) *host {
		i, known := index[addr]
		if !known {
			i = len(all)
			index[addr] = i
			all = append(all, host{addr: addr, first: start, last: start})
		}
		return &all[i]
	}
	for r := range sessions {
		src, dst := r.Key.SrcAddr(), r.Key.DstAddr()
		h := at(src, r.Start)
		h.sessions++
		h.add(r.Sent, r.Received, r)
		if dst != src {
			h = at(dst, r.Start)
			h.sessions++
		}
		h.add(r.Received, r.Sent, r)
	}
	slices.SortFunc(all, func(a, b host) int {
		return cmp.Or(cmp.Compare(b.bytes(), a.bytes()), a.addr.Compare(b.addr))
	})
	return all
}

func pointers[T any](rows []T) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range rows {
			if !yield(&rows[i]) {
				return
			}
		}
	}
}
