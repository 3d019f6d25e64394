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
	{name: "ip", append: appendHost,
		about: about{"address", "The address that is counted, as a source and as a destination.", ""}},
	{name: "bytes_sent", count: func(h *host) uint64 { return h.sent.WireBytes },
		about: about{"bytes", "Wire bytes that the address sent.", ""}},
	{name: "bytes_received", count: func(h *host) uint64 { return h.received.WireBytes },
		about: about{"bytes", "Wire bytes that were sent to it.", ""}},
	{name: "total_bytes", count: (*host).bytes,
		about: about{"bytes", "Both together; the order of the rows.", ""}},
	{name: "packets_sent", count: func(h *host) uint64 { return h.sent.Packets },
		about: about{"packets", "Packets that the address sent.", ""}},
	{name: "packets_received", count: func(h *host) uint64 { return h.received.Packets },
		about: about{"packets", "Packets that were sent to it.", ""}},
	{name: "total_packets", count: func(h *host) uint64 { return h.sent.Packets + h.received.Packets },
		about: about{"packets", "Both together.", ""}},
	{name: "session_count", count: func(h *host) uint64 { return h.sessions },
		about: about{"sessions", "Sessions with the address at one end, or at both.", ""}},
	{name: "first_seen", append: func(b []byte, h *host) []byte { return appendTime(b, h.first) },
		about: about{"time", "The first packet of its sessions.", ""}},
	{name: "last_seen", append: func(b []byte, h *host) []byte { return appendTime(b, h.last) },
		about: about{"time", "The latest packet of its sessions.", ""}},
}

// hostTable are the columns of the table of IPs.
var hostTable = []column[host]{
	{name: "IP", append: appendHost},
	{name: "BYTES SENT", count: func(h *host) uint64 { return h.sent.WireBytes }},
	{name: "RECV", count: func(h *host) uint64 { return h.received.WireBytes }},
	{name: "TOTAL", count: (*host).bytes},
	{name: "PKTS SENT", count: func(h *host) uint64 { return h.sent.Packets }},
	{name: "RECV", count: func(h *host) uint64 { return h.received.Packets }},
	{name: "SESSIONS", count: func(h *host) uint64 { return h.sessions }},
	{name: "LAST SEEN", append: func(b []byte, h *host) []byte { return appendTime(b, h.last) }},
}

func appendHost(b []byte, h *host) []byte { return h.addr.AppendTo(b) }

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
