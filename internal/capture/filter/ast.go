package filter

// node is a part of an expression that is true or false.
type node interface {
	// compile is called in the order in which the parts are written, because a tag
	// changes where the parts behind it look.
	compile(g *generator) cond
}

type (
	// junction is "and" or "or".
	junction struct {
		or          bool
		left, right node
	}
	negation struct{ of node }

	// hostNode is true for any of its networks.
	hostNode struct {
		at   token
		q    qualifiers
		nets []network
		six  bool
	}
	macNode struct {
		at  token
		q   qualifiers
		mac [6]byte
	}
	// portNode is true for any of its ranges.
	portNode struct {
		at     token
		q      qualifiers
		ranges []portRange
		proto  *protocol // nil: all that have ports
	}
	// numberNode is "proto N".
	numberNode struct {
		at     token
		proto  *protocol
		number uint32
	}
	// presence is a protocol's name alone.
	presence struct {
		at    token
		proto *protocol
	}
	// cast is "broadcast" or "multicast".
	cast struct {
		at        token
		proto     *protocol // nil: of the link layer
		multicast bool
	}
	direction struct {
		at       token
		outbound bool
	}
	ifindexNode struct {
		at     token
		number uint32
	}
	// tag is "vlan", "mpls" or "pppoes".
	tag struct {
		at       token
		numbered bool
		number   uint32
	}
	relation struct {
		op          string
		left, right arith
	}
)

// network is an address and what counts of it; of IPv4 only the first word.
type network struct{ addr, mask [4]uint32 }

type portRange struct{ low, high uint16 }

func (r portRange) single() bool { return r.low == r.high }

// join makes a junction. Neighbours in an "or" that compare the same with different values
// become one: its program is shorter, and looks at the source first, then at the
// destination, as what libpcap's optimiser makes of it.
func join(or bool, left, right node) node {
	if or {
		if j, ok := left.(*junction); ok && j.or {
			j.right = join(true, j.right, right)
			return j
		}
		if absorb(left, right) {
			return left
		}
	}
	return &junction{or, left, right}
}

func absorb(left, right node) bool {
	switch l := left.(type) {
	case *hostNode:
		if r, ok := right.(*hostNode); ok && l.q == r.q && l.six == r.six && l.q.dir != bothWays && l.nets[0].mask == r.nets[0].mask {
			l.nets = append(l.nets, r.nets...)
			return true
		}
	case *portNode:
		if r, ok := right.(*portNode); ok && l.q == r.q && l.proto == r.proto && l.q.dir != bothWays && l.ranges[0].single() && r.ranges[0].single() {
			l.ranges = append(l.ranges, r.ranges...)
			return true
		}
	}
	return false
}

// arith is an arithmetic expression. Constants are folded when it is made.
type arith interface{ arith() }

type (
	number struct{ value uint32 }
	length struct{}
	// packetLoad is "proto[index:size]".
	packetLoad struct {
		at    token
		proto *protocol
		index arith
		size  uint8
	}
	operation struct {
		at          token
		op          string
		left, right arith
	}
	minus struct{ of arith }
)

func (number) arith()      {}
func (length) arith()      {}
func (*packetLoad) arith() {}
func (*operation) arith()  {}
func (*minus) arith()      {}

// bothWays is the direction of which both ends must be the same.
const bothWays = "src and dst"

// qualifiers are the words before a value; a value without them takes those of the value before.
type qualifiers struct {
	// none is set where nothing can be taken over, as after "tcp".
	none  bool
	proto *protocol // nil: all that make sense
	dir   string    // "src", "dst", bothWays or empty: either
	kind  string    // "host", "net", "port", "portrange", "proto" or empty: host
}
