package filter

// precedence of the operators of arithmetic; a higher one binds tighter.
var precedence = map[string]int{
	"|": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 6, "^": 6,
}

// greedy operators are those to which libpcap's grammar gives no precedence: they bind
// tightest to their left, and to their right take all that follows.
func greedy(op string) bool { return op == "%" || op == "^" }

// arithmetic reads an arithmetic expression whose operators have at least a precedence.
func (p *parser) arithmetic(least int) arith {
	p.enter()
	defer p.leave()
	return p.operations(p.operand(), least)
}

// operations reads the operators after a left operand.
func (p *parser) operations(left arith, least int) arith {
	for {
		op := p.peek()
		binds, ok := precedence[op.word]
		if op.kind != tokSymbol || !ok || binds < least {
			return left
		}
		p.next()
		if greedy(op.word) {
			binds = -1
		}
		at := p.peek()
		left = p.operation(op, left, p.arithmetic(binds+1), at)
	}
}

// operation folds constants. at is where the right operand begins.
func (p *parser) operation(op token, left, right arith, at token) arith {
	l, leftConstant := left.(number)
	r, rightConstant := right.(number)
	if rightConstant {
		switch {
		case (op.word == "/" || op.word == "%") && r.value == 0:
			p.fail(at, "division by zero", "divide by something else")
			return r
		case (op.word == "<<" || op.word == ">>") && r.value > 31:
			p.fail(at, "shift by more than 31 bits", "shift by 0 to 31 bits")
			return r
		}
	}
	if leftConstant && rightConstant {
		return number{calculate(op.word, l.value, r.value)}
	}
	return &operation{op, op.word, left, right}
}

// calculate is arithmetic modulo 2³².
func calculate(op string, a, b uint32) uint32 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "%":
		return a % b
	case "&":
		return a & b
	case "|":
		return a | b
	case "^":
		return a ^ b
	case "<<":
		return a << b
	default:
		return a >> b
	}
}

func (p *parser) operand() arith {
	t := p.next()
	switch {
	case t.kind == tokNumber:
		return number{t.number}
	case t.is("len"):
		return length{}
	case t.is("-"):
		of := p.arithmetic(6)
		if n, ok := of.(number); ok {
			return number{-n.value}
		}
		return &minus{of}
	case t.is("("):
		a := p.arithmetic(0)
		p.expect(")")
		return a
	case t.kind == tokWord && protocols[t.word] != nil:
		return p.load(t)
	}
	if reason, ok := unsupported[t.word]; ok && t.kind == tokWord {
		p.fail(t, reason, "use headers of the link layer, IP or above")
	}
	p.fail(t, "unexpected here", "write a number, len, or a part of a header like tcp[13] or ip[2:2]")
	return number{}
}

// load reads "[index:size]" after a protocol.
func (p *parser) load(t token) arith {
	a := &packetLoad{at: t, proto: protocols[t.word], size: 1}
	p.expect("[")
	a.index = p.arithmetic(0)
	if p.accept(":") {
		size := p.next()
		switch {
		case size.kind == tokNumber && (size.number == 1 || size.number == 2 || size.number == 4):
			a.size = uint8(size.number)
		default:
			p.fail(size, "size of a load", "write 1, 2 or 4")
		}
	}
	p.expect("]")
	if !a.proto.loads {
		p.fail(t, "header that cannot be read with [ ]", "use ether, ip, ip6, arp, tcp, udp, sctp, icmp, icmp6, igmp, pim or vrrp")
	}
	return a
}
