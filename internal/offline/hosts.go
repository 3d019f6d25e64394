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
	{"ip", text, func(b []byte, h *host) []byte { return h.addr.AppendTo(b) }, nil},
	{"bytes_sent", number, func(b []byte, h *host) []byte { return appendUint(b, h.sent.WireBytes) }, nil},
	{"bytes_received", number, func(b []byte, h *host) []byte { return appendUint(b, h.received.WireBytes) }, nil},
	{"total_bytes", number, func(b []byte, h *host) []byte { return appendUint(b, h.bytes()) }, nil},
	{"packets_sent", number, func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets) }, nil},
	{"packets_received", number, func(b []byte, h *host) []byte { return appendUint(b, h.received.Packets) }, nil},
	{"total_packets", number, func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets+h.received.Packets) }, nil},
	{"session_count", number, func(b []byte, h *host) []byte { return appendUint(b, h.sessions) }, nil},
	{"first_seen", text, func(b []byte, h *host) []byte { return appendTime(b, h.first) }, nil},
	{"last_seen", text, func(b []byte, h *host) []byte { return appendTime(b, h.last) }, nil},
}

// hostTable are the columns of the table of IPs.
var hostTable = []column[host]{
	{"IP", text, func(b []byte, h *host) []byte { return h.addr.AppendTo(b) }, nil},
	{"BYTES SENT", number, func(b []byte, h *host) []byte { return appendUint(b, h.sent.WireBytes) }, nil},
	{"RECV", number, func(b []byte, h *host) []byte { return appendUint(b, h.received.WireBytes) }, nil},
	{"TOTAL", number, func(b []byte, h *host) []byte { return appendUint(b, h.bytes()) }, nil},
	{"PKTS SENT", number, func(b []byte, h *host) []byte { return appendUint(b, h.sent.Packets) }, nil},
	{"RECV", number, func(b []byte, h *host) []byte { return appendUint(b, h.received.Packets) }, nil},
	{"SESSIONS", number, func(b []byte, h *host) []byte { return appendUint(b, h.sessions) }, nil},
	{"LAST SEEN", text, func(b []byte, h *host) []byte { return appendTime(b, h.last) }, nil},
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
