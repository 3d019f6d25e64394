package packet

// Fault says why a frame has no headers that a flow could be made of.
type Fault uint8

// The faults, in the order of the layers that find them.
const (
	FaultNone               Fault = iota // the frame was decoded
	FaultUnsupportedLink                 // a link type that Decode does not know
	FaultTruncatedLink                   // ends within the link header, its tags or labels
	FaultTooManyTags                     // more tags or labels before the packet than a real network has
	FaultNotIP                           // a sound frame of another protocol: ARP, LLDP, …
	FaultEncrypted                       // a frame whose payload the link layer encrypted: protected 802.11, MACsec
	FaultTruncatedIP                     // ends within the IPv4 or IPv6 header
	FaultBadIPVersion                    // the version differs from what the link header announced
	FaultBadIPHeaderLength               // an IPv4 header length below 20 bytes
	FaultBadIPLength                     // a total length smaller than the headers, or a false jumbo length
	FaultTruncatedExtension              // ends within an IPv6 extension header
	FaultTooManyExtensions               // more IPv6 extension headers than any sender has reason for
	FaultTruncatedTransport              // an unfragmented packet too short for its transport header
	FaultBadTransportLength              // a transport length that contradicts the IP length

	// FaultCount is the number of faults, FaultNone included.
	FaultCount
)

var faultNames = [FaultCount]string{
	FaultNone:               "none",
	FaultUnsupportedLink:    "unsupported_link",
	FaultTruncatedLink:      "truncated_link",
	FaultTooManyTags:        "too_many_tags",
	FaultNotIP:              "not_ip",
	FaultEncrypted:          "encrypted",
	FaultTruncatedIP:        "truncated_ip",
	FaultBadIPVersion:       "bad_ip_version",
	FaultBadIPHeaderLength:  "bad_ip_header_length",
	FaultBadIPLength:        "bad_ip_length",
	FaultTruncatedExtension: "truncated_extension",
	FaultTooManyExtensions:  "too_many_extensions",
	FaultTruncatedTransport: "truncated_transport",
	FaultBadTransportLength: "bad_transport_length",
}

// String is the fault's name as it stands in JSON and metrics.
func (f Fault) String() string {
	if f < FaultCount {
		return faultNames[f]
	}
	return "unknown"
}
