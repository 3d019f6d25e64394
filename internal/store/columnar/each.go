package columnar

import (
	"context"
	"math"
	"slices"
	"time"

	"netflow-monitor/internal/stats"
)

// Each visits the sessions that match, with the fields alone that are named, in an order
// of their own. The slice is the caller's until visit returns. After patience it ends, with
// a sample of blocks from all of the time; 0 visits all. It returns the part of the rows
// that may match which it has looked at, 0 to 1.
func Each(ctx context.Context, v *View, headers []Header, q *stats.SessionQuery, list []Field, patience time.Duration, visit func([]stats.Session)) (share float64, err error) {
	f, buffer, deadline := newFilter(q), make([]uint16, rowsOfLargest(headers)), time.Now().Add(patience)
	var possible []int
	rows, seen := 0, 0
	for i := range headers {
		if _, ok := f.narrow(&headers[i]); ok {
			possible, rows = append(possible, i), rows+headers[i].Rows
		}
	}
	slices.Sort(list)
	for n := range possible {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if patience > 0 && n > 0 && time.Now().After(deadline) {
			return float64(seen) / float64(rows), nil
		}
		h := &headers[possible[scattered(n, len(possible))]]
		if err := eachOf(v, h, f, list, buffer, visit); err != nil {
			return 0, err
		}
		seen += h.Rows
	}
	return 1, nil
}

// scattered is a permutation of the numbers below size of which every beginning is spread
// over all of them.
func scattered(n, size int) int {
	step := max(int(float64(size)*(math.Sqrt(5)-1)/2), 1)
	for gcd(step, size) > 1 {
		step++
	}
	return n * step % size
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

func eachOf(v *View, h *Header, f filter, list []Field, buffer []uint16, visit func([]stats.Session)) error {
	open, _ := f.narrow(h)
	if err := v.Open(h); err != nil {
		return err
	}
	rows, err := open.rows(v, buffer)
	if err != nil || len(rows) == 0 {
		return err
	}
	sessions := make([]stats.Session, len(rows))
	if err := v.fill(sessions, rows, list); err != nil {
		return err
	}
	visit(sessions)
	return nil
}
