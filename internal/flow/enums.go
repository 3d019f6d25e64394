package flow

// EndReason says why a biflow ended: flowEndReason, IE 136 (RFC 5102 section 5.11.3).
type EndReason uint8

// The end reasons of IE 136.
const (
	EndNone            EndReason = 0 // it lives
	EndIdleTimeout     EndReason = 1
	EndActiveTimeout   EndReason = 2
	EndOfFlow          EndReason = 3 // FIN or RST seen
	EndForced          EndReason = 4 // the monitor was stopped, or the file ended
	EndLackOfResources EndReason = 5 // the flow table was full
)

var endReasonNames = [...]string{"", "idle_timeout", "active_timeout", "end_of_flow", "forced_end", "lack_of_resources"}

// String is the reason's name in the API; empty while the biflow lives.
func (r EndReason) String() string { return name(endReasonNames[:], int(r)) }

// State is what is known of a biflow's conversation.
type State uint8

// The states of a session. The first two are for protocols without a handshake.
const (
	StateUnreplied   State = iota // packets one way only
	StateActive                   // packets both ways
	StateSynSent                  // TCP: SYN seen
	StateSynReceived              // TCP: SYN and SYN-ACK seen
	StateEstablished              // TCP: handshake complete
	StateMidstream                // TCP: seen without its handshake
	StateClosing                  // TCP: FIN from one side
	StateClosed                   // TCP: FIN from both sides
	StateReset                    // TCP: RST seen
	stateCount
)

var stateNames = [stateCount]string{
	"unreplied", "active", "syn_sent", "syn_received", "established", "midstream", "closing", "closed", "reset",
}

// String is the state's name in the API and the database.
func (s State) String() string { return name(stateNames[:], int(s)) }

// ParseState is the inverse of State.String.
func ParseState(text string) (State, bool) {
	for i, n := range stateNames {
		if n == text {
			return State(i), true
		}
	}
	return 0, false
}

// StateNames lists all states in their order.
func StateNames() []string { return append([]string(nil), stateNames[:]...) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown"
}

// TCP flags (RFC 9293 section 3.1), as in the header's thirteenth and fourteenth byte.
const (
	TCPFin uint8 = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
	TCPEce
	TCPCwr
)

// AppendTCPFlags appends the letters of the flags that are set, in the order of their
// bits: FSRPAUEC.
func AppendTCPFlags(b []byte, flags uint8) []byte {
	for i := range 8 {
		if flags&(1<<i) != 0 {
			b = append(b, "FSRPAUEC"[i])
		}
	}
	return b
}

// TCPFlagLetters is AppendTCPFlags as text.
func TCPFlagLetters(flags uint8) string { return string(AppendTCPFlags(nil, flags)) }
