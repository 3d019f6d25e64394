package columnar

import (
	"slices"

	"netflow-monitor/internal/stats"
)

// anyOf matches if one of the terms does.
func anyOf(terms []stats.Term) condition {
	conditions := make([]condition, len(terms))
	for i := range terms {
		conditions[i] = termCondition(&terms[i])
	}
	return condition{
		judge: func(h *Header) verdict {
			best := noRow
			for _, c := range conditions {
				switch c.judge(h) {
				case allRows:
					return allRows
				case someRows:
					best = someRows
				case noRow:
				}
			}
			return best
		},
		test: func(v *View) (func(uint16) bool, error) {
			var tests []func(uint16) bool
			for _, c := range conditions {
				if c.judge(v.Header) == noRow {
					continue
				}
				test, err := c.test(v)
				if err != nil {
					return nil, err
				}
				tests = append(tests, test)
			}
			return func(row uint16) bool {
				return slices.ContainsFunc(tests, func(test func(uint16) bool) bool { return test(row) })
			}, nil
		},
	}
}

func termCondition(t *stats.Term) condition {
	switch {
	case t.Network.IsValid():
		return inNetwork(t.Network, Src, Dst)
	case t.Port != 0:
		return either(SrcPort, DstPort, uint64(t.Port))
	case t.Protocol != nil:
		return equal(Protocol, uint64(*t.Protocol))
	case t.Country != "":
		return inCountry(t.Country)
	case t.ASN != 0:
		return either(SrcASN, DstASN, uint64(t.ASN))
	case t.State != nil:
		return equal(State, uint64(*t.State))
	case t.Point != 0:
		return seenAt(t.Point)
	}
	return never()
}
