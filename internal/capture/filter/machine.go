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
	// These load a field and test it, or mask A and test it, at once: most of a filter
	// is that.
	doByteIs
	doHalfIs
	doWordIs
	doHalfHas
	doHalfXIs
	doMaskedIs

	doIfEqual
	doIfGreater
	doIfNotLess
	doIfAnyBit
	doIfEqualX
	doIfGreaterX
	doIfNotLessX
	doByte
	doHalf
	doWord
	doByteX
	doHalfX
	doWordX
	doHeaderX
	doLength
	doImmediate
	doLoadCell
	doLoadCellX
	doStore
	doToX
	doCompute  // A with k
	doComputeX // A with X
)

var actions = map[uint16]action{
	bpfJMP | bpfJA:         doJump,
	bpfJMP | bpfJEQ | bpfK: doIfEqual, bpfJMP | bpfJGT | bpfK: doIfGreater, bpfJMP | bpfJGE | bpfK: doIfNotLess,
	bpfJMP | bpfJSET | bpfK: doIfAnyBit,
	bpfJMP | bpfJEQ | bpfX:  doIfEqualX, bpfJMP | bpfJGT | bpfX: doIfGreaterX, bpfJMP | bpfJGE | bpfX: doIfNotLessX,
	bpfLD | bpfB | bpfABS: doByte, bpfLD | bpfH | bpfABS: doHalf, bpfLD | bpfW | bpfABS: doWord,
	bpfLD | bpfB | bpfIND: doByteX, bpfLD | bpfH | bpfIND: doHalfX, bpfLD | bpfW | bpfIND: doWordX,
	bpfLDX | bpfB | bpfMSH: doHeaderX, bpfLD | bpfW | bpfLEN: doLength, bpfLD | bpfW | bpfIMM: doImmediate,
	bpfLD | bpfW | bpfMEM: doLoadCell, bpfLDX | bpfW | bpfMEM: doLoadCellX, bpfST: doStore, bpfMISC | bpfTAX: doToX,
}

// fused are pairs of an action and the test behind it.
var fused = map[[2]action]action{
	{doByte, doIfEqual}: doByteIs, {doHalf, doIfEqual}: doHalfIs, {doWord, doIfEqual}: doWordIs,
	{doHalf, doIfAnyBit}: doHalfHas, {doHalfX, doIfEqual}: doHalfXIs, {doCompute, doIfEqual}: doMaskedIs,
}

// step is an instruction for the machine, or two.
type step struct {
	do      action
	alu     uint8  // operation of doCompute
	yes, no uint16 // the steps that follow a test
	k       uint32
	test    uint32 // what a fused test compares with
}

// decode keeps one step for every instruction, so that jumps keep their targets, also
// where an instruction is done by the step before it too.
func decode(raw []bpf.RawInstruction) []step {
	code := make([]step, len(raw))
	for i, in := range raw {
		s := step{do: actions[in.Op], yes: uint16(i + 1), k: in.K}
		switch in.Op & 0x07 {
		case bpfRET:
			if in.K != 0 {
				s.do = doAccept
			}
		case bpfALU:
			s.do, s.alu = doCompute, uint8(in.Op&0xf0)
			if in.Op&bpfX != 0 {
				s.do = doComputeX
			}
		case bpfJMP:
			s.yes, s.no = uint16(i+1+int(in.Jt)), uint16(i+1+int(in.Jf))
			if s.do == doJump {
				s.yes = uint16(i + 1 + int(in.K))
			}
		}
		code[i] = s
	}
	for i := range len(code) - 1 {
		s, next := &code[i], &code[i+1]
		do, ok := fused[[2]action{s.do, next.do}]
		if ok && (do != doMaskedIs || s.alu == bpfAND) {
			s.do, s.yes, s.no, s.test = do, next.yes, next.no, next.k
		}
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
	code, size := p.code, uint64(len(data))
	var pc uint16
	for int(pc) < len(code) {
		in := &code[pc]
		at := uint64(in.k)
		var taken bool
		switch in.do {
		case doReject:
			return false
		case doAccept:
			return true
		case doByteIs:
			if at >= size {
				return false
			}
			a = uint32(data[at])
			taken = a == in.test
		case doHalfIs:
			if at+2 > size {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[at : at+2]))
			taken = a == in.test
		case doWordIs:
			if at+4 > size {
				return false
			}
			a = binary.BigEndian.Uint32(data[at : at+4])
			taken = a == in.test
		case doHalfHas:
			if at+2 > size {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[at : at+2]))
			taken = a&in.test != 0
		case doHalfXIs:
			if at += uint64(x); at+2 > size {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[at : at+2]))
			taken = a == in.test
		case doMaskedIs:
			a &= in.k
			taken = a == in.test
		case doHeaderX:
			if at >= size {
				return false
			}
			x = uint32(data[at]&0xf) << 2
			taken = true
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
		default:
			var ok bool
			if a, x, ok = in.run(a, x, &cells, data, wireLen); !ok {
				return false
			}
			taken = true
		}
		if pc = in.no; taken {
			pc = in.yes
		}
	}
	return false
}

// run does what is no test; it is not ok if the packet is to be rejected.
func (s *step) run(a, x uint32, cells *[scratchCells]uint32, data []byte, wireLen uint32) (newA, newX uint32, ok bool) {
	at := uint64(s.k)
	if s.do == doByteX || s.do == doHalfX || s.do == doWordX {
		at += uint64(x)
	}
	size := uint64(len(data))
	switch s.do {
	case doByte, doByteX:
		if at >= size {
			return a, x, false
		}
		a = uint32(data[at])
	case doHalf, doHalfX:
		if at+2 > size {
			return a, x, false
		}
		a = uint32(binary.BigEndian.Uint16(data[at : at+2]))
	case doWord, doWordX:
		if at+4 > size {
			return a, x, false
		}
		a = binary.BigEndian.Uint32(data[at : at+4])
	case doLength:
		a = wireLen
	case doImmediate:
		a = s.k
	case doLoadCell:
		a = cells[s.k%scratchCells]
	case doLoadCellX:
		x = cells[s.k%scratchCells]
	case doStore:
		cells[s.k%scratchCells] = a
	case doToX:
		x = a
	case doCompute:
		a, ok = compute(s.alu, a, s.k)
		return a, x, ok
	case doComputeX:
		a, ok = compute(s.alu, a, x)
		return a, x, ok
	default: // the others are tests and ends
	}
	return a, x, true
}

// compute is not ok if it would divide by zero.
func compute(alu uint8, a, b uint32) (result uint32, ok bool) {
	switch alu {
	case bpfADD:
		return a + b, true
	case bpfSUB:
		return a - b, true
	case bpfMUL:
		return a * b, true
	case bpfAND:
		return a & b, true
	case bpfOR:
		return a | b, true
	case bpfXOR:
		return a ^ b, true
	case bpfLSH:
		return a << b, true
	case bpfRSH:
		return a >> b, true
	default:
		if b == 0 {
			return a, false
		}
		if alu == bpfMOD {
			return a % b, true
		}
		return a / b, true
	}
}
