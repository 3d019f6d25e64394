package packet

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"netflow-monitor/internal/capture"
	"netflow-monitor/internal/flow"
)

// view is what both decoders say of one packet.
type view struct {
	Src, Dst         netip.Addr
	Protocol         uint8
	IPLen            uint32
	Fragment         Fragment
	SrcPort, DstPort uint16
	TCP              tcpView
	ICMPType         uint8
	ICMPCode         uint8
}

type tcpView struct {
	Seq, Ack  uint32
	Flags     uint8
	Window    uint16
	HeaderLen uint8
	MSS       uint16
}

// gopacket is another decoder, written by others: where both read a frame to its
// transport, they must read the same.
func TestAgainstGopacket(t *testing.T) {
	dir := needCorpora(t)
	var compared, tunnelled int
	for _, decapsulate := range []flow.TunnelSet{0, flow.AllTunnels} {
		decoder := Decoder{Decapsulate: decapsulate}
		var h Headers
		n := 0
		eachFrame(t, dir, func(name string, f *capture.Frame) {
			n++
			theirs, depth, ok := gopacketView(f, decapsulate != 0)
			if !ok || decoder.Decode(f.LinkType, f.Data, f.WireLen, &h) != FaultNone || h.Cut || int(h.TunnelDepth) != depth {
				return
			}
			compared++
			tunnelled += min(depth, 1)
			if diff := cmp.Diff(theirs, ourView(&h), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("%s, frame %d of all: gopacket (-), ours (+):\n%s", name, n, diff)
			}
		})
	}
	t.Logf("%d packets compared, %d of them in tunnels", compared, tunnelled)
	if compared < 50_000 || tunnelled < 200 {
		t.Errorf("only %d packets, %d in tunnels, were compared", compared, tunnelled)
	}
}

func ourView(h *Headers) view {
	v := view{
		Src: netip.AddrFrom16(h.Src).Unmap(), Dst: netip.AddrFrom16(h.Dst).Unmap(), Protocol: h.Protocol,
		IPLen: h.IPLen, Fragment: h.Fragment, SrcPort: h.SrcPort, DstPort: h.DstPort,
		ICMPType: h.ICMPType, ICMPCode: h.ICMPCode,
	}
	if h.Protocol == flow.ProtoTCP && h.Fragment == FragmentNone {
		v.TCP = tcpView{h.TCPSeq, h.TCPAck, h.TCPFlags, h.TCPWindow, h.TCPHeaderLen, h.TCPMSS}
	}
	return v
}

// gopacketView is the outermost packet, or the innermost one if inner is set, and in
// how many others it is. It is not ok where gopacket did not read it to its end.
func gopacketView(f *capture.Frame, inner bool) (v view, depth int, ok bool) {
	p := gopacket.NewPacket(f.Data, layers.LinkType(f.LinkType), gopacket.DecodeOptions{NoCopy: true, Lazy: false})
	found := p.Layers()
	first := -1
	for i, l := range found {
		if t := l.LayerType(); t == layers.LayerTypeIPv4 || t == layers.LayerTypeIPv6 {
			if first >= 0 {
				depth++
			}
			if first < 0 || inner {
				first = i
			}
		}
	}
	if first < 0 || p.Metadata().Truncated {
		return v, 0, false
	}
	if !inner {
		depth = 0
	}
	v, ok = networkView(found[first])
	for _, l := range found[first+1:] {
		if done, fine := v.add(l); done {
			return v, depth, ok && fine
		}
	}
	// An unfragmented packet must have shown its transport header.
	return v, depth, ok && v.Fragment != FragmentNone
}

func networkView(l gopacket.Layer) (v view, ok bool) {
	switch ip := l.(type) {
	case *layers.IPv4:
		src, _ := netip.AddrFromSlice(ip.SrcIP)
		dst, _ := netip.AddrFromSlice(ip.DstIP)
		v = view{Src: src, Dst: dst, Protocol: uint8(ip.Protocol), IPLen: uint32(ip.Length)}
		switch {
		case ip.FragOffset != 0:
			v.Fragment = FragmentLater
		case ip.Flags&layers.IPv4MoreFragments != 0:
			v.Fragment = FragmentFirst
		}
		return v, ip.Length != 0 && ip.Length != 0xffff // 0 is segmentation offload, of which gopacket makes this
	case *layers.IPv6:
		src, _ := netip.AddrFromSlice(ip.SrcIP)
		dst, _ := netip.AddrFromSlice(ip.DstIP)
		return view{
			Src: src.Unmap(), Dst: dst.Unmap(), Protocol: uint8(ip.NextHeader), IPLen: 40 + uint32(ip.Length),
		}, ip.Length != 0
	}
	return v, false
}

// add takes the next layer into account. It reports whether it was the transport, and
// whether that was read.
func (v *view) add(l gopacket.Layer) (done, fine bool) {
	switch t := l.(type) {
	case *layers.TCP:
		v.SrcPort, v.DstPort = uint16(t.SrcPort), uint16(t.DstPort)
		v.TCP = tcpView{Seq: t.Seq, Ack: t.Ack, Flags: t.Contents[13], Window: t.Window, HeaderLen: t.DataOffset * 4}
		for _, o := range t.Options {
			if o.OptionType == layers.TCPOptionKindMSS && len(o.OptionData) == 2 && t.SYN {
				v.TCP.MSS = uint16(o.OptionData[0])<<8 | uint16(o.OptionData[1])
			}
		}
	case *layers.UDP:
		v.SrcPort, v.DstPort = uint16(t.SrcPort), uint16(t.DstPort)
	case *layers.SCTP:
		v.SrcPort, v.DstPort = uint16(t.SrcPort), uint16(t.DstPort)
	case *layers.ICMPv4:
		v.ICMPType, v.ICMPCode = t.TypeCode.Type(), t.TypeCode.Code()
	case *layers.ICMPv6:
		v.ICMPType, v.ICMPCode = t.TypeCode.Type(), t.TypeCode.Code()
	case *layers.IPSecAH: // whose next header gopacket leaves out
		return true, false
	case *layers.IPv6HopByHop:
		v.Protocol = uint8(t.NextHeader)
		return false, true
	case *layers.IPv6Routing:
		v.Protocol = uint8(t.NextHeader)
		return false, true
	case *layers.IPv6Destination:
		v.Protocol = uint8(t.NextHeader)
		return false, true
	case *layers.IPv6Fragment:
		v.Protocol = uint8(t.NextHeader)
		switch {
		case t.FragmentOffset != 0:
			v.Fragment = FragmentLater
		case t.MoreFragments:
			v.Fragment = FragmentFirst
		}
		return v.Fragment == FragmentLater, true
	case *gopacket.DecodeFailure:
		return true, false
	case *gopacket.Fragment:
		return true, v.Fragment == FragmentLater
	default:
		return true, true
	}
	return true, true
}
