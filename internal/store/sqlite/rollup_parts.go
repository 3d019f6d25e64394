package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
)

// part is a time, in seconds, that the rows of one step answer for.
type part struct{ step, from, to int64 }

// extent is what there is of one dimension's roll-ups.
type extent struct {
	dimension int64
	// oldest and end bound the rows of each of rollupSteps; equal if there are none.
	oldest, end [len(rollupSteps)]int64
}

// readExtent returns false for a dimension without rows.
func readExtent(ctx context.Context, tx *sql.Tx, dimension string) (x extent, ok bool, err error) {
	columns := make([]string, 0, 2*len(rollupSteps))
	dst := append(make([]any, 0, 1+2*len(rollupSteps)), &x.dimension)
	for i, step := range rollupSteps {
		where := fmt.Sprintf(" FROM rollups WHERE dimension = d.id AND step = %d", step)
		columns = append(columns, "(SELECT ifnull(min(time), 0)"+where+")", fmt.Sprintf("(SELECT ifnull(max(time) + %d, 0)", step)+where+")")
		dst = append(dst, &x.oldest[i], &x.end[i])
	}
	err = tx.QueryRowContext(ctx, "SELECT id, "+strings.Join(columns, ", ")+" FROM dimensions d WHERE name = ?", dimension).Scan(dst...)
	if errors.Is(err, sql.ErrNoRows) {
		return x, false, nil
	}
	return x, err == nil, err
}

// complete is from when on a tier has all that the next longer one has. Where that one
// begins no earlier, nothing was pruned.
func (x *extent) complete(tier int) int64 {
	longer := rollupSteps[tier+1]
	switch {
	case x.oldest[tier+1] == x.end[tier+1]:
		return math.MinInt64
	case x.oldest[tier] == x.end[tier]:
		return math.MaxInt64
	case x.oldest[tier+1] >= alignDown(x.oldest[tier], longer):
		return math.MinInt64
	default:
		// What is pruned are whole ones of the longer steps, so the first has all of its rows.
		return alignDown(x.oldest[tier], longer)
	}
}

// parts divides [from, to) among the tiers: days for what are whole days, hours for whole
// hours, minutes for the rest. What a tier has no longer, the next one answers, by what
// begins within.
func (x *extent) parts(from, to int64) []part {
	from, to = max(from, x.earliest()), min(to, x.latest())
	var parts []part
	x.divide(&parts, len(rollupSteps)-1, from, to)
	return parts
}

func (x *extent) divide(parts *[]part, tier int, from, to int64) {
	if from >= to {
		return
	}
	if tier < len(rollupSteps)-1 {
		if whole := x.complete(tier); from < whole {
			longer := rollupSteps[tier+1]
			until := min(whole, to)
			*parts = append(*parts, part{longer, alignUp(from, longer), until})
			from = until
		}
	}
	if from >= to {
		return
	}
	if tier == 0 {
		*parts = append(*parts, part{rollupSteps[0], alignUp(from, rollupSteps[0]), to})
		return
	}
	first, last := alignUp(from, rollupSteps[tier]), alignDown(to, rollupSteps[tier])
	if first >= last {
		x.divide(parts, tier-1, from, to)
		return
	}
	x.divide(parts, tier-1, from, first)
	*parts = append(*parts, part{rollupSteps[tier], first, last})
	x.divide(parts, tier-1, last, to)
}

func (x *extent) earliest() int64 {
	t := int64(math.MaxInt64)
	for i := range x.oldest {
		if x.oldest[i] < x.end[i] {
			t = min(t, x.oldest[i])
		}
	}
	return t
}

func (x *extent) latest() int64 {
	t := int64(math.MinInt64)
	for i := range x.end {
		if x.oldest[i] < x.end[i] {
			t = max(t, x.end[i])
		}
	}
	return t
}

// partsSQL is the parts as a table of step, first and last.
func partsSQL(parts []part) string {
	rows := make([]string, len(parts))
	for i, p := range parts {
		rows[i] = fmt.Sprintf("(%d,%d,%d)", p.step, p.from, p.to)
	}
	return "part (step, first, last) AS (VALUES " + strings.Join(rows, ",") + ")"
}

// timesSQL are the beginnings of all steps within the parts.
const timesSQL = `times (step, time, last) AS (SELECT step, first, last FROM part WHERE first < last
	UNION ALL SELECT step, time + step, last FROM times WHERE time + step < last)`

func alignDown(t, step int64) int64 { return t - ((t%step)+step)%step }

func alignUp(t, step int64) int64 { return -alignDown(-t, step) }

// ceilSeconds is the first whole second at or after a time in nanoseconds.
func ceilSeconds(ns int64) int64 {
	s := ns / 1e9
	if s*1e9 < ns {
		s++
	}
	return s
}
