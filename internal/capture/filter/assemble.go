package filter

import (
	"slices"
	"strconv"

	"golang.org/x/net/bpf"
)

// maxJump is how far a conditional jump reaches.
const maxJump = 255

// assembler writes a program from its end to its beginning, so that it knows how far
// each jump goes when it writes it.
type assembler struct {
	reversed []bpf.RawInstruction
	// at is where in reversed a block begins.
	at      map[*block]int
	ends    ends
	snapLen uint32
}

// assemble makes the program of a condition.
func assemble(c cond, prologue []bpf.RawInstruction, snapLen uint32) ([]bpf.RawInstruction, *Error) {
	e := ends{&block{}, &block{}}
	first, kept := flatten(c, e)
	if len(kept) > maxBlocks {
		return nil, tooLong(len(kept))
	}
	switch first, kept = optimise(first, kept); first {
	case e.accept:
		return []bpf.RawInstruction{ins(bpfRET|bpfK, snapLen)}, nil
	case e.reject:
		return nil, &Error{Reason: "no packet can match", Remedy: "remove a condition that contradicts the rest or the link type"}
	}
	register(kept)
	w := &assembler{at: map[*block]int{}, ends: e, snapLen: snapLen}
	w.begin(e.reject, []bpf.RawInstruction{ins(bpfRET|bpfK, 0)})
	w.begin(e.accept, []bpf.RawInstruction{ins(bpfRET|bpfK, snapLen)})
	for _, b := range slices.Backward(kept) {
		w.block(b)
	}
	program := w.reversed
	slices.Reverse(program)
	program = append(slices.Clip(prologue), program...)
	if len(program) > maxInstructions {
		return nil, tooLong(len(program))
	}
	return program, nil
}

func tooLong(n int) *Error {
	return &Error{
		Reason: "program is too long (" + strconv.Itoa(n) + " instructions)",
		Remedy: "the kernel takes " + strconv.Itoa(maxInstructions) + ": use net and portrange instead of many hosts and ports",
	}
}

// begin puts instructions before all others, and notes that a block begins there.
func (w *assembler) begin(b *block, code []bpf.RawInstruction) {
	for _, in := range slices.Backward(code) {
		w.reversed = append(w.reversed, in)
	}
	w.at[b] = len(w.reversed) - 1
}

func (w *assembler) block(b *block) {
	t := b.test
	code := slices.Clone(t.code)
	if t.code == nil {
		code = b.load()
	}
	jump := ins(bpfJMP|t.jump|bpfK, t.k)
	if t.byX {
		jump = ins(bpfJMP|t.jump|bpfX, 0)
	}
	// A stepping stone for one way puts the other way one instruction farther.
	no := w.reach(b.no, 1)
	yes := w.reach(b.yes, 0)
	jump.Jf = uint8(w.distance(no))
	jump.Jt = uint8(w.distance(yes))
	w.begin(b, append(code, jump))
}

// reach is where a jump to a block has to go, given that so many more instructions may
// still come between: to the block, or to a stepping stone that is put here.
func (w *assembler) reach(to *block, more int) int {
	at := w.at[to]
	if w.distance(at)+more <= maxJump {
		return at
	}
	var stone bpf.RawInstruction
	switch to {
	case w.ends.accept:
		stone = ins(bpfRET|bpfK, w.snapLen)
	case w.ends.reject:
		stone = ins(bpfRET|bpfK, 0)
	default:
		stone = ins(bpfJMP|bpfJA, uint32(w.distance(at)))
	}
	w.reversed = append(w.reversed, stone)
	return len(w.reversed) - 1
}

// distance is how many instructions the next one to be written has to skip.
func (w *assembler) distance(at int) int { return len(w.reversed) - 1 - at }

// load puts a test's value into A, as far as it is not there yet.
func (b *block) load() []bpf.RawInstruction {
	v := b.test.value
	if b.has(v) {
		return nil
	}
	var code []bpf.RawInstruction
	if !b.has(value{v.where, wholeMask}) {
		if v.where.index != (index{}) && b.x != v.where.index {
			code = loadIndex(v.where.index)
		}
		code = append(code, loadPlace(v.where))
	}
	if v.mask != wholeMask {
		code = append(code, ins(bpfALU|bpfAND|bpfK, v.mask))
	}
	return code
}
