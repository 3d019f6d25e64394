package filter

import "golang.org/x/net/bpf"

// The codes of classic BPF (Linux: Documentation/networking/filter.rst).
const (
	bpfLD   = 0x00
	bpfLDX  = 0x01
	bpfST   = 0x02
	bpfALU  = 0x04
	bpfJMP  = 0x05
	bpfRET  = 0x06
	bpfMISC = 0x07

	bpfW = 0x00
	bpfH = 0x08
	bpfB = 0x10

	bpfIMM = 0x00
	bpfABS = 0x20
	bpfIND = 0x40
	bpfMEM = 0x60
	bpfLEN = 0x80
	bpfMSH = 0xa0

	bpfADD = 0x00
	bpfSUB = 0x10
	bpfMUL = 0x20
	bpfDIV = 0x30
	bpfOR  = 0x40
	bpfAND = 0x50
	bpfLSH = 0x60
	bpfRSH = 0x70
	bpfMOD = 0x90
	bpfXOR = 0xa0

	bpfJA   = 0x00
	bpfJEQ  = 0x10
	bpfJGT  = 0x20
	bpfJGE  = 0x30
	bpfJSET = 0x40

	bpfK = 0x00
	bpfX = 0x08

	bpfTAX = 0x00

	// Offsets at which the kernel answers questions about a packet (SKF_AD_OFF + …).
	askType        = 0xfffff000 + 4  // PACKET_HOST to PACKET_OUTGOING
	askInterface   = 0xfffff000 + 8  // index
	askVLANTag     = 0xfffff000 + 44 // the removed tag
	askVLANPresent = 0xfffff000 + 48 // whether there is one: 0 or 1

	packetOutgoing = 4 // PACKET_OUTGOING, also in cooked captures

	scratchCells = 16
	// shiftCell holds the length of a VLAN tag that the kernel left in the frame.
	shiftCell = 0
)

func ins(code uint16, k uint32) bpf.RawInstruction { return bpf.RawInstruction{Op: code, K: k} }

// loadIndex puts an index into X; with a shifted header it clobbers A.
func loadIndex(i index) []bpf.RawInstruction {
	switch {
	case i.shifted && i.header:
		return []bpf.RawInstruction{
			ins(bpfLDX|bpfW|bpfMEM, shiftCell), ins(bpfLD|bpfB|bpfIND, i.at),
			ins(bpfALU|bpfAND|bpfK, 0xf), ins(bpfALU|bpfLSH|bpfK, 2), ins(bpfALU|bpfADD|bpfX, 0), ins(bpfMISC|bpfTAX, 0),
		}
	case i.shifted:
		return []bpf.RawInstruction{ins(bpfLDX|bpfW|bpfMEM, shiftCell)}
	case i.header:
		return []bpf.RawInstruction{ins(bpfLDX|bpfB|bpfMSH, i.at)}
	default:
		return nil
	}
}

// loadPlace puts a field into A; its index must be in X.
func loadPlace(p place) bpf.RawInstruction {
	if p.index != (index{}) {
		return ins(bpfLD|p.size|bpfIND, p.off)
	}
	return ins(bpfLD|p.size|p.mode, p.off)
}

// measureShift begins a program that looks behind a VLAN tag in the kernel.
func measureShift() []bpf.RawInstruction {
	return []bpf.RawInstruction{
		ins(bpfLD|bpfW|bpfABS, askVLANPresent), ins(bpfALU|bpfXOR|bpfK, 1), ins(bpfALU|bpfLSH|bpfK, 2), ins(bpfST, shiftCell),
	}
}
