package offline

import "netflow-monitor/internal/flow"

// zeekState is what Zeek calls a session in our state: its conn_state.
func zeekState(r *flow.Record) string {
	switch r.Key.Protocol {
	case flow.ProtoTCP:
		return zeekTCPState(r)
	case flow.ProtoUDP:
		switch {
		case r.Sent.Packets > 0 && r.Received.Packets > 0:
			return "SF"
		case r.Sent.Packets > 0:
			return "S0"
		}
		return "SHR"
	}
	return "OTH"
}

func zeekTCPState(r *flow.Record) string {
	sent, received := r.TCPFlagsSent, r.TCPFlagsReceived
	syn, synAck := sent&flow.TCPSyn != 0, received&flow.TCPSyn != 0
	switch {
	case sent&received&flow.TCPFin != 0:
		return "SF"
	case synAck && r.Sent.Packets > 0:
		return zeekEstablished(sent, received)
	case syn && received&flow.TCPRst != 0:
		return "REJ"
	case syn && sent&flow.TCPRst != 0:
		return "RSTOS0"
	case syn && sent&flow.TCPFin != 0:
		return "SH"
	case syn:
		return "S0"
	case synAck && received&flow.TCPRst != 0:
		return "RSTRH"
	case synAck && received&flow.TCPFin != 0:
		return "SHR"
	}
	return "OTH"
}

func zeekEstablished(sent, received uint8) string {
	switch {
	case sent&flow.TCPRst != 0:
		return "RSTO"
	case received&flow.TCPRst != 0:
		return "RSTR"
	case sent&flow.TCPFin != 0:
		return "S2"
	case received&flow.TCPFin != 0:
		return "S3"
	}
	return "S1"
}
