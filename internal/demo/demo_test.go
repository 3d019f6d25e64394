package demo_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"netflow-monitor/internal/demo"
)

// seen is one packet of the play, as far as the tests look at it.
type seen struct {
	at           int64
	length       int
	frame        []byte
	vlan         bool
	ether        uint16
	proto        byte
	from, to     netip.Addr
	sport, dport uint16
	flags        byte
	payload      []byte
}

func playOf(t *testing.T, duration time.Duration, seed uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := demo.Write(&out, demo.Config{Start: start, Duration: duration, Seed: seed}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parse(t *testing.T, stream []byte) []seen {
	t.Helper()
	le := binary.LittleEndian
	if len(stream) < 24 || le.Uint32(stream) != 0xa1b23c4d || le.Uint32(stream[20:]) != 1 {
		t.Fatal("no pcap header for Ethernet with nanoseconds")
	}
	var packets []seen
	for rest := stream[24:]; len(rest) > 0; {
		if len(rest) < 16 {
			t.Fatalf("%d bytes after the last packet", len(rest))
		}
		kept := int(le.Uint32(rest[8:]))
		s := seen{at: int64(le.Uint32(rest))*1e9 + int64(le.Uint32(rest[4:])), length: int(le.Uint32(rest[12:]))}
		if kept > len(rest)-16 || kept > s.length {
			t.Fatalf("packet of %d bytes, %d kept, %d left", s.length, kept, len(rest)-16)
		}
		s.frame = rest[16 : 16+kept]
		s.dissect(t)
		packets = append(packets, s)
		rest = rest[16+kept:]
	}
	return packets
}

func (s *seen) dissect(t *testing.T) {
	t.Helper()
	be := binary.BigEndian
	rest := s.frame[12:]
	if be.Uint16(rest) == 0x8100 {
		s.vlan = true
		rest = rest[4:]
	}
	s.ether, rest = be.Uint16(rest), rest[2:]
	var size, head int
	switch s.ether {
	case 0x0800:
		s.proto, size, head = rest[9], int(be.Uint16(rest[2:])), 20
		s.from, s.to = netip.AddrFrom4([4]byte(rest[12:16])), netip.AddrFrom4([4]byte(rest[16:20]))
		if fold(rest[:20], 0) != 0xffff {
			t.Fatalf("IPv4 checksum of % x", rest[:20])
		}
	case 0x86dd:
		s.proto, size, head = rest[6], int(be.Uint16(rest[4:]))+40, 40
		s.from, s.to = netip.AddrFrom16([16]byte(rest[8:24])), netip.AddrFrom16([16]byte(rest[24:40]))
	default:
		return
	}
	if want := max(60, len(s.frame)-len(rest)+size); s.length != want {
		t.Fatalf("%d bytes on the wire, its headers say %d", s.length, want)
	}
	rest = rest[head:min(len(rest), size)]
	if len(rest) == size-head {
		s.check(t, rest)
	}
	switch s.proto {
	case 6:
		s.flags, s.payload = rest[13], rest[rest[12]>>4*4:]
		s.sport, s.dport = be.Uint16(rest), be.Uint16(rest[2:])
	case 17:
		s.payload = rest[8:]
		s.sport, s.dport = be.Uint16(rest), be.Uint16(rest[2:])
	}
}

// check verifies the checksum of a segment that was kept whole.
func (s *seen) check(t *testing.T, segment []byte) {
	t.Helper()
	var pseudo uint32
	switch s.proto {
	case 1, 2:
	case 6, 17, 58:
		both := append(s.from.AsSlice(), s.to.AsSlice()...)
		pseudo = uint32(fold(both, uint32(len(segment))+uint32(s.proto)))
	default:
		return
	}
	if fold(segment, pseudo) != 0xffff {
		t.Fatalf("checksum of protocol %d from %v to %v", s.proto, s.from, s.to)
	}
}

func fold(data []byte, total uint32) uint16 {
	for i, b := range data {
		total += uint32(b) << (8 * (1 - i%2))
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

func TestOrderedAndWithinLimits(t *testing.T) {
	packets := parse(t, playOf(t, time.Minute, 1))
	perSecond := map[int64]int{}
	bits := map[int64]int{}
	for i, p := range packets {
		if i > 0 && p.at < packets[i-1].at {
			t.Fatalf("packet %d is %d ns before the one before it", i, packets[i-1].at-p.at)
		}
		if p.length > 1518 || len(p.frame) > 600 {
			t.Fatalf("packet %d has %d bytes, %d kept", i, p.length, len(p.frame))
		}
		second := (p.at - packets[0].at) / 1e9
		perSecond[second]++
		bits[second/20] += p.length * 8
	}
	for second, n := range perSecond {
		if n > 3000 {
			t.Errorf("%d packets in second %d", n, second)
		}
	}
	for third := range int64(3) {
		if rate := float64(bits[third]) / 20; rate < 2e6 || rate > 20e6 {
			t.Errorf("%.1f Mbit/s in part %d of the first minute", rate/1e6, third)
		}
	}
	if packets[0].at != time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano() {
		t.Errorf("it begins at %d", packets[0].at)
	}
}

func TestFirstMinuteShowsEverything(t *testing.T) {
	tls := []byte{22, 3, 1}
	kinds := map[string]func(seen) bool{
		"https":             func(p seen) bool { return p.dport == 443 && bytes.HasPrefix(p.payload, tls) },
		"quic":              func(p seen) bool { return p.proto == 17 && p.dport == 443 },
		"dns query":         func(p seen) bool { return p.proto == 17 && p.dport == 53 },
		"dns answer":        func(p seen) bool { return p.proto == 17 && p.sport == 53 && p.payload[7] == 1 },
		"name not found":    func(p seen) bool { return p.proto == 17 && p.sport == 53 && p.payload[3]&15 == 3 },
		"ntp":               func(p seen) bool { return p.dport == 123 && len(p.payload) == 48 },
		"ssh":               func(p seen) bool { return p.dport == 22 && bytes.HasPrefix(p.payload, []byte("SSH-2.0")) },
		"imap":              func(p seen) bool { return p.dport == 993 },
		"http":              func(p seen) bool { return p.dport == 80 && bytes.HasPrefix(p.payload, []byte("GET ")) },
		"file sharing":      func(p seen) bool { return p.dport == 445 },
		"ping":              func(p seen) bool { return p.proto == 1 || p.proto == 58 },
		"scan":              func(p seen) bool { return p.flags == 0x14 && p.from.String() == "192.168.10.20" },
		"connection opened": func(p seen) bool { return p.flags == 0x12 },
		"connection closed": func(p seen) bool { return p.flags&1 != 0 },
		"mdns":              func(p seen) bool { return p.to.String() == "224.0.0.251" },
		"mdns over ipv6":    func(p seen) bool { return p.to.String() == "ff02::fb" },
		"ssdp":              func(p seen) bool { return p.dport == 1900 },
		"broadcast":         func(p seen) bool { return p.to.String() == "255.255.255.255" },
		"ipv6 abroad":       func(p seen) bool { return p.to.Is6() && p.to.IsGlobalUnicast() && !p.to.IsPrivate() },
		"vlan":              func(p seen) bool { return p.vlan },
		"esp":               func(p seen) bool { return p.proto == 50 },
		"igmp":              func(p seen) bool { return p.proto == 2 },
		"arp":               func(p seen) bool { return p.ether == 0x0806 },
		"from outside":      func(p seen) bool { return p.flags == 2 && !p.from.IsPrivate() && p.to.IsPrivate() },
	}
	shown := map[string]bool{}
	for _, p := range parse(t, playOf(t, time.Minute, 1)) {
		for kind, is := range kinds {
			if !shown[kind] {
				shown[kind] = is(p)
			}
		}
	}
	for kind := range kinds {
		if !shown[kind] {
			t.Errorf("no %s", kind)
		}
	}
}

func TestEveryConversationIsConsistent(t *testing.T) {
	next := map[string]uint32{}
	for _, p := range parse(t, playOf(t, 30*time.Second, 2)) {
		if p.proto != 6 || p.flags&4 != 0 {
			continue
		}
		head := p.frame[14:]
		if p.vlan {
			head = head[4:]
		}
		size, skip := int(binary.BigEndian.Uint16(head[2:])), 20
		if p.from.Is6() {
			size, skip = int(binary.BigEndian.Uint16(head[4:]))+40, 40
		}
		segment := head[skip:]
		seq := binary.BigEndian.Uint32(segment[4:])
		length := uint32(size - skip - int(segment[12]>>4*4))
		side := netip.AddrPortFrom(p.from, p.sport).String() + netip.AddrPortFrom(p.to, p.dport).String()
		if want, known := next[side]; known && p.flags&2 == 0 && seq != want {
			t.Fatalf("%s jumps from %d to %d", side, want, seq)
		}
		if p.flags&3 != 0 {
			length++
		}
		next[side] = seq + length
	}
	if len(next) < 100 {
		t.Errorf("only %d sides of conversations", len(next))
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	first := playOf(t, 20*time.Second, 7)
	if !bytes.Equal(first, playOf(t, 20*time.Second, 7)) {
		t.Error("the same seed gives other bytes")
	}
	if bytes.Equal(first, playOf(t, 20*time.Second, 8)) {
		t.Error("another seed gives the same bytes")
	}
}

// closing takes so many bytes and then fails, like a pipe whose reader left.
type closing struct{ left int }

var errClosed = errors.New("closed")

func (c *closing) Write(data []byte) (int, error) {
	if c.left -= len(data); c.left < 0 {
		return 0, errClosed
	}
	return len(data), nil
}

func TestEndsWhenItsReaderLeaves(t *testing.T) {
	err := demo.Write(&closing{left: 10_000_000}, demo.Config{Start: time.Unix(1_700_000_000, 0), Seed: 1})
	if !errors.Is(err, errClosed) {
		t.Errorf("error %v", err)
	}
}

func TestRefusedConfig(t *testing.T) {
	for name, config := range map[string]demo.Config{
		"negative duration": {Start: time.Unix(0, 0), Duration: -1},
		"before 1970":       {Start: time.Unix(-1, 0)},
		"after 2106":        {Start: time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if err := demo.Write(&closing{}, config); err == nil || errors.Is(err, errClosed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := demo.Default().Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		if err := demo.Write(&closing{left: 1 << 40}, demo.Config{Start: time.Unix(0, 0), Duration: 10 * time.Second, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
