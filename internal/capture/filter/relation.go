package filter

import (
	"slices"

	"golang.org/x/net/bpf"
)

func (n *relation) compile(g *generator) cond {
	demands := all(g.demands(n.left), g.demands(n.right))
	return all(demands, g.relate(n.op, n.left, n.right))
}

// relate compares without sign.
func (g *generator) relate(op string, left, right arith) cond {
	l, leftConstant := left.(number)
	r, rightConstant := right.(number)
	switch {
	case leftConstant && rightConstant:
		return always(holds(op, l.value, r.value))
	case leftConstant:
		swapped := map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}
		if s, ok := swapped[op]; ok {
			op = s
		}
		return g.relate(op, right, left)
	}
	jump, invert := relationJump(op)
	var c cond
	if v, ok := g.field(left); ok && rightConstant {
		c = compare(v.where, v.mask, jump, r.value)
	} else {
		t := &test{jump: jump, k: r.value, byX: !rightConstant}
		if rightConstant {
			t.code = g.compute(left, 1)
		} else {
			t.code = slices.Concat(g.compute(right, 1), []bpf.RawInstruction{ins(bpfST, 1)},
				g.compute(left, 2), []bpf.RawInstruction{ins(bpfLDX|bpfW|bpfMEM, 1)})
		}
		c = t
	}
	if invert {
		return not(c)
	}
	return c
}

func holds(op string, a, b uint32) bool {
	jump, invert := relationJump(op)
	return jumps(jump, a, b) != invert
}

// relationJump is the instruction of a relation, or of its opposite.
func relationJump(op string) (jump uint16, invert bool) {
	switch op {
	case "=":
		return bpfJEQ, false
	case "!=":
		return bpfJEQ, true
	case ">":
		return bpfJGT, false
	case "<=":
		return bpfJGT, true
	case ">=":
		return bpfJGE, false
	default:
		return bpfJGE, true
	}
}

func jumps(jump uint16, a, b uint32) bool {
	switch jump {
	case bpfJEQ:
		return a == b
	case bpfJGT:
		return a > b
	case bpfJGE:
		return a >= b
	default:
		return a&b != 0
	}
}

// demands are what a packet must be for its headers to be read. Of an operation only the
// left operand demands anything of it, but neither may be impossible; libpcap has it so.
func (g *generator) demands(a arith) cond {
	switch a := a.(type) {
	case *packetLoad:
		return all(g.demands(a.index), g.demand(a))
	case *operation:
		left := g.demands(a.left)
		g.demands(a.right)
		return left
	case *minus:
		return g.demands(a.of)
	default:
		return always(true)
	}
}

func (g *generator) demand(a *packetLoad) cond {
	switch {
	case a.proto == protoLink:
		return always(true)
	case !a.proto.transport():
		return g.carries(a.at, a.proto.etherType)
	case a.proto == protoICMP6:
		return all(g.carries(a.at, etherIPv6), equal(g.payloadField(6, bpfB), a.proto.ipProto))
	default:
		return all(g.carries(a.at, etherIPv4), equal(g.payloadField(9, bpfB), a.proto.ipProto), g.firstFragment())
	}
}

// field is an expression that a single load, with or without a mask, computes.
func (g *generator) field(a arith) (value, bool) {
	switch a := a.(type) {
	case length:
		return value{packetLength(), wholeMask}, true
	case *packetLoad:
		if index, ok := a.index.(number); ok {
			return value{g.offset(a.at, g.start(a), index.value), wholeMask}, true
		}
	case *operation:
		mask, ok := a.right.(number)
		if v, simple := g.field(a.left); simple && ok && a.op == "&" {
			v.mask &= mask.value
			return v, v.mask != 0
		}
	}
	return value{}, false
}

// start is where the header begins that a load reads.
func (g *generator) start(a *packetLoad) place {
	size := map[uint8]uint16{1: bpfB, 2: bpfH, 4: bpfW}[a.size]
	switch {
	case a.proto == protoLink:
		return g.linkField(0, size)
	case !a.proto.transport():
		return g.payloadField(0, size)
	case a.proto == protoICMP6:
		return g.payloadField(40, size)
	default:
		return g.transportField(0, size)
	}
}

// compute leaves an expression in A. It uses the scratch cells from free on, and X.
func (g *generator) compute(a arith, free int) []bpf.RawInstruction {
	if v, ok := g.field(a); ok {
		code := append(loadIndex(v.where.index), loadPlace(v.where))
		if v.mask != wholeMask {
			code = append(code, ins(bpfALU|bpfAND|bpfK, v.mask))
		}
		return code
	}
	switch a := a.(type) {
	case number:
		return []bpf.RawInstruction{ins(bpfLD|bpfW|bpfIMM, a.value)}
	case *minus:
		return append(g.compute(a.of, free), ins(bpfMISC|bpfTAX, 0), ins(bpfLD|bpfW|bpfIMM, 0), ins(bpfALU|bpfSUB|bpfX, 0))
	case *packetLoad:
		return g.computeLoad(a, free)
	case *operation:
		return g.computeOperation(a, free)
	default:
		return nil
	}
}

// computeLoad reads at an offset that depends on the packet.
func (g *generator) computeLoad(a *packetLoad, free int) []bpf.RawInstruction {
	code := g.compute(a.index, free)
	where := g.start(a)
	if where.index != (index{}) {
		cell := g.cell(a.at, free)
		code = append(code, ins(bpfST, cell))
		code = append(code, loadIndex(where.index)...)
		code = append(code, ins(bpfLD|bpfW|bpfMEM, cell), ins(bpfALU|bpfADD|bpfX, 0))
	}
	// To the kernel a negative offset is a question; here it lies outside of every packet.
	code = append(code, bpf.RawInstruction{Op: bpfJMP | bpfJSET | bpfK, Jf: 1, K: 1 << 31}, ins(bpfRET|bpfK, 0))
	return append(code, ins(bpfMISC|bpfTAX, 0), ins(bpfLD|where.size|bpfIND, where.off))
}

var aluCodes = map[string]uint16{
	"+": bpfADD, "-": bpfSUB, "*": bpfMUL, "/": bpfDIV, "%": bpfMOD, "&": bpfAND, "|": bpfOR, "^": bpfXOR, "<<": bpfLSH, ">>": bpfRSH,
}

func (g *generator) computeOperation(a *operation, free int) []bpf.RawInstruction {
	alu := bpfALU | aluCodes[a.op]
	code := g.compute(a.left, free)
	if right, ok := a.right.(number); ok {
		return append(code, ins(alu|bpfK, right.value))
	}
	cell := g.cell(a.at, free)
	code = append(code, ins(bpfST, cell))
	code = append(code, g.compute(a.right, free+1)...)
	if a.op == "<<" || a.op == ">>" {
		// The machines don't agree on shifts by more than 31 bits; here they give 0.
		code = append(code, bpf.RawInstruction{Op: bpfJMP | bpfJGE | bpfK, Jf: 2, K: 32}, ins(bpfLD|bpfW|bpfIMM, 0), ins(bpfJMP|bpfJA, 3))
	}
	return append(code, ins(bpfMISC|bpfTAX, 0), ins(bpfLD|bpfW|bpfMEM, cell), ins(alu|bpfX, 0))
}

// cell is a scratch cell, if there is one left.
func (g *generator) cell(at token, n int) uint32 {
	if n >= scratchCells {
		g.fail(at, "arithmetic needs too many intermediate results", "write the deepest parentheses on the left")
		return scratchCells - 1
	}
	return uint32(n)
}
