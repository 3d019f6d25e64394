package packet

// IPv6 extension headers (IANA ipv6-parameters), without ESP, behind which nothing
// can be read, and the experimental 253 and 254, which promise no format.
const (
	protoHopByHop    = 0
	protoRouting     = 43
	protoFragment    = 44
	protoAH          = 51
	protoNoNext      = 59
	protoDestination = 60
	protoMobility    = 135
	protoHIP         = 139
	protoShim6       = 140

	// maxExtensions bounds the chain; RFC 8200 §4.1 knows of seven at most.
	maxExtensions  = 16
	extensionUnit  = 8
	fragmentHeader = 8

	optionPad1  = 0
	optionJumbo = 0xc2
)

func isExtension(protocol uint8) bool {
	switch protocol {
	case protoHopByHop, protoRouting, protoFragment, protoAH, protoDestination,
		protoMobility, protoHIP, protoShim6:
		return true
	default:
		return false
	}
}

// skipExtensions walks the chain after the fixed header, up to the transport or a
// later fragment's data. It sets Protocol and the fragment's place and returns the
// length of all headers so far. total is the whole packet's length.
func skipExtensions(data []byte, total uint32, h *Headers) (uint32, Fault) {
	if uint32(len(data)) > total {
		data = data[:total]
	}
	offset := ipv6Header
	for range maxExtensions {
		if !isExtension(h.Protocol) {
			return uint32(offset), FaultNone
		}
		if len(data)-offset < extensionUnit {
			return 0, FaultTruncatedExtension
		}
		ext := data[offset:]
		length := extensionUnit + int(ext[1])*8
		switch h.Protocol {
		case protoFragment:
			length = fragmentHeader
			readFragment(ext, h)
		case protoAH: // RFC 4302 §2.2: in 4-byte units, minus 2
			length = 8 + int(ext[1])*4
		}
		if length > len(ext) {
			return 0, FaultTruncatedExtension
		}
		h.Protocol = ext[0]
		offset += length
		if h.Fragment == FragmentLater {
			return uint32(offset), FaultNone
		}
	}
	return 0, FaultTooManyExtensions
}

// readFragment reads a fragment header (RFC 8200 §4.5). One that says offset 0 and
// nothing more is an atomic fragment, which is a whole packet (RFC 6946).
func readFragment(ext []byte, h *Headers) {
	place := be16(ext[2:])
	switch {
	case place>>3 != 0:
		h.Fragment = FragmentLater
	case place&1 != 0:
		h.Fragment = FragmentFirst
	default:
		return
	}
	h.FragmentID = be32(ext[4:])
}

// jumboLength is the packet's length where the header says payload 0: the jumbo
// option's (RFC 2675), else, as with segmentation offload, that of the frame.
func jumboLength(data []byte, space uint32, next uint8) (uint32, Fault) {
	if next != protoHopByHop {
		return max(space, ipv6Header), FaultNone
	}
	if len(data) < ipv6Header+extensionUnit {
		return 0, FaultTruncatedExtension
	}
	ext := data[ipv6Header:]
	options := ext[2:min(len(ext), extensionUnit+int(ext[1])*8)]
	for len(options) >= 2 {
		if options[0] == optionPad1 {
			options = options[1:]
			continue
		}
		size := 2 + int(options[1])
		if options[0] == optionJumbo {
			return readJumbo(options)
		}
		if size > len(options) {
			break
		}
		options = options[size:]
	}
	return max(space, ipv6Header), FaultNone
}

func readJumbo(option []byte) (uint32, Fault) {
	if len(option) < 6 {
		return 0, FaultTruncatedExtension
	}
	length := be32(option[2:])
	if option[1] != 4 || length <= 0xffff || length > 1<<32-1-ipv6Header {
		return 0, FaultBadIPLength
	}
	return ipv6Header + length, FaultNone
}
