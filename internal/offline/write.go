package offline

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

// Format is how rows are written.
type Format uint8

// The formats: an aligned table with totals, one JSON object a line, CSV with a
// header line.
const (
	Table Format = iota
	JSON
	CSV
)

// WriteSessions writes all sessions in their order.
func (r *Result) WriteSessions(w io.Writer, format Format) error {
	return write(w, format, sessionFields, sessionTable, r.Sessions.All(), r.Sessions.unsorted(), func() string {
		total := r.Totals()
		return fmt.Sprintf("%d sessions, %d packets, %d bytes on the wire, %d IP bytes, %d payload bytes",
			r.Sessions.Len(), total.Packets, total.WireBytes, total.IPBytes, total.PayloadBytes)
	})
}

// WriteHosts writes all IPs, those with the most bytes first.
func (r *Result) WriteHosts(w io.Writer, format Format) error {
	all := hosts(r.Sessions.All())
	return write(w, format, hostFields, hostTable, pointers(all), pointers(all), func() string {
		total := r.Totals()
		return fmt.Sprintf("%d IPs, %d sessions, %d packets, %d bytes on the wire",
			len(all), r.Sessions.Len(), total.Packets, total.WireBytes)
	})
}

func write[T any](w io.Writer, format Format, fields, table []column[T], rows, unsorted iter.Seq[*T], total func() string) error {
	lines := newLineWriter(w)
	switch format {
	case JSON:
		writeJSON(lines, fields, rows)
	case CSV:
		writeCSV(lines, fields, rows)
	case Table:
		writeTable(lines, table, rows, unsorted)
		lines.endLine()
		lines.buf = append(lines.buf, total()...)
		lines.endLine()
	}
	if err := lines.close(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// Summary says in a line or two what was read and what could not be metered.
func (r *Result) Summary() string {
	c := &r.Counters
	var b strings.Builder
	fmt.Fprintf(&b, "%d packets read, %d decoded, %d refused", c.Input.Packets, c.Metered(), c.Input.Refused)
	if c.Input.Refused > 0 {
		fmt.Fprintf(&b, " (%s)", faults(c.Faults))
	}
	fmt.Fprintf(&b, ", %d cut short by the capture, %d sessions", c.Input.Truncated, c.Started)
	if r.Files != 1 {
		fmt.Fprintf(&b, " from %d files", r.Files)
	}
	if n := c.Ended[flow.EndLackOfResources]; n > 0 {
		fmt.Fprintf(&b, "\n%d sessions ended early: more than %d at the same time", n, maxSessions)
	}
	return b.String()
}

func faults(counts [packet.FaultCount]uint64) string {
	var parts []string
	for fault, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", packet.Fault(fault), n))
		}
	}
	return strings.Join(parts, ", ")
}
