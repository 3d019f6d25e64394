package filter

import "golang.org/x/net/bpf"

// cond is what decides about a packet: a tree of tests.
type cond interface{ cond() }

type (
	// always is a condition that needs no packet.
	always bool
	both   struct{ first, second cond }
	either struct{ first, second cond }
	// inverse is true where a condition is false.
	inverse struct{ of cond }
	// test compares a value with a constant.
	test struct {
		value value
		// code computes the value where it is more than a load, and clobbers A and X.
		code []bpf.RawInstruction
		// jump is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET.
		jump uint16
		k    uint32
		// byX compares with X instead of k; only with code.
		byX bool
	}
)

func (always) cond()   {}
func (*both) cond()    {}
func (*either) cond()  {}
func (*inverse) cond() {}
func (*test) cond()    {}

// value is a field of the packet, or of what is known about it.
type value struct {
	where place
	mask  uint32 // what counts of it
}

// place is where a value is loaded from.
type place struct {
	mode  uint16 // bpfABS or bpfLEN
	size  uint16 // bpfW, bpfH or bpfB
	off   uint32
	index index
}

// index is what is added to an offset when the packet is known.
type index struct {
	// shifted adds the length of a VLAN tag that the kernel left in the frame.
	shifted bool
	// header adds the length of the IPv4 header at an offset, itself shifted or not.
	header bool
	at     uint32
}

const wholeMask = 1<<32 - 1

// all, anyOf and not fold constants, but drop no test before one: it may reject the packet.
func all(conds ...cond) cond {
	var result cond = always(true)
	for _, c := range conds {
		switch {
		case result == always(false):
		case result == always(true):
			result = c
		case c != always(true):
			result = &both{result, c}
		}
	}
	return result
}

func anyOf(conds ...cond) cond {
	var result cond = always(false)
	for _, c := range conds {
		switch {
		case result == always(true):
		case result == always(false):
			result = c
		case c != always(false):
			result = &either{result, c}
		}
	}
	return result
}

func not(c cond) cond {
	switch c := c.(type) {
	case always:
		return !c
	case *inverse:
		return c.of
	default:
		return &inverse{c}
	}
}

// compare tests a field with a constant. A single bit needs no masking.
func compare(where place, mask uint32, jump uint16, k uint32) cond {
	if mask != wholeMask && jump == bpfJEQ && k == 0 {
		return not(&test{value: value{where, wholeMask}, jump: bpfJSET, k: mask})
	}
	return &test{value: value{where, mask}, jump: jump, k: k}
}

func equal(where place, k uint32) cond { return compare(where, wholeMask, bpfJEQ, k) }
