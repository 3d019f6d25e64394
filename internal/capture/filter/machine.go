package filter

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// action is what a step of the machine does. They are dense, so that the machine's
// switch is a jump table.
type action uint8

const (
	doReject action = iota
	doAccept
	doJump
	doIfEqual
	doIfGreater
	doIfNotLess
	doIfAnyBit
	doIfEqualX
	doIfGreaterX
	doIfNotLessX
	doLoad8
	doLoad16
	doLoad32
	doLoad8X
	doLoad16X
	doLoad32X
	doHeaderX
	doLength
	doImmediate
	doLoadCell
	doLoadCellX
	doStore
	doToX
	doNegate
	doAdd
	doSub
	doMul
	doDiv
	doMod
	doAnd
	doOr
	doXor
	doLeft
	doRight
	doAddX
	doSubX
	doMulX
	doDivX
	doModX
	doAndX
	doOrX
	doXorX
	doLeftX
	doRightX
)

var actions = map[uint16]action{
	bpfJMP | bpfJA:         doJump,
	bpfJMP | bpfJEQ | bpfK: doIfEqual, bpfJMP | bpfJGT | bpfK: doIfGreater, bpfJMP | bpfJGE | bpfK: doIfNotLess,
	bpfJMP | bpfJSET | bpfK: doIfAnyBit,
	bpfJMP | bpfJEQ | bpfX:  doIfEqualX, bpfJMP | bpfJGT | bpfX: doIfGreaterX, bpfJMP | bpfJGE | bpfX: doIfNotLessX,
	bpfLD | bpfB | bpfABS: doLoad8, bpfLD | bpfH | bpfABS: doLoad16, bpfLD | bpfW | bpfABS: doLoad32,
	bpfLD | bpfB | bpfIND: doLoad8X, bpfLD | bpfH | bpfIND: doLoad16X, bpfLD | bpfW | bpfIND: doLoad32X,
	bpfLDX | bpfB | bpfMSH: doHeaderX, bpfLD | bpfW | bpfLEN: doLength, bpfLD | bpfW | bpfIMM: doImmediate,
	bpfLD | bpfW | bpfMEM: doLoadCell, bpfLDX | bpfW | bpfMEM: doLoadCellX, bpfST: doStore,
	bpfMISC | bpfTAX: doToX, bpfALU | bpfNEG: doNegate,
	bpfALU | bpfADD | bpfK: doAdd, bpfALU | bpfSUB | bpfK: doSub, bpfALU | bpfMUL | bpfK: doMul, bpfALU | bpfDIV | bpfK: doDiv,
	bpfALU | bpfMOD | bpfK: doMod, bpfALU | bpfAND | bpfK: doAnd, bpfALU | bpfOR | bpfK: doOr, bpfALU | bpfXOR | bpfK: doXor,
	bpfALU | bpfLSH | bpfK: doLeft, bpfALU | bpfRSH | bpfK: doRight,
	bpfALU | bpfADD | bpfX: doAddX, bpfALU | bpfSUB | bpfX: doSubX, bpfALU | bpfMUL | bpfX: doMulX, bpfALU | bpfDIV | bpfX: doDivX,
	bpfALU | bpfMOD | bpfX: doModX, bpfALU | bpfAND | bpfX: doAndX, bpfALU | bpfOR | bpfX: doOrX, bpfALU | bpfXOR | bpfX: doXorX,
	bpfALU | bpfLSH | bpfX: doLeftX, bpfALU | bpfRSH | bpfX: doRightX,
}

// step is an instruction for the machine.
type step struct {
	do      action
	yes, no uint8
	k       uint32
}

func decode(raw []bpf.RawInstruction) []step {
	code := make([]step, len(raw))
	for i, in := range raw {
		do := actions[in.Op]
		if in.Op == bpfRET|bpfK && in.K != 0 {
			do = doAccept
		}
		code[i] = step{do, in.Jt, in.Jf, in.K}
	}
	return code
}

// Match runs the program over a frame's captured bytes; wireLen is its whole length in
// bytes. It does not allocate, and may be called from many goroutines. It does not
// answer what only the kernel knows: a program compiled for the kernel belongs there.
//
//nolint:funlen,gocognit // a machine is one switch: split up it would be slower and no clearer
func (p *Program) Match(data []byte, wireLen uint32) bool {
	var a, x uint32
	var cells [scratchCells]uint32
	code := p.code
	size := uint64(len(data))
	for pc := 0; pc < len(code); pc++ {
		in := &code[pc]
		var taken bool
		switch in.do {
		case doReject:
			return false
		case doAccept:
			return true
		case doJump:
			pc += int(in.k)
			continue
		case doIfEqual:
			taken = a == in.k
		case doIfGreater:
			taken = a > in.k
		case doIfNotLess:
			taken = a >= in.k
		case doIfAnyBit:
			taken = a&in.k != 0
		case doIfEqualX:
			taken = a == x
		case doIfGreaterX:
			taken = a > x
		case doIfNotLessX:
			taken = a >= x
		case doLoad8, doLoad8X:
			at := in.k
			if in.do == doLoad8X {
				at += x
			}
			if uint64(at) >= size {
				return false
			}
			a = uint32(data[at])
			continue
		case doLoad16, doLoad16X:
			at := in.k
			if in.do == doLoad16X {
				at += x
			}
			if uint64(at)+2 > size {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[at:]))
			continue
		case doLoad32, doLoad32X:
			at := in.k
			if in.do == doLoad32X {
				at += x
			}
			if uint64(at)+4 > size {
				return false
			}
			a = binary.BigEndian.Uint32(data[at:])
			continue
		case doHeaderX:
			if uint64(in.k) >= size {
				return false
			}
			x = uint32(data[in.k]&0xf) << 2
			continue
		case doLength:
			a = wireLen
			continue
		case doImmediate:
			a = in.k
			continue
		case doLoadCell:
			a = cells[in.k%scratchCells]
			continue
		case doLoadCellX:
			x = cells[in.k%scratchCells]
			continue
		case doStore:
			cells[in.k%scratchCells] = a
			continue
		case doToX:
			x = a
			continue
		case doDivX, doModX:
			if x == 0 {
				return false
			}
			a = alu(in.do, a, x)
			continue
		case doAdd, doSub, doMul, doDiv, doMod, doAnd, doOr, doXor, doLeft, doRight, doNegate:
			a = alu(in.do, a, in.k)
			continue
		default:
			a = alu(in.do, a, x)
			continue
		}
		if taken {
			pc += int(in.yes)
		} else {
			pc += int(in.no)
		}
	}
	return false
}

// alu computes; the caller has looked at divisors.
func alu(do action, a, b uint32) uint32 {
	switch do {
	case doNegate:
		return -a
	case doAdd, doAddX:
		return a + b
	case doSub, doSubX:
		return a - b
	case doMul, doMulX:
		return a * b
	case doDiv, doDivX:
		return a / b
	case doMod, doModX:
		return a % b
	case doAnd, doAndX:
		return a & b
	case doOr, doOrX:
		return a | b
	case doXor, doXorX:
		return a ^ b
	case doLeft, doLeftX:
		return a << b
	default:
		return a >> b
	}
}
