// Package filter compiles tcpdump's filter expressions, pcap-filter(7), to classic BPF.
// One program serves both a socket of the kernel and packets from a file:
//
//	p, err := filter.Compile("tcp port 443 and not net 10.0.0.0/8", linkType, filter.Options{})
//	if p.Match(frame.Data, frame.WireLen) { … }
//
// and for a live capture, where linkType is that of the socket's data (Ethernet of a
// SOCK_RAW socket, raw IP of a SOCK_DGRAM socket):
//
//	p, err := filter.Compile(expr, linkType, filter.Options{Kernel: true, SnapLen: 256})
//	raw := p.Raw() // for SO_ATTACH_FILTER; field by field the kernel's struct sock_filter
//
// # Meaning
//
// It is libpcap's, which is at times not what one expects:
//
//   - A load beyond the captured bytes, or a division by zero, rejects the packet, also
//     below a "not".
//   - "vlan", "mpls" and "pppoes" move what is written after them into the tag, even
//     behind an "or" and in parentheses: "ip or vlan and ip", never "vlan and ip or ip".
//   - "and" and "or" bind equally and from the left.
//   - "%" and "^" take all that follows as their right side: 2*7%4 is 2*(7%4), and
//     7%4*2 is 7%(4*2).
//   - In "a + tcp[0]" only the left operand asks for its protocol.
//   - Ports of IPv6 are found if no extension header precedes them.
//
// It differs where libpcap's answer depends on the machine it runs on or is a mistake: a
// BSD's loopback header is read in either byte order and with every known number of
// IPv6; 802.2 headers are found in cooked captures of version 2 too; in "a / ip[0]" the
// index 0 is not taken for the divisor; and services and protocols have built-in names.
//
// # VLAN tags in the kernel
//
// The kernel takes the outermost tag out of the frame before a filter sees it, mostly.
// With Options.Kernel, "vlan" therefore asks the kernel for the tag it took, else the
// frame, and what follows is looked for four bytes later only where the tag is still in
// the frame. A program that was made so needs the kernel's answers: Match of it is
// meaningless. For the same reason len, less and greater don't count a removed tag there.
//
// # Refused
//
// What is not supported is refused with an *Error that has its position: names of hosts
// and networks (nothing is looked up), gateway, protochain, geneve, llc, byte, "ip
// broadcast" (the network's mask is not known), and all that is about 802.11, ATM, SS7,
// PF, IS-IS and DECnet addresses. So is what can match no packet.
package filter

import "golang.org/x/net/bpf"

const (
	// maxExpression bounds an expression, in bytes.
	maxExpression = 64 << 10
	// maxInstructions is the kernel's bound of a program (BPF_MAXINSNS).
	maxInstructions = 4096
	// wholePacket is the snap length that cuts nothing, as tcpdump has it.
	wholePacket = 262144
)

// Options say what a program is for. The zero value is for whole packets from a file.
type Options struct {
	// SnapLen is how many bytes of a matching packet the kernel keeps; 0: all.
	SnapLen uint32
	// Kernel compiles for a packet socket: the direction of a packet, its interface and
	// its VLAN tag are asked of the kernel.
	Kernel bool
}

// Program is a compiled expression. It is immutable.
type Program struct {
	raw  []bpf.RawInstruction
	code []step
}

// Compile makes a program for frames of a link type, a LINKTYPE_ number. An empty
// expression matches everything. Every error is an *Error.
func Compile(expr string, linkType uint16, o Options) (*Program, error) {
	if o.SnapLen == 0 {
		o.SnapLen = wholePacket
	}
	tree, err := parse(expr)
	if err != nil {
		return nil, err
	}
	raw, fault := generate(tree, linkType, o)
	if fault != nil {
		return nil, fault.within(expr)
	}
	return &Program{raw: raw, code: decode(raw)}, nil
}

// Check reports what is wrong with an expression whatever the packets are like: its
// words and their order. Compile finds the rest, for which the link type must be known.
func Check(expr string) error {
	_, err := parse(expr)
	return err
}

// Raw is the program for the kernel, 1 to 4096 instructions.
func (p *Program) Raw() []bpf.RawInstruction {
	return append([]bpf.RawInstruction(nil), p.raw...)
}
