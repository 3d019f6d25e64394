package filter

import "slices"

const (
	// maxBlocks bounds the tests of an expression before optimisation.
	maxBlocks = 16384
	// maxFacts bounds what is remembered on the way to a test; forgetting costs only speed.
	maxFacts = 64
)

// block is a test and where it leads. Blocks are in the order of the expression, and
// lead only forward: to blocks behind them, or to accept or reject.
type block struct {
	test    *test
	yes, no *block

	reached bool
	// facts are what every way here has found out.
	facts []fact
	// a and x are what the registers hold on every way here; nil and no index: unknown.
	a *value
	x index
	// seen is whether a and x were set by a first way.
	seen bool
}

// accept and reject end every way; they have no test.
type ends struct{ accept, reject *block }

// fact is a test's known outcome.
type fact struct {
	test    *test
	outcome bool
}

// flatten makes blocks of a condition; first is where to begin.
func flatten(c cond, e ends) (first *block, all []*block) {
	first = build(c, e.accept, e.reject, &all)
	slices.Reverse(all)
	return first, all
}

// build appends a condition's blocks, the last one first.
func build(c cond, yes, no *block, all *[]*block) *block {
	switch c := c.(type) {
	case *both:
		return build(c.first, build(c.second, yes, no, all), no, all)
	case *either:
		return build(c.first, yes, build(c.second, yes, no, all), all)
	case *inverse:
		return build(c.of, no, yes, all)
	case *test:
		b := &block{test: c, yes: yes, no: no}
		*all = append(*all, b)
		return b
	default:
		if c == always(true) {
			return yes
		}
		return no
	}
}

// maxRounds bounds the optimisation: a second round finds little, a third hardly anything.
const maxRounds = 8

// optimise removes the blocks that don't matter. If first is an end, none does.
func optimise(first *block, all []*block) (*block, []*block) {
	for range maxRounds {
		before := len(all)
		if first, all = prune(first, shorten(first, all)); first.test == nil || len(all) == before {
			break
		}
	}
	return first, all
}

// prune removes the tests of fields that lead to the same place either way. What is not
// tested is not loaded, so a cut packet is not rejected for it; libpcap has it so, too,
// and like here not where there is more to compute.
func prune(first *block, all []*block) (*block, []*block) {
	var kept []*block
	instead := map[*block]*block{}
	resolve := func(b *block) *block {
		if other, ok := instead[b]; ok {
			return other
		}
		return b
	}
	for _, b := range slices.Backward(all) {
		b.reached, b.facts = false, nil
		b.yes.reached, b.no.reached = false, false
		b.yes, b.no = resolve(b.yes), resolve(b.no)
		if b.yes == b.no && b.test.code == nil {
			instead[b] = b.yes
			continue
		}
		kept = append(kept, b)
	}
	slices.Reverse(kept)
	return resolve(first), kept
}

// shorten leads every way past the tests whose outcome is known on it, and returns the
// blocks that are still reached. A test is known only if its field was loaded before on
// the same way: so no load that would reject the packet is lost.
func shorten(first *block, all []*block) []*block {
	first.reached = true
	var kept []*block
	for _, b := range all {
		if !b.reached {
			continue
		}
		kept = append(kept, b)
		b.yes = b.follow(b.yes, true)
		b.no = b.follow(b.no, false)
		b.facts = nil
	}
	return kept
}

// follow finds where a way really leads, and tells the block there what is known.
func (b *block) follow(to *block, outcome bool) *block {
	facts := slices.Clip(b.facts)
	if b.test.code == nil && len(facts) < maxFacts {
		facts = append(facts, fact{b.test, outcome})
	}
	for to.test != nil {
		known, ok := deduce(facts, to.test)
		if !ok {
			break
		}
		if known {
			to = to.yes
		} else {
			to = to.no
		}
	}
	to.arrive(facts)
	return to
}

// arrive keeps of the facts those that hold on every way.
func (b *block) arrive(facts []fact) {
	if !b.reached {
		b.reached, b.facts = true, facts
		return
	}
	var common []fact
	for _, f := range b.facts {
		if known, ok := deduce(facts, f.test); ok && known == f.outcome {
			common = append(common, f)
		}
	}
	for _, f := range facts {
		if known, ok := deduce(b.facts, f.test); ok && known == f.outcome && !slices.Contains(common, f) && len(common) < maxFacts {
			common = append(common, f)
		}
	}
	b.facts = common
}

// deduce tells a test's outcome from facts about the same field.
func deduce(facts []fact, t *test) (outcome, ok bool) {
	if t.code != nil {
		return false, false
	}
	for _, f := range facts {
		if f.test.value != t.value {
			continue
		}
		if f.test.jump == bpfJEQ && f.outcome {
			return jumps(t.jump, f.test.k, t.k), true
		}
		if f.test.jump == t.jump && f.test.k == t.k {
			return f.outcome, true
		}
	}
	return false, false
}

// register notes for every block what A and X hold when it begins.
func register(kept []*block) {
	if len(kept) > 0 {
		kept[0].seen = true
	}
	for _, b := range kept {
		a, x := b.after()
		for _, to := range []*block{b.yes, b.no} {
			if !to.seen {
				to.a, to.x, to.seen = a, x, true
				continue
			}
			if to.a == nil || a == nil || *to.a != *a {
				to.a = nil
			}
			if to.x != x {
				to.x = index{}
			}
		}
	}
}

// after is what A and X hold behind a block.
func (b *block) after() (a *value, x index) {
	if b.test.code != nil {
		return nil, index{}
	}
	x = b.x
	if i := b.test.value.where.index; i != (index{}) && !b.has(b.test.value) && !b.has(value{b.test.value.where, wholeMask}) {
		x = i
	}
	return &b.test.value, x
}

// has is whether A holds a value already.
func (b *block) has(v value) bool { return b.a != nil && *b.a == v }
