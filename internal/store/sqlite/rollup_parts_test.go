package sqlite

import (
	"math/rand/v2"
	"testing"
)

// However the tiers were pruned, no minute is answered twice, and a minute that a tier still
// has within the range is answered, if need be with the rest of its hour or day.
func TestPartsDivideTheTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var x extent
		end := 20*day + r.Int64N(day)/minute*minute
		for i, step := range rollupSteps {
			x.oldest[i], x.end[i] = alignDown(r.Int64N(20*day), step), alignUp(end, step)
		}
		x.oldest[2] = min(x.oldest[2], alignDown(x.oldest[1], day))
		x.oldest[1] = min(x.oldest[1], alignDown(x.oldest[0], hour))
		x.oldest[2] = min(x.oldest[2], alignDown(x.oldest[1], day))
		from := r.Int64N(22*day) / minute * minute
		to := from + r.Int64N(4*day)/minute*minute
		answered := make(map[int64]int)
		for _, p := range x.parts(from, to) {
			if p.from%p.step != 0 {
				t.Fatalf("%+v, [%d, %d): part %+v is not aligned", x, from, to, p)
			}
			for at := p.from; at < p.to; at += p.step {
				if at < from || at >= to {
					t.Fatalf("%+v, [%d, %d): %d of part %+v is not within", x, from, to, at, p)
				}
				for m := at; m < at+p.step; m += minute {
					answered[m]++
				}
			}
		}
		for m, n := range answered {
			if n > 1 {
				t.Fatalf("%+v, [%d, %d): minute %d is answered %d times", x, from, to, m, n)
			}
		}
		whole := max(x.complete(0), x.complete(1), x.oldest[0])
		for m := max(from, whole); m < min(to, end); m += minute {
			if answered[m] == 0 {
				t.Fatalf("%+v, [%d, %d): minute %d is not answered", x, from, to, m)
			}
		}
	}
}
