package filter

// maxDepth bounds how deep parentheses, brackets and negations may be nested.
const maxDepth = 200

// parser reads an expression from left to right. After its first error, which it keeps,
// it sees only the end.
type parser struct {
	list  []token
	at    int
	depth int
	err   *Error
}

// parse returns nil for an empty expression.
func parse(expr string) (node, error) {
	list, err := tokens(expr)
	if err != nil {
		return nil, err
	}
	p := &parser{list: list}
	if p.peek().kind == tokEnd {
		return nil, nil //nolint:nilnil // no expression is no tree
	}
	n := p.expression(qualifiers{none: true})
	if t := p.peek(); t.kind != tokEnd {
		p.fail(t, "unexpected here", `write "and", "or" or nothing after a complete condition`)
	}
	if p.err != nil {
		return nil, p.err
	}
	return n, nil
}

func (p *parser) fail(t token, reason, remedy string) {
	if p.err == nil {
		p.err = faultAt(t, reason, remedy)
		p.at = len(p.list) - 1
	}
}

func (p *parser) peek() token { return p.list[p.at] }

// next takes a token; it never goes past the end.
func (p *parser) next() token {
	t := p.list[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

func (p *parser) accept(word string) bool {
	if p.peek().is(word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.fail(p.peek(), "unexpected here", "write "+word)
	}
}

// enter counts a level of nesting; leave must be deferred.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek(), "nested too deep", "use fewer parentheses, brackets and negations within one another")
	}
}

func (p *parser) leave() { p.depth-- }

// expression reads conditions joined by "and" and "or". q is what a value in
// parentheses after it takes over.
func (p *parser) expression(q qualifiers) node {
	n, q := p.term(q)
	return p.rest(n, q)
}

// lonely reports an arithmetic expression that is not compared.
func (p *parser) lonely() {
	p.fail(p.peek(), "expected a comparison", "write =, !=, <, <=, > or >= and what to compare with")
}

// rest reads what is joined to a condition. An operand is a bare value or a condition.
func (p *parser) rest(n node, q qualifiers) node {
	for p.peek().is("and") || p.peek().is("or") {
		or := p.next().is("or")
		var right node
		if p.valueAhead() {
			right = p.values(q)
		} else {
			right, q = p.term(q)
		}
		n = join(or, n, right)
	}
	return n
}

// term reads one condition.
func (p *parser) term(q qualifiers) (node, qualifiers) {
	n, a, q := p.first(q)
	if a != nil {
		p.lonely()
	}
	return n, q
}

// first reads a condition or, if nothing compares it, an arithmetic expression: only
// what follows tells the one from the other.
func (p *parser) first(q qualifiers) (node, arith, qualifiers) {
	p.enter()
	defer p.leave()
	var a arith
	switch t := p.peek(); {
	case t.is("not"):
		p.next()
		n, q := p.term(q)
		return &negation{n}, nil, q
	case t.is("("):
		n, inner := p.group(q)
		if inner == nil {
			return n, nil, q
		}
		a = p.operations(inner, 0)
	case t.kind == tokNumber || t.is("-") || t.is("len") || t.kind == tokWord && p.list[p.at+1].is("["):
		a = p.arithmetic(0)
	default:
		n, q := p.primitive()
		return n, nil, q
	}
	op := p.peek()
	if !isRelation(op) {
		return nil, a, q
	}
	p.next()
	return &relation{op.word, a, p.arithmetic(0)}, nil, qualifiers{none: true}
}

// group reads parentheses around a condition or around an arithmetic expression.
func (p *parser) group(q qualifiers) (node, arith) {
	p.next()
	n, a, q := p.first(q)
	if a != nil {
		if !p.peek().is(")") {
			p.lonely()
		}
		p.next()
		return nil, a
	}
	n = p.rest(n, q)
	p.expect(")")
	return n, nil
}

// valueAhead tells a value that takes over qualifiers, as 443 in "port 80 or 443", from
// a condition.
func (p *parser) valueAhead() bool {
	i, opened := p.at, 0
	for p.list[i].is("not") || p.list[i].is("(") {
		if p.list[i].is("(") {
			opened++
		}
		i++
	}
	switch p.list[i].kind {
	case tokName, tokDotted, tokIPv6, tokMAC:
		return true
	case tokNumber:
		for i++; opened > 0 && p.list[i].is(")"); i++ {
			opened--
		}
		_, operator := precedence[p.list[i].word]
		return p.list[i].kind != tokSymbol || !operator && !isRelation(p.list[i])
	default:
		return false
	}
}

// values reads a value, or several in parentheses, that share qualifiers.
func (p *parser) values(q qualifiers) node {
	p.enter()
	defer p.leave()
	switch {
	case p.accept("not"):
		return &negation{p.values(q)}
	case p.accept("("):
		n := p.values(q)
		for p.peek().is("and") || p.peek().is("or") {
			or := p.next().is("or")
			n = join(or, n, p.values(q))
		}
		p.expect(")")
		return n
	default:
		return p.value(q)
	}
}

func isRelation(t token) bool {
	switch t.word {
	case "=", "!=", "<", "<=", ">", ">=":
		return t.kind == tokSymbol
	default:
		return false
	}
}
