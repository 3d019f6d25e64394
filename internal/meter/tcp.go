package meter

import (
	"netflow-monitor/internal/flow"
	"netflow-monitor/internal/packet"
)

const (
	handshakeFlags = flow.TCPSyn | flow.TCPAck
	eventFlags     = flow.TCPSyn | flow.TCPFin | flow.TCPRst
)

// firstTCPState is the state after a connection's first packet.
func firstTCPState(flags uint8) flow.State {
	switch {
	case flags&flow.TCPRst != 0:
		return flow.StateReset
	case flags&handshakeFlags == flow.TCPSyn:
		return flow.StateSynSent
	case flags&handshakeFlags == handshakeFlags:
		return flow.StateSynReceived
	case flags&flow.TCPFin != 0:
		return flow.StateClosing
	}
	return flow.StateMidstream
}

// nextTCPState follows RFC 9293 section 3.3.2 as far as an observer can. flags are
// the packet's; seen is the union of what each direction sent, this packet included.
func nextTCPState(state flow.State, flags uint8, direction uint, payload bool, seen [2]uint8) flow.State {
	switch {
	case state == flow.StateReset || state == flow.StateClosed:
		return state
	case flags&flow.TCPRst != 0:
		return flow.StateReset
	case flags&flow.TCPFin != 0:
		if seen[0]&seen[1]&flow.TCPFin != 0 {
			return flow.StateClosed
		}
		return flow.StateClosing
	case flags&handshakeFlags == handshakeFlags:
		if state == flow.StateSynSent {
			return flow.StateSynReceived
		}
	case flags&flow.TCPSyn != 0: // a repeated SYN changes nothing
	case state == flow.StateSynReceived && (direction == 0 || payload),
		state == flow.StateSynSent && flags&flow.TCPAck != 0 && (direction == 0 || payload):
		// The other half of the handshake was not captured, but an end that sends
		// on has seen it.
		return flow.StateEstablished
	}
	return state
}

// reopens reports whether the packet is a SYN of a new connection between the ports
// of one that is closing or closed: not a repetition of the SYN that opened it.
func (m *Meter) reopens(i uint32, e *hot, h *packet.Headers) bool {
	if m.idle[classClosing] == never || h.TCPFlags&handshakeFlags != flow.TCPSyn {
		return false
	}
	over := e.state == flow.StateClosing || e.state == flow.StateClosed || e.state == flow.StateReset
	return over && h.TCPSeq != m.table.cold(i).isn
}
