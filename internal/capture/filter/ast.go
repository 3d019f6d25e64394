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

	hostNode struct {
		at         token
		q          qualifiers
		addr, mask [4]uint32 // IPv4: the first word only
		six        bool
	}
	macNode struct {
		at  token
		q   qualifiers
		mac [6]byte
	}
	portNode struct {
		at        token
		q         qualifiers
		low, high uint16
		proto     *protocol // nil: all that have ports
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

// qualifiers are the words before a value; a value without them takes those of the value before.
type qualifiers struct {
	// none is set where nothing can be taken over, as after "tcp".
	none  bool
	proto *protocol // nil: all that make sense
	dir   string    // "src", "dst", "src and dst" or empty: either
	kind  string    // "host", "net", "port", "portrange", "proto" or empty: host
}
